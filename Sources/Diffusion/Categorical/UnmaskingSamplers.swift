import Glibc
import Tensors

// Samplers that choose which tokens to accept. They are biased even with an exact denoiser: tokens accepted together are drawn
// independently, and the choice prefers the likely ones.

/// A sampler that begins with masks alone and decides which tokens to accept. Of a corruption that also replaces it takes the number of
/// masks, as the released sampler of Improved VQ-Diffusion does: what is accepted is not replaced again.
public protocol UnmaskingSampler: TokenSampler {}

/// MaskGIT: every masked token is drawn, the least confident are masked again (Chang et al. 2022, arXiv 2202.04200, section 3.2).
public struct ConfidenceTokens: UnmaskingSampler {
    /// Of the Gumbel noise on log-confidences, falling to 0 with the share of masks.
    public let temperature: Double

    public init(temperature: Double = 4.5) { self.temperature = temperature }

    public func step(from x: Tokens, _ step: TokenStep) -> Tokens {
        let drawn = step.filled(x)
        let noise = step.gumbel("choice", scale: temperature * step.interval.next)
        let chances = step.logits.logSoftmax().values
        let (K, mask) = (step.corruption.codes, step.corruption.mask)
        let scores = x.values.indices.map { i in
            x.values[i] == mask ? Double(chances[i * K + Int(drawn.values[i])]) + noise[i] : .infinity
        }
        return step.masked(drawn, lowest: scores)
    }
}

/// Token-Critic: every masked token is drawn, a critic looks at the whole, and the least real tokens are masked again, those
/// accepted before included (Lezama et al. 2022, arXiv 2209.04439, algorithm 2).
public struct CriticTokens: UnmaskingSampler {
    /// Of the uniform noise on the critic's chances, falling to 0 with the steps left.
    public let noise: Double

    public init(noise: Double = 1) { self.noise = noise }

    public func step(from x: Tokens, _ step: TokenStep) -> Tokens {
        guard let judge = step.judge else { fatalError("CriticTokens: a run without a critic") }
        let drawn = step.filled(x)
        if step.isLast { return drawn }
        let real = judge(drawn).values
        let luck = step.quantiles("choice")
        // Ties are broken by chance, never by place.
        let scale = max(1e-9, noise * step.interval.next)
        return step.masked(drawn, lowest: real.indices.map { Double(real[$0]) + scale * (luck[$0] - 0.5) })
    }
}

/// Every masked token is drawn, and any tokens are masked again, those accepted before included: what a critic is held against that
/// knows nothing.
public struct RandomTokens: UnmaskingSampler {
    public init() {}

    public func step(from x: Tokens, _ step: TokenStep) -> Tokens {
        step.masked(step.filled(x), lowest: step.quantiles("choice"))
    }
}

/// Improved VQ-Diffusion: tokens are unmasked with chances that follow how sure the network is, and sharpened where it is
/// (Tang et al. 2022, arXiv 2205.16007, section 3.3).
public struct PurityTokens: UnmaskingSampler {
    /// By how much the surest position's chances are sharpened: softmax((1 + r · score) · log p).
    public let sharpening: Float
    /// Of the Gumbel noise on the logarithms of the scores: 1 chooses in proportion to them, as published, 0 the surest.
    public let temperature: Double

    public init(sharpening: Float = 1, temperature: Double = 1) {
        self.sharpening = sharpening
        self.temperature = temperature
    }

    public func step(from x: Tokens, _ step: TokenStep) -> Tokens {
        let logChances = step.logits.logSoftmax()
        let purity = logChances.max(2).exp().values  // [B, N]
        let (B, N) = (x.shape[0], step.length)
        var scores = purity
        for b in 0..<B {
            let rows = b * N..<(b + 1) * N
            let most = purity[rows].max() ?? 1
            for i in rows { scores[i] /= most }
        }
        let sharp = logChances * (1 + sharpening * Tensor(scores, [B, N, 1]))
        let drawn = step.filled(x, sharp)
        // Without replacement: the largest of log score + Gumbel.
        let noise = step.gumbel("choice", scale: temperature)
        return step.masked(
            drawn,
            lowest: x.values.indices.map { i in
                x.values[i] == step.corruption.mask ? log(Double(scores[i])) + noise[i] : .infinity
            })
    }
}

extension TokenStep {
    /// x with a draw at every masked token.
    func filled(_ x: Tokens, _ logits: Tensor? = nil) -> Tokens {
        var result = drawn(logits ?? self.logits, at: quantiles("token"))
        for i in x.values.indices where x.values[i] != corruption.mask { result.values[i] = x.values[i] }
        return result
    }

    func gumbel(_ purpose: String, scale: Double) -> [Double] {
        quantiles(purpose).map { -log(-log(max($0, 1e-30))) * scale }
    }

    /// How many of a sample's free tokens are still masked after this step (Chang et al. 2022, section 3.2): the schedule's share,
    /// but at least one fewer than before, and at least one until the last step.
    func masksLeft(of free: Int) -> Int {
        if isLast { return 0 }
        let before = index == 0 ? free : Int(Double(free) * corruption.schedule.level(at: interval.now).mask)
        let after = Int(Double(free) * corruption.schedule.level(at: interval.next).mask)
        return max(min(1, free), min(before - 1, after))
    }

    /// The tokens with the lowest scores masked, as many as the schedule leaves; those of the run's own are never.
    func masked(_ tokens: Tokens, lowest scores: [Double]) -> Tokens {
        var result = tokens
        let (B, N) = (tokens.shape[0], length)
        for b in 0..<B {
            let free = (b * N..<(b + 1) * N).filter { isFree($0) }
            let order = free.sorted { scores[$0] < scores[$1] }
            for i in order.prefix(masksLeft(of: free.count)) { result.values[i] = corruption.mask }
        }
        return result
    }
}
