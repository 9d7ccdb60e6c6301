import Networks
import Tensors

/// How a codec of sentences chooses what its decoder says of latents.
public struct SentenceDecoding: Sendable, Equatable {
    /// Sentences that are followed at once; with one the likeliest token is taken at every step.
    public var beams = 1
    /// No so many tokens come twice in the same order; 0 for no such rule.
    public var noRepeat = 0
    /// What came before is less likely by it; 1 for no such rule.
    public var repetitionPenalty = 1.0
    /// Tokens before the end, at the least.
    public var shortest = 0

    public init() {}

    /// - Parameters:
    ///   - first: what every sentence begins with, where it begins with something.
    ///   - length: the most tokens.
    func said(
        by network: any EncoderDecoder, of special: SpecialTokens, first: Int32?, length: Int, over states: Tensor, mask: Tensor?
    ) -> [[Int32]] {
        var processors = [any LogitsProcessor].rules(
            repetitionPenalty: repetitionPenalty, noRepeat: noRepeat, shortest: shortest, ends: special.ends)
        if let first { processors.append(ForcedToken.first(first)) }
        let rules = DecodingRules(special, length: length, processors: processors)
        return beams == 1
            ? GreedySearch(rules)(network, over: states, mask: mask).map(\.tokens)
            : BeamSearch(rules, beams: beams)(network, over: states, mask: mask).map { $0[0].tokens }
    }
}
