import Denoisers
import Diffusion
import Tensors

extension Workload {
    /// 64 pictures of 16x16 tokens by 25 strided steps of mask-and-replace, guidance 3 by one doubled batch of 128 a step; tokens only.
    static var tokenSampling: Workload {
        var c = TokenTransformerConfiguration()
        (c.dim, c.depth, c.heads, c.contextWidth) = (128, 5, 4, 128)
        let (configuration, count, steps, words) = (c, 64, 25, 16)
        return Workload(
            name: "token-sample", summary: "\(count) pictures of 16x16 tokens, \(steps) steps, guidance 3",
            flops: c.forwardFlops(words: words) * Double(2 * count * steps), bytes: 4 * c.weightCount * Double(steps)
        ) { precision in
            let model = TokenTransformer(configuration)
            activated(model)
            let schedule = MaskAndReplace(codes: configuration.codes, steps: 100)
            guard let grid = try? schedule.grid(steps: steps) else { fatalError("token-sample: no grid of \(steps) steps") }
            let text = Condition(
                .text, states: Noise(seed: 2).normal([count, words, 128]), pooled: .zeros([count, 128]),
                mask: .ones([count, words]))
            let corruption = CategoricalCorruption(schedule)
            var run = 0
            return {
                run += 1
                let places = (0..<count).map { Noise(seed: 4)(run)($0) }
                _ = withoutGradients {
                    withPrecision(precision) {
                        AncestralTokens().sample(
                            from: corruption.prior(places, configuration.tokens), along: grid, corruption, places,
                            predict: model.logits(schedule, along: grid, conditions: [text], guidance: Guidance(scale: 3)))
                    }
                }
            }
        }
    }
}

extension TokenTransformerConfiguration {
    /// Of one sample: products and attention; norms and activations are small beside them.
    func forwardFlops(words: Int) -> Double {
        let (n, l, d) = (Double(tokens), Double(words), Double(dim))
        let products = 2 * n * d * d * (6 + 2 * Double(mlpRatio)) + 2 * l * Double(contextWidth) * 2 * d
        return Double(depth) * (products + 4 * n * n * d + 4 * n * l * d) + 2 * n * d * Double(codes)
    }

    /// Weights of the matrices.
    var weightCount: Double {
        Double(depth) * Double(dim) * (Double(dim) * (6 + 2 * Double(mlpRatio)) + 2 * Double(contextWidth) + 4 * Double(dim))
    }
}
