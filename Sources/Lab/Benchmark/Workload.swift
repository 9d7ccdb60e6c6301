import Codecs
import Denoisers
import Diffusion
import Networks
import Tensors
import Training

/// One unit of work that is timed, and what it costs on paper.
public struct Workload {
    public let name: String
    /// What one step is, in a sentence.
    public let summary: String
    /// Multiply-adds counted as two, per step.
    public let flops: Double
    /// Parameters read (and for training written) per step, at the least.
    public let bytes: Double
    /// Builds the model and returns the step.
    public let prepare: (Precision) -> () -> Void

    /// The workload of that name.
    public static func named(_ name: String) throws(InputError) -> Workload {
        if let found = all.first(where: { $0.name == name }) { return found }
        let names = all.map(\.name)
        throw InputError(
            "unknown workload", at: "bench", expected: "list, or one of " + names.joined(separator: ", "), found: "'\(name)'",
            hint: nearestName(to: name, among: names).map { "did you mean '\($0)'?" })
    }

    /// Every workload, by the names of `contract.md`. What a step is must equal `Experiments/benchmarks/workloads.py`.
    public static var all: [Workload] {
        [
            ditTraining("dit-s2-train", .preset("S", patch: 2), batch: 8, classes: 1000),
            ditTraining("dit-small-train", small, batch: 64, classes: 10),
            ditForward("dit-s2-forward", .preset("S", patch: 2), batch: 8),
            ditForward("dit-b2-forward-1", .preset("B", patch: 2), batch: 1),
            ditForward("dit-b2-forward-8", .preset("B", patch: 2), batch: 8),
            ditForward("dit-b2-forward-8-free", .preset("B", patch: 2), batch: 8, isBatchInvariant: false),
            ditSampling,
            tokenSampling,
            sentenceSampling,
            codecTraining,
            codecDecoding,
            melSpectrogram,
        ]
    }

    private static var small: DiTConfiguration {
        var c = DiTConfiguration()
        (c.height, c.width, c.patch, c.dim, c.depth, c.heads) = (8, 8, 1, 256, 8, 4)
        return c
    }

    /// A model whose every parameter is at work: the published start multiplies by zero.
    static func model(_ configuration: DiTConfiguration, classes: Int) -> DiffusionTransformer {
        var c = configuration
        c.classes = classes
        let model = DiffusionTransformer(c)
        activated(model)
        return model
    }

    /// The network as a sampler asks it. Without batch invariance bits may depend on the batch: what that promise costs.
    private static func ditForward(
        _ name: String, _ c: DiTConfiguration, batch: Int, isBatchInvariant: Bool = true
    ) -> Workload {
        Workload(
            name: name,
            summary: "one forward pass, batch \(batch)" + (isBatchInvariant ? "" : ", bits free to depend on the batch"),
            flops: c.forwardFlops * Double(batch), bytes: 4 * c.weightCount
        ) { precision in
            let model = model(c, classes: 1000)
            let x = Noise(seed: 2).normal([batch, c.height, c.width, c.channels])
            let t = (0..<batch).map { Float($0 * 100 + 1) }
            let classes = Condition(.classes, labels: Array(repeating: 3, count: batch))
            let input = DenoiserInput(state: x, time: t.map { $0 / 1000 }, networkTime: t, conditions: [classes])
            return {
                withoutGradients {
                    Context.with({
                        $0.precision = precision
                        $0.isBatchInvariant = isBatchInvariant
                    }) { _ = model.shared(input) }
                }
            }
        }
    }

    /// Loss and gradients as a run of `latentlab train` takes them: one part of the batch for each thread.
    static func sharded(
        _ batch: Int, _ precision: Precision, wrt parameters: [Parameter], loss: (Range<Int>) -> Tensor
    ) -> GradientSum {
        let shards = TrainingPlan.shards(batch: batch, threads: Compute.threads)
        return GradientSum(pieces(batch, of: (batch + shards - 1) / shards), shards: shards, load: { $0 }) { range in
            withPrecision(precision) {
                GradientSum(LossReport(loss: loss(range)), share: Float(range.count) / Float(batch), wrt: parameters)
            }
        }
    }

    private static func ditTraining(_ name: String, _ c: DiTConfiguration, batch: Int, classes: Int) -> Workload {
        Workload(
            name: name, summary: "loss, gradients and AdamW update, batch \(batch)",
            flops: 3 * c.forwardFlops * Double(batch), bytes: 4 * c.weightCount * 8
        ) { precision in
            let model = model(c, classes: classes)
            let parameters = model.parameters()
            let optimizer = AdamW(AdamWConfiguration(rate: LearningRate(peak: 1e-4)), parameters)
            let x0 = Noise(seed: 2).normal([batch, c.height, c.width, c.channels])
            let labels = (0..<batch).map { $0 % classes }
            var step = 0
            return {
                let noise = Noise(seed: 3)(step)
                step += 1
                let t = noise("t").uniform([batch])
                let eps = noise("eps").normal(x0.shape)
                let kept = zip(labels, noise("drop").uniform([batch]).values).map { $1 < 0.1 ? classes : $0 }
                let alpha = (1 - t).reshaped([batch, 1, 1, 1])
                let sigma = t.reshaped([batch, 1, 1, 1])
                let (state, times) = (x0 * alpha + eps * sigma, t.values.map { $0 * 1000 })
                let sum = sharded(batch, precision, wrt: parameters) { range in
                    let predicted = model(state.slice(0, range), t: Array(times[range]), classes: Array(kept[range]))
                    return (predicted.slice(3, 0..<c.channels) - eps.slice(0, range)).square().mean()
                }
                optimizer.update(sum.gradients, rate: 1e-4)
            }
        }
    }
}

extension DiTConfiguration {
    /// Of one sample: products and attention; norms and activations are small beside them.
    var forwardFlops: Double {
        let (n, d) = (Double(tokens), Double(dim))
        let block = 2 * n * d * d * (4 + 2 * Double(mlpRatio)) + 4 * n * n * d + 2 * 6 * d * d
        let ends = 2 * n * d * Double(patch * patch * (channels + outputChannels)) + 2 * d * d * 2
        return Double(depth) * block + ends
    }

    /// Weights of the matrices.
    var weightCount: Double { Double(depth) * Double(dim * dim) * (4 + 2 * Double(mlpRatio) + 6) }
}
