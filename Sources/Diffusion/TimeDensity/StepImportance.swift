import Glibc
import Tensors

/// How large the squared loss of each step of a chain has been of late, and how often training should therefore see it
/// (Gu et al. 2022, arXiv 2111.14822, section 4.1, as released): p ∝ √ of the running average of L².
///
/// Uniform until every step has been seen `visits` times. A module, because the averages are saved with the model; what a step of
/// training saw is recorded once, after the update.
public final class StepImportance: Module {
    public let steps: Int
    private let visits: Float = 10
    private let decay: Float = 0.9
    /// Running average of squared losses and number of visits, `[T]` each.
    let squares: Buffer
    let seen: Buffer

    public init(steps: Int) {
        require(steps > 0, "StepImportance: \(steps) steps")
        self.steps = steps
        squares = Buffer(.zeros([steps]), isForTraining: true)
        seen = Buffer(.zeros([steps]), isForTraining: true)
        super.init()
    }

    /// The density to draw the next step's times from.
    public var density: StepDensity {
        let counts = seen.value.values
        guard counts.allSatisfy({ $0 > visits }) else {
            return StepDensity([Double](repeating: 1, count: steps))
        }
        var chances = squares.value.values.map { sqrt(Double($0) + 1e-10) + 1e-4 }
        // The first step's loss is of another kind, the decoder's: it counts as its neighbour.
        if steps > 1 { chances[0] = chances[1] }
        return StepDensity(chances)
    }

    /// Named sums of a microbatch, for `LossReport.sums`: squared losses and counts for each step.
    public func sums(times: [Float], losses: Tensor) -> [String: Tensor] {
        var (squares, counts) = ([Float](repeating: 0, count: steps), [Float](repeating: 0, count: steps))
        for (t, loss) in zip(times, losses.values) {
            let row = min(steps, max(1, Int((t * Float(steps)).rounded()))) - 1
            squares[row] += loss * loss
            counts[row] += 1
        }
        return ["step_squares": Tensor(squares, [steps]), "step_counts": Tensor(counts, [steps])]
    }

    /// Takes in the sums of a whole step, once.
    public func commit(_ sums: [String: Tensor]) {
        guard let added = sums["step_squares"]?.values, let counts = sums["step_counts"]?.values else { return }
        var (average, total) = (squares.value.values, seen.value.values)
        for t in 0..<steps where counts[t] > 0 {
            let now = added[t] / counts[t]
            average[t] = total[t] == 0 ? now : decay * average[t] + (1 - decay) * now
            total[t] += counts[t]
        }
        squares.value = Tensor(average, [steps])
        seen.value = Tensor(total, [steps])
    }
}

/// Steps of a chain in proportion to given chances; weights are 1 / (T p).
public struct StepDensity: TimeDensity, Equatable {
    private let cumulative: [Double]

    /// - Parameter chances: positive, of each step from the first; they need not add up to one.
    public init(_ chances: [Double]) {
        let total = chances.reduce(0, +)
        require(total > 0 && total.isFinite, "StepDensity: chances that add up to \(total)")
        var sum = 0.0
        cumulative = chances.map { chance in
            sum += chance / total
            return sum
        }
    }

    public func time(at u: Double) -> (time: Double, weight: Double) { chainStep(at: u, cumulative) }
}

/// The step of a chain, as a time, at which the sums of chances pass `u`; the weight is 1 / (T p).
func chainStep(at u: Double, _ cumulative: [Double]) -> (time: Double, weight: Double) {
    let T = cumulative.count
    var (low, high) = (0, T - 1)
    while low < high {
        let middle = (low + high) / 2
        if cumulative[middle] > u { high = middle } else { low = middle + 1 }
    }
    let chance = cumulative[low] - (low == 0 ? 0 : cumulative[low - 1])
    return (Double(low + 1) / Double(T), 1 / (Double(T) * chance))
}
