import Glibc
import Tensors

/// Categorical ratio matching: each token of x_t is guessed from the others, -log p(X = x_t | the others, t) (Sun et al. 2023,
/// arXiv 2211.16750, section 4). What all tokens are likely to be given the others determines the ratios of marginals by which
/// tokens jump backwards.
///
/// The logits of a token must not depend on the token itself.
public struct RatioMatching: TokenObjective {
    public enum Form: String, Sendable, CaseIterable {
        /// The logits are those of p(X | the others) itself.
        case direct
        /// The logits are of x0, and p(X | the others) = Σ p(x0 | the others) q(X | x0).
        case implicit
    }

    public let corruption: CategoricalCorruption
    public let form: Form
    /// Weight of the cross entropy of x0 beside it, of the implicit form.
    public let auxiliary: Float

    public init(_ schedule: any CategoricalSchedule, form: Form = .implicit, auxiliary: Float = 0) {
        require(form == .implicit || !schedule.masks, "RatioMatching: the direct form has no chance of a mask")
        require(form == .implicit || auxiliary == 0, "RatioMatching: the direct form knows nothing of x0")
        corruption = CategoricalCorruption(schedule)
        self.form = form
        self.auxiliary = auxiliary
    }

    public var logits: TokenLogits { form == .direct ? .presentFromOthers : .cleanFromOthers }

    public func callAsFunction(
        _ x0: Tokens, at draw: TimeDraw, _ places: [Noise], counts: Tensor? = nil, predict: (Tokens, [Float]) -> Tensor
    ) -> TokenTerms {
        let N = tokensPerSample(x0, draw.times.count)
        let x = corruption.corrupt(x0, at: draw.times, places)
        let logits = predict(x, draw.times)
        let asked = counts ?? .ones(x0.shape)
        func perToken(_ rows: Tensor) -> Tensor { (rows * asked).sum(1) / Float(N) }

        var loss = perToken(surprise(logits, at: x, draw.times))
        var entropy: Tensor?
        if form == .implicit {
            let clean = perToken(crossEntropy(auxiliary > 0 ? logits : logits.detached(), x0))
            if auxiliary > 0 { loss = loss + clean * auxiliary }
            entropy = clean.detached()
        }
        return TokenTerms(
            loss: loss * Tensor(draw.weights, [draw.weights.count]), bound: nil, crossEntropy: entropy)
    }

    /// -log p(X = x | the others) of each token in nats; nothing is asked of masks, which come by chance alone.
    ///
    ///     logits: [B, N, K], x: [B, N], times: B
    ///     returns [B, N]
    public func surprise(_ logits: Tensor, at x: Tokens, _ times: [Float]) -> Tensor {
        let N = tokensPerSample(x, times.count)
        var asked = x
        for i in x.values.indices where x.values[i] == corruption.mask { asked.values[i] = -1 }
        let entropy = crossEntropy(logits, asked)  // 0 of masks
        if form == .direct { return entropy }

        let levels = times.map { corruption.schedule.level(at: Double($0)) }
        func numbers(ofMask: Float, _ ofCode: (CategoricalLevel) -> Double) -> Tensor {
            Tensor(
                asked.values.indices.map { asked.values[$0] < 0 ? ofMask : Float(ofCode(levels[$0 / N])) }, x.shape)
        }
        // Without replacement the logarithm is the network's own, however small the chance.
        if levels.allSatisfy({ $0.replace <= 0 }) { return entropy - numbers(ofMask: 0) { log($0.keep) } }
        return -((-entropy).exp() * numbers(ofMask: 1, \.keep) + numbers(ofMask: 0, \.replace)).log()
    }
}
