import Glibc
import Tensors

/// A `TimeWarp` that learns from the losses of each training step, by Adam on its logits; stored with the model, which samples by it.
public final class FittedWarp: Module {
    public let bins: Int
    private let least, rate: Double
    let widthLogits, heightLogits: Buffer
    /// Adam's averages of gradients and their squares, widths' first, and how often they were taken.
    let moments, counted: Buffer

    /// - Parameters:
    ///   - least: where times begin.
    ///   - rate: of learning.
    public init(bins: Int = 100, least: Double, rate: Double = 0.01) {
        let even = TimeWarp(bins: bins, least: least)
        (self.bins, self.least, self.rate) = (bins, least, rate)
        widthLogits = Buffer(Tensor(even.widthLogits.map(Float.init), [bins]))
        heightLogits = Buffer(Tensor(even.heightLogits.map(Float.init), [bins]))
        moments = Buffer(.zeros([2, 2, bins]), isForTraining: true)
        counted = Buffer(.zeros([1]), isForTraining: true)
        super.init()
    }

    public var warp: TimeWarp {
        TimeWarp(
            widthLogits: widthLogits.value.values.map(Double.init), heightLogits: heightLogits.value.values.map(Double.init),
            least: least)
    }

    /// Times and losses of some rows of a step's batch, for `LossReport.sums`: microbatches together make up the whole.
    public func sums(times: [Float], losses: Tensor, rows: Range<Int>, of total: Int) -> [String: Tensor] {
        func spread(_ values: [Float]) -> Tensor {
            var all = [Float](repeating: 0, count: total)
            all.replaceSubrange(rows, with: values)
            return Tensor(all, [total])
        }
        return ["warp_times": spread(times), "warp_losses": spread(losses.values)]
    }

    /// Learns from the sums of a whole step, once.
    public func commit(_ sums: [String: Tensor]) {
        guard let times = sums["warp_times"]?.values, let losses = sums["warp_losses"]?.values else { return }
        let fit = warp.fit(zip(times, losses).map { (Double($0), Double($1)) })
        let step = Double(counted.value.values[0]) + 1
        let gradients = fit.widths + fit.heights
        var state = moments.value.values.map(Double.init)
        let n = gradients.count
        let changes = gradients.enumerated().map { k, g in
            state[k] = 0.9 * state[k] + 0.1 * g
            state[n + k] = 0.999 * state[n + k] + 0.001 * g * g
            let (mean, square) = (state[k] / (1 - pow(0.9, step)), state[n + k] / (1 - pow(0.999, step)))
            return Float(-rate * mean / (square.squareRoot() + 1e-8))
        }
        widthLogits.value = widthLogits.value + Tensor(Array(changes.prefix(bins)), [bins])
        heightLogits.value = heightLogits.value + Tensor(Array(changes.suffix(bins)), [bins])
        moments.value = Tensor(state.map(Float.init), [2, 2, bins])
        counted.value = Tensor([Float(step)], [1])
    }
}
