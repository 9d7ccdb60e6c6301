import Denoisers
import Diffusion
import Networks
import Tensors

extension Workload {
    /// 32 sentences of 64 states by 50 steps of DPM-Solver++(2M), each step told the estimate before it and a source of 64 words, guidance 2
    /// by one doubled batch of 64 a step; latents only, no decoding.
    static var sentenceSampling: Workload {
        var c = DiTConfiguration()
        (c.height, c.width, c.channels, c.patch) = (64, 1, 128, 1)
        (c.dim, c.depth, c.heads) = (256, 6, 4)
        (c.conditioning, c.contextWidth, c.selfConditioning) = (.crossAttention, 256, .half)
        (c.prediction, c.learnsVariance) = (.v, false)
        let (configuration, count, steps, words) = (c, 32, 50, 64)
        return Workload(
            name: "sentence-sample",
            summary:
                "\(count) sentences of 64 latents, \(steps) steps of dpmpp-2m told the last estimate and a source, guidance 2",
            flops: c.forwardFlops(words: words) * Double(2 * count * steps), bytes: 4 * c.weightCount * Double(steps)
        ) { precision in
            let model = model(configuration, classes: 0)
            let schedule = VariancePreservingCosine()
            guard let grid = try? Spacing.uniform.grid(steps: steps, for: schedule) else {
                fatalError("sentence-sample: the cosine has no grid of \(steps) steps")
            }
            let states = Noise(seed: 2).normal([count, words, configuration.contextWidth])
            let source = Condition(.text, states: states, pooled: states.mean(1), mask: .ones([count, words]))
            return drawing(count, by: model, schedule, grid, source, guidance: 2, precision)
        }
    }
}

extension DiTConfiguration {
    /// Of one sample that listens to so many words, whose keys and values all steps share.
    fileprivate func forwardFlops(words: Int) -> Double {
        let (n, d) = (Double(tokens), Double(dim))
        return forwardFlops + Double(depth) * (2 * n * d * d * 2 + 4 * n * Double(words) * d) + 2 * n * d * Double(channels)
    }
}
