import Tensors

/// What a network over tokens is trained to say, and how far it is from saying it.
public protocol TokenObjective: Sendable {
    var corruption: CategoricalCorruption { get }
    /// What the logits it asks for speak of.
    var logits: TokenLogits { get }

    /// - Parameters:
    ///   - x0: `[B, N]`.
    ///   - counts: `[B, N]`, 1 where a token counts; all do when nil.
    ///   - predict: logits `[B, N, K]` given tokens and times.
    func callAsFunction(
        _ x0: Tokens, at draw: TimeDraw, _ places: [Noise], counts: Tensor?, predict: (Tokens, [Float]) -> Tensor
    ) -> TokenTerms
}

/// Losses of a batch of tokens, each `[B]`.
public struct TokenTerms {
    /// What training minimises, per token.
    public let loss: Tensor
    /// The bound's term of the time seen, in nats per token, detached: what importance sampling of times looks at. Nil of other
    /// objectives than a bound.
    public let bound: Tensor?
    /// Cross entropy of x0 over the tokens that the network has to guess, in nats per token of the sample, detached. Nil where the
    /// logits do not speak of x0.
    public let crossEntropy: Tensor?
}
