import Tensors

/// Runs a categorical corruption backwards, step by step. A value: a run's history is the run's, not the sampler's.
public protocol TokenSampler: Sendable {
    /// From the tokens `[B, N]` at `step.interval.now` to those at its `next`.
    func step(from x: Tokens, _ step: TokenStep) -> Tokens
}

/// A sampler whose tokens step independently of each other.
public protocol IndependentTokenSampler: TokenSampler {
    /// Log chances of every token's next value, the mask last: `[B, N, K + 1]`.
    func logChances(from x: Tokens, _ step: TokenStep) -> Tensor
}

extension IndependentTokenSampler {
    public func step(from x: Tokens, _ step: TokenStep) -> Tokens {
        drawn(logChances(from: x, step), at: step.quantiles("token"))
    }
}

/// One step as a sampler of tokens sees it.
public struct TokenStep {
    public let index, count: Int
    public let interval: TimeGrid.Interval
    public let corruption: CategoricalCorruption
    /// What the network says at `interval.now`, of x0 or as the sampler takes it: guided, tempered, truncated. `[B, N, K]`.
    public let logits: Tensor
    /// False for the tokens that the run was given and keeps; empty when all are free.
    public let isFree: [Bool]
    /// How real each of the tokens `[B, N]` looks to a critic, `[B, N]`; nil without one.
    public let judge: ((Tokens) -> Tensor)?
    /// One number in [0, 1) per token for a purpose, row by row.
    public let quantiles: (_ purpose: String) -> [Double]

    /// - Parameter places: of this step, one per sample.
    public init(
        index: Int, count: Int, interval: TimeGrid.Interval, corruption: CategoricalCorruption, logits: Tensor,
        isFree: [Bool] = [], judge: ((Tokens) -> Tensor)? = nil, places: [Noise]
    ) {
        let N = logits.shape[1]
        self.init(
            index: index, count: count, interval: interval, corruption: corruption, logits: logits, isFree: isFree, judge: judge
        ) { purpose in Diffusion.quantiles(places.map { $0(purpose) }, N) }
    }

    /// - Parameter chance: one number in [0, 1) per token for a purpose: all of them in turn give a sampler's law.
    public init(
        index: Int, count: Int, interval: TimeGrid.Interval, corruption: CategoricalCorruption, logits: Tensor,
        isFree: [Bool] = [], judge: ((Tokens) -> Tensor)? = nil, chance: @escaping (_ purpose: String) -> [Double]
    ) {
        self.index = index
        self.count = count
        self.interval = interval
        self.corruption = corruption
        self.logits = logits
        self.isFree = isFree
        self.judge = judge
        quantiles = chance
    }

    public var isLast: Bool { index == count - 1 }
    /// Tokens per sample.
    public var length: Int { logits.shape[1] }

    func isFree(_ i: Int) -> Bool { isFree.isEmpty || isFree[i] }
}

/// What a run shows of each step.
public struct TokenProgress {
    public let index, count: Int
    /// After the step, `[B, N]`; K where masked.
    public let tokens: Tokens
    /// The likeliest clean tokens at the step, `[B, N]`.
    public let x0: Tokens
    /// How real a critic found the tokens of the step, those that it masked again included, `[B, N]`; nil where none was asked.
    public let realness: Tensor?

    public init(index: Int, count: Int, tokens: Tokens, x0: Tokens, realness: Tensor? = nil) {
        (self.index, self.count, self.tokens, self.x0, self.realness) = (index, count, tokens, x0, realness)
    }
}

/// Tokens that a run keeps as they are.
public struct KnownTokens {
    /// `[B, N]`.
    public let tokens: Tokens
    /// True where the run may change them.
    public let isFree: [Bool]

    public init(_ tokens: Tokens, isFree: [Bool]) {
        require(isFree.count == tokens.count, "KnownTokens: \(isFree.count) flags for \(tokens.count) tokens")
        self.tokens = tokens
        self.isFree = isFree
    }

    func kept(in x: Tokens) -> Tokens {
        var x = x
        for i in x.values.indices where !isFree[i] { x.values[i] = tokens.values[i] }
        return x
    }
}

extension TokenSampler {
    /// From tokens at the start of the grid to tokens at its end.
    ///
    /// - Parameters:
    ///   - x: `[B, N]`.
    ///   - places: one per sample; step i draws from `places[b]("step")(i)`, its corrections from there under `"corrector"`.
    ///   - corrector: works on the tokens after each step but the last.
    ///   - predict: logits `[B, N, K]` of x0, or as the sampler takes them, at tokens and a time.
    public func sample(
        from x: Tokens, along grid: TimeGrid, _ corruption: CategoricalCorruption, _ places: [Noise],
        known: KnownTokens? = nil, corrector: TokenCorrector? = nil, judge: ((Tokens, Double) -> Tensor)? = nil,
        observe: ((TokenProgress) -> Void)? = nil, predict: (Tokens, Double) -> Tensor
    ) -> Tokens {
        withoutGradients {
            var x = known?.kept(in: x) ?? x
            for (i, interval) in grid.intervals.enumerated() {
                let logits = predict(x, interval.now)
                var realness: Tensor?
                let judged = judge.map { judge in
                    { (x: Tokens) in
                        let scores = judge(x, interval.next)
                        realness = scores
                        return scores
                    }
                }
                let step = TokenStep(
                    index: i, count: grid.count, interval: interval, corruption: corruption, logits: logits,
                    isFree: known?.isFree ?? [], judge: judged, places: places.map { $0("step")(i) })
                x = self.step(from: x, step)
                if let known { x = known.kept(in: x) }
                if let corrector, interval.next > 0 {
                    for c in 0..<corrector.steps {
                        x = corrector.step(
                            from: x, predict(x, interval.next), at: interval.next, for: interval.now - interval.next, corruption,
                            places.map { $0("step")(i)("corrector")(c) })
                        if let known { x = known.kept(in: x) }
                    }
                }
                observe?(
                    TokenProgress(
                        index: i, count: grid.count, tokens: x, x0: logits.argmax(logits.rank - 1),
                        realness: realness))
            }
            return x
        }
    }
}

/// Each token by its posterior between the two times, mixed over the predicted x0: exact for any stride as the steps grow many
/// (Gu et al. 2022, section 4.2 and 4.4, with the transition of the whole stride).
public struct AncestralTokens: IndependentTokenSampler {
    /// False for a network that does not see the token it speaks of (hollow Transformers: SDDM's analytical step).
    public let seesToken: Bool

    public init(seesToken: Bool = true) { self.seesToken = seesToken }

    public func logChances(from x: Tokens, _ step: TokenStep) -> Tensor {
        categoricalPosterior(
            step.logits, x,
            step.corruption.rows(x, from: step.interval.now, to: step.interval.next, seesToken: seesToken))
    }
}
