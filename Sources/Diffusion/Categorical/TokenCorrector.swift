import Glibc
import Tensors

/// Lets tokens jump forwards and backwards at once while time stands still, which leaves the law of that time as it is and takes back
/// what a sampler's steps got wrong (Campbell et al. 2022, arXiv 2205.14987, section 4.4).
public struct TokenCorrector: Sendable {
    /// Steps after each of the sampler's own, each as long as that one.
    public let steps: Int
    /// What the logits it is given speak of.
    public let kind: TokenLogits

    public init(steps: Int, of kind: TokenLogits = .clean) {
        require(steps >= 0, "TokenCorrector: \(steps) steps")
        self.steps = steps
        self.kind = kind
    }

    /// Log chances of every token's next value, to first order: `[B, N, K + 1]`.
    ///
    /// - Parameters:
    ///   - logits: `[B, N, K]` at time `t`.
    ///   - span: how long the jumps go on.
    public func logChances(
        from x: Tokens, _ logits: Tensor, at t: Double, for span: Double, _ corruption: CategoricalCorruption
    ) -> Tensor {
        let backwards = ReverseJumps(of: x, logits, kind, at: t, corruption)
        let K = corruption.codes
        let (lost, masked) = corruption.schedule.rates(at: t)
        let replaced = (lost - masked) / Double(K)
        var result = backwards.targets.values
        for i in x.values.indices {
            let (row, token) = (i * (K + 1), Int(x.values[i]))
            let back = backwards.rates[i]
            // Nothing happens to a mask forwards.
            let (toCode, toMask) = token < K ? (replaced, masked) : (0, 0)
            let total = back + Double(K - 1) * toCode + toMask
            let share = min(1, span * total) / max(total, 1e-30)
            for j in 0...K {
                let rate = back * exp(Double(result[row + j])) + (j < K ? toCode : toMask)
                result[row + j] = Float(log(max(share * rate, 1e-30)))
            }
            result[row + token] = Float(log(max(1 - share * total, 1e-30)))
        }
        return Tensor(result, backwards.targets.shape)
    }

    func step(
        from x: Tokens, _ logits: Tensor, at t: Double, for span: Double, _ corruption: CategoricalCorruption,
        _ places: [Noise]
    ) -> Tokens {
        drawn(logChances(from: x, logits, at: t, for: span, corruption), places: places)
    }
}
