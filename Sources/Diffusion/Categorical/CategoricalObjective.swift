import Tensors

/// What a denoiser of tokens learns from: logits of x0 given x_t.
public struct CategoricalObjective: TokenObjective {
    public enum Form: String, Sendable, CaseIterable {
        /// The variational bound (Austin et al. 2021, equation 1), with `auxiliary` of the cross entropy of x0 beside it.
        case bound
        /// Cross entropy of masked tokens weighed by 1 - t instead of the bound's 1 / t: no bound on anything, but
        /// easier to learn (Bond-Taylor et al. 2022, equation 6, as released).
        case reweighted
        /// Cross entropy of masked tokens, each batch's mean (Chang et al. 2022, section 3.3).
        case masked
    }

    public let corruption: CategoricalCorruption
    public let form: Form
    /// Weight of the cross entropy of x0 beside the bound, falling from twice that at t = 0 to once at t = 1
    /// (Gu et al. 2022, equation 11; the fall is the released code's).
    public let auxiliary: Float
    /// Share of the target spread over all codes, of the masked form.
    public let smoothing: Float

    public init(_ schedule: any CategoricalSchedule, form: Form = .bound, auxiliary: Float = 5e-4, smoothing: Float = 0) {
        corruption = CategoricalCorruption(schedule)
        self.form = form
        self.auxiliary = auxiliary
        self.smoothing = smoothing
    }

    public var logits: TokenLogits { .clean }

    public func callAsFunction(
        _ x0: Tokens, at draw: TimeDraw, _ places: [Noise], counts: Tensor? = nil, predict: (Tokens, [Float]) -> Tensor
    ) -> TokenTerms {
        let N = tokensPerSample(x0, draw.times.count)
        let x = corruption.corrupt(x0, at: draw.times, places)
        let logits = predict(x, draw.times)
        let weights = Tensor(draw.weights, [draw.weights.count])
        let asked = counts ?? .ones(x0.shape)
        func perToken(_ rows: Tensor) -> Tensor { (rows * asked).sum(1) / Float(N) }
        func falling(from start: Float) -> Tensor { Tensor(draw.times.map { start - $0 }, [draw.times.count]) }

        let lost = Tensor(x.values.indices.map { x.values[$0] == x0.values[$0] ? 0 : 1 }, x0.shape)
        let entropy = crossEntropy(logits, x0)
        var loss: Tensor
        var bound: Tensor?
        switch form {
        case .bound:
            let kl = perToken(corruption.divergence(logits, x, x0, draw.times))
            loss = kl
            if auxiliary > 0 { loss = loss + perToken(entropy) * falling(from: 2) * auxiliary }
            loss = loss * weights * Float(corruption.schedule.steps)
            bound = kl.detached()
        case .reweighted:
            loss = perToken(entropy * lost) * falling(from: 1) * weights
        case .masked:
            // One mean over all masked tokens of the batch, not of each sample's own.
            let share = Float(x0.count) / max(1, (lost * asked).sum().scalar)
            loss = perToken(smoothed(entropy, logits) * lost) * share
        }
        return TokenTerms(loss: loss, bound: bound, crossEntropy: perToken(entropy.detached() * lost))
    }

    private func smoothed(_ entropy: Tensor, _ logits: Tensor) -> Tensor {
        if smoothing == 0 { return entropy }
        let spread = logits.logSumExp().squeezed(-1) - logits.mean(-1)
        return entropy * (1 - smoothing) + spread * smoothing
    }
}
