import Tensors

/// A `PositionSchedule` that is adapted to the losses of training now and then; stored with the model, which samples by it.
public final class AdaptiveSchedule: Module {
    public let bins: Int
    /// Training steps between adaptations, and before the first.
    private let interval, start: Int
    /// ᾱ of each position, `[N, T + 1]`.
    let alphaBars: Buffer
    /// Summed losses and their number, by bin of steps and position: `[2, bins, N]`.
    let history: Buffer

    /// - Parameters:
    ///   - initial: what it begins as.
    ///   - bins: of equally many steps of the chain.
    ///   - interval: training steps between adaptations, none when 0.
    ///   - start: training steps before the first one.
    public init(_ initial: PositionSchedule, bins: Int = 100, interval: Int, start: Int) {
        require(initial.steps % bins == 0, "AdaptiveSchedule: \(bins) bins of \(initial.steps) steps")
        self.bins = bins
        (self.interval, self.start) = (interval, start)
        alphaBars = Buffer(Tensor(initial.alphaBars.flatMap { $0.map(Float.init) }, [initial.positions, initial.steps + 1]))
        history = Buffer(.zeros([2, bins, initial.positions]), isForTraining: true)
        super.init()
    }

    public var schedule: PositionSchedule {
        let (positions, count) = alphaBars.value.shape2
        let values = alphaBars.value.values.map(Double.init)
        return PositionSchedule(alphaBars: (0..<positions).map { Array(values[$0 * count..<($0 + 1) * count]) })
    }

    /// Named sums of a microbatch, for `LossReport.sums`.
    ///
    ///     losses: [B, N] of samples at steps of the chain, counted from 1
    public func sums(steps: [Int], losses: Tensor) -> [String: Tensor] {
        let shape = history.value.shape
        let (positions, width) = (shape[2], (alphaBars.value.shape[1] - 1) / bins)
        var sums = [Float](repeating: 0, count: 2 * bins * positions)
        let values = losses.values
        for (row, step) in steps.enumerated() {
            let bin = min(bins - 1, max(0, (step - 1) / width))
            for i in 0..<positions {
                sums[bin * positions + i] += values[row * positions + i]
                sums[(bins + bin) * positions + i] += 1
            }
        }
        return ["schedule_losses": Tensor(sums, shape)]
    }

    /// Takes in the sums of a whole training step, once; adapts where it is time and every bin has been seen.
    public func commit(_ sums: [String: Tensor], step: Int) {
        guard interval > 0, let added = sums["schedule_losses"] else { return }
        history.value = history.value + added
        guard step + 1 >= start, (step + 1 - start) % interval == 0 else { return }
        let (values, positions) = (history.value.values.map(Double.init), history.value.shape[2])
        let counts = values.suffix(bins * positions)
        guard counts.allSatisfy({ $0 > 0 }) else { return }
        let losses = (0..<positions).map { i in
            (0..<bins).map { b in values[b * positions + i] / values[(bins + b) * positions + i] }
        }
        let adapted = schedule.adapted(to: losses)
        alphaBars.value = Tensor(adapted.alphaBars.flatMap { $0.map(Float.init) }, alphaBars.value.shape)
        history.value = .zeros(history.value.shape)
    }
}
