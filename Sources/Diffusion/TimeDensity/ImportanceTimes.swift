import Tensors

/// Steps of a chain drawn in proportion to √E[L²] of their recent losses (Nichol & Dhariwal 2021, equation
/// 18).
///
/// A value: the trainer records the losses of a step once, after the update, and saves the table with
/// everything else. Uniform until every step has been seen `window` times; then mixed with `floor` of
/// uniform. Weights are 1 / (T p).
public struct ImportanceTimes: TimeDensity, Equatable {
    public static let name = "importance"
    public let steps, window: Int
    public let floor: Double
    /// Up to `window` losses a step, oldest first, `[T, window]`; saved as is.
    public private(set) var losses: [Float]
    /// How many of them are filled, `[T]`; saved as is.
    public private(set) var counts: [Int32]
    /// Σ of probabilities up to each step.
    private var cumulative: [Double] = []

    public init(steps: Int = 1000, window: Int = 10, floor: Double = 0.001) {
        require(
            steps > 0 && window > 0 && (0...1).contains(floor), "ImportanceTimes: \(steps), \(window), \(floor)")
        self.steps = steps
        self.window = window
        self.floor = floor
        losses = [Float](repeating: 0, count: steps * window)
        counts = [Int32](repeating: 0, count: steps)
        refresh()
    }

    /// Takes back what was saved.
    public mutating func restore(losses: [Float], counts: [Int32]) throws(InputError) {
        guard losses.count == steps * window, counts.count == steps, counts.allSatisfy({ 0...Int32(window) ~= $0 }),
            losses.allSatisfy({ $0.isFinite })
        else {
            throw InputError(
                "saved losses per time do not fit", expected: "\(steps) steps of up to \(window) finite losses",
                found: "\(losses.count) losses and \(counts.count) counts")
        }
        self.losses = losses
        self.counts = counts
        refresh()
    }

    public var isWarm: Bool { counts.allSatisfy { $0 == Int32(window) } }

    /// Chance of each step, first to last.
    public var probabilities: [Double] {
        cumulative.indices.map { cumulative[$0] - ($0 == 0 ? 0 : cumulative[$0 - 1]) }
    }

    /// Adds unweighted losses in the order given; call it with the whole batch, in the batch's order.
    public mutating func record(times: [Float], losses new: [Float]) {
        require(times.count == new.count, "ImportanceTimes: \(times.count) times and \(new.count) losses")
        for (t, loss) in zip(times, new) {
            let row = min(steps, max(1, Int((Double(t) * Double(steps)).rounded()))) - 1
            let start = row * window
            if counts[row] < Int32(window) {
                losses[start + Int(counts[row])] = loss
                counts[row] += 1
            } else {
                for i in start..<start + window - 1 { losses[i] = losses[i + 1] }
                losses[start + window - 1] = loss
            }
        }
        refresh()
    }

    public func time(at u: Double) -> (time: Double, weight: Double) { chainStep(at: u, cumulative) }

    private mutating func refresh() {
        var chances = [Double](repeating: 1, count: steps)
        if isWarm {
            for i in 0..<steps {
                let squares = losses[i * window..<(i + 1) * window].reduce(0.0) { $0 + Double($1) * Double($1) }
                chances[i] = (squares / Double(window)).squareRoot()
            }
        }
        let total = chances.reduce(0, +)
        if !(total > 0 && total.isFinite) { chances = [Double](repeating: 1, count: steps) }
        let scale = (1 - floor) / chances.reduce(0, +)
        var sum = 0.0
        cumulative = chances.map { chance in
            sum += chance * scale + floor / Double(steps)
            return sum
        }
    }
}
