import Glibc
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
            let kl = perToken(divergence(logits, x, x0, draw.times))
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

    /// KL between the true posterior of one step and the predicted one, `[B, N]`.
    private func divergence(_ logits: Tensor, _ x: Tokens, _ x0: Tokens, _ times: [Float]) -> Tensor {
        let now = times.map { corruption.schedule.level(at: Double($0)) }
        let next = times.map { corruption.schedule.level(at: earlier($0)) }
        // Of a token that was certainly kept nothing is asked: without replacement, of one that is no mask.
        var clean = x0
        let N = x0.shape[1]
        for i in x.values.indices where x.values[i] != corruption.mask && now[i / N].replace <= 0 { clean.values[i] = -1 }
        return categoricalBound(logits, x, clean: clean, corruption.rows(x, from: now, to: next))
    }

    /// One step of the chain nearer to the data.
    private func earlier(_ t: Float) -> Double {
        let T = Double(corruption.schedule.steps)
        return max(0, ((Double(t) * T).rounded() - 1) / T)
    }

    private func smoothed(_ entropy: Tensor, _ logits: Tensor) -> Tensor {
        if smoothing == 0 { return entropy }
        let spread = logits.logSumExp().squeezed(-1) - logits.mean(-1)
        return entropy * (1 - smoothing) + spread * smoothing
    }
}

extension CategoricalObjective {
    /// Nats of each sample under the model, at most: the sum of the bound over all steps of the chain and what the last
    /// level still tells of the data. Tokens are lost anew at every step, each from its place.
    ///
    ///     returns [B]
    public func nats(_ x0: Tokens, _ places: [Noise], predict: (Tokens, [Float]) -> Tensor) -> Tensor {
        withoutGradients {
            let (B, T) = (places.count, corruption.schedule.steps)
            var total = Tensor.full([B], Float(prior * Double(tokensPerSample(x0, B))))
            for step in 1...T {
                let times = [Float](repeating: Float(step) / Float(T), count: B)
                let x = corruption.corrupt(x0, at: times, places.map { $0("bound")(step) })
                total = total + divergence(predict(x, times), x, x0, times).sum(1)
            }
            return total
        }
    }

    /// KL in nats, per token, between the tokens at time 1 and what runs start from, which keeps nothing.
    private var prior: Double {
        let (last, K) = (corruption.schedule.level(at: 1), Double(corruption.codes))
        guard last.keep > 0 else { return 0 }
        let start = last.replace / (1 - last.keep), masked = last.mask / (1 - last.keep)
        func term(_ p: Double, _ q: Double) -> Double { p > 0 ? p * log(p / q) : 0 }
        return term(last.keep + last.replace, start) + (K - 1) * term(last.replace, start) + term(last.mask, masked)
    }
}
