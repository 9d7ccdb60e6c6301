import Glibc
import Tensors

/// Times spread so that a loss grows evenly along them: a monotone, piecewise linear curve F̃(t) that is fitted to the loss while a model
/// trains, whose normalised form is the distribution that times are drawn from (Dieleman et al. 2022, arXiv 2211.15089, section 3.3).
///
/// N bins from `least` to 1, with widths softmax(l^t) and heights exp(l^u), each with a small floor. Drawing from it is the weighting of
/// the loss: weights are 1. Sampling takes its steps evenly in F, too.
public struct TimeWarp: TimeDensity, Equatable {
    public static let name = "warp"
    /// Of a bin: its share of the times at the least, and the least that the loss grows over it.
    private static let floor = 1e-4

    /// Where times begin: 0 is data.
    public let least: Double
    /// l^t and l^u, of each bin.
    public let widthLogits, heightLogits: [Double]
    private let widths, heights: [Double]
    /// Ends of the bins, and F̃ there, both from the first bin's beginning on.
    private let times, values: [Double]

    public init(bins: Int = 100, least: Double) {
        let even = [Double](repeating: -log(Double(bins)), count: bins)
        self.init(widthLogits: even, heightLogits: even, least: least)
    }

    public init(widthLogits: [Double], heightLogits: [Double], least: Double) {
        let bins = widthLogits.count
        require(bins > 0 && heightLogits.count == bins && (0..<1).contains(least), "TimeWarp: \(bins) bins from \(least)")
        let shares = Self.softmax(widthLogits)
        let free = (1 - least) * (1 - Double(bins) * Self.floor)
        self.init(
            widthLogits, heightLogits, widths: shares.map { $0 * free + (1 - least) * Self.floor },
            heights: heightLogits.map { exp($0) + Self.floor }, least: least)
    }

    private init(
        _ widthLogits: [Double], _ heightLogits: [Double], widths: [Double], heights: [Double], least: Double
    ) {
        (self.widthLogits, self.heightLogits, self.least) = (widthLogits, heightLogits, least)
        (self.widths, self.heights) = (widths, heights)
        times = widths.reduce(into: [least]) { $0.append($0.last! + $1) }
        values = heights.reduce(into: [0]) { $0.append($0.last! + $1) }
    }

    /// F̃: what the loss is taken to be at a time.
    public func fitted(_ t: Double) -> Double {
        let i = bin(of: t, in: times)
        return values[i] + heights[i] * min(1, max(0, (t - times[i]) / widths[i]))
    }

    /// F: the share of draws below a time, 0 where times begin and 1 at the end.
    public func share(_ t: Double) -> Double { fitted(t) / values.last! }

    public func time(at u: Double) -> (time: Double, weight: Double) {
        let value = min(1, max(0, u)) * values.last!
        let i = bin(of: value, in: values)
        return (min(1, times[i] + widths[i] * (value - values[i]) / heights[i]), 1)
    }

    /// Draws at a time, for each of its units.
    public func density(_ t: Double) -> Double {
        let i = bin(of: t, in: times)
        return heights[i] / widths[i] / values.last!
    }

    /// Steps from noise to data that are even in F; the last ends at the data.
    public func grid(steps: Int) -> TimeGrid {
        TimeGrid(times: (0..<steps).map { time(at: 1 - Double($0) / Double(steps)).time })
    }

    /// Times for sampling that are spread otherwise than in training: with w_t a bin's share of the times and w_u its share of the
    /// draws,
    ///
    ///     w'_u ∝ w_u (w_u / w_t)^(1 / T - 1),    then (1 - μ) w'_u + μ w_t
    ///
    /// which draws by the density to the power of 1 / T, and for the part μ evenly. T = 1 with μ = 0 is the warp itself.
    public func tempered(by temperature: Double, evenly part: Double) -> TimeWarp {
        require(temperature > 0 && (0...1).contains(part), "TimeWarp.tempered: \(temperature), \(part)")
        guard temperature != 1 || part != 0 else { return self }
        func shares(_ values: [Double]) -> [Double] {
            let total = values.reduce(0, +)
            return values.map { $0 / total }
        }
        let (w, u) = (shares(widths), shares(heights))
        let powers = Self.softmax(zip(w, u).map { log($1) + (1 / temperature - 1) * log($1 / $0) })
        // A bin that is never drawn from would have no way back from shares to times.
        let mixed = zip(w, powers).map { max(1e-12, (1 - part) * $1 + part * $0) }
        return TimeWarp(widthLogits, mixed.map { log($0) }, widths: widths, heights: mixed, least: least)
    }

    private func bin(of x: Double, in ends: [Double]) -> Int {
        var (low, high) = (0, widths.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if x < ends[middle + 1] { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private static func softmax(_ logits: [Double]) -> [Double] {
        let most = logits.max()!
        let powers = logits.map { exp($0 - most) }
        let total = powers.reduce(0, +)
        return powers.map { $0 / total }
    }

    /// Mean over draws of (F̃(t) - loss)² / density(t), so that all times count alike, and how it changes with the logits.
    public func fit(_ draws: [(time: Double, loss: Double)]) -> (error: Double, widths: [Double], heights: [Double]) {
        let bins = widths.count
        var byWidth = [Double](repeating: 0, count: bins), byHeight = byWidth
        var error = 0.0
        for (t, loss) in draws {
            let i = bin(of: t, in: times)
            let part = min(1, max(0, (t - times[i]) / widths[i]))
            let miss = values[i] + heights[i] * part - loss
            let weight = 1 / density(t) / Double(draws.count)
            error += weight * miss * miss
            let slope = 2 * weight * miss
            for k in 0..<i {
                byHeight[k] += slope
                byWidth[k] -= slope * heights[i] / widths[i]
            }
            byHeight[i] += slope * part
            byWidth[i] -= slope * heights[i] * part / widths[i]
        }
        let shares = Self.softmax(widthLogits)
        let free = (1 - least) * (1 - Double(bins) * Self.floor)
        let mean = zip(byWidth, shares).reduce(0) { $0 + $1.0 * $1.1 }
        return (
            error, zip(byWidth, shares).map { free * $1 * ($0 - mean) }, zip(byHeight, heightLogits).map { $0 * exp($1) }
        )
    }
}
