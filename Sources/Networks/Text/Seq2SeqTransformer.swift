import Tensors

/// Sizes and options of our own encoder-decoder.
public struct Seq2SeqConfiguration: Sendable, Equatable {
    /// How tokens are told where they are.
    public enum Positions: String, Sendable, CaseIterable { case learned, rotary }
    /// How the decoder hears states.
    public enum Hearing: Sendable {
        /// Every block attends to them.
        case attention
        /// Of a language model, which has nothing to attend to but what was said: one state is added to every token.
        case sum
    }

    public var vocabulary = 4096
    /// The longest sentence, and the longest text that is encoded.
    public var length = 64
    /// D, a multiple of `heads`.
    public var width = 256
    /// 0 for none: states are given, or are the vectors of the tokens.
    public var encoderDepth = 4
    public var decoderDepth = 4
    public var heads = 4
    public var positions = Positions.learned
    public var hearing = Hearing.attention
    /// C of the states; D when nil, as the encoder's own have it.
    public var stateWidth: Int?

    public init() {}

    var rotary: RotaryPositions? {
        positions == .rotary ? RotaryPositions(length: length, headWidth: width / heads) : nil
    }
}

/// A small pre-norm Transformer from tokens, or from latent states, to sentences; words in and out share one table (Vaswani et al. 2017,
/// arXiv 1706.03762, section 3; Press and Wolf 2017, arXiv 1608.05859).
///
///     ids: [B, M], mask: [B, M] with 1 to keep; encode returns [B, M, D]
///     callAsFunction: ids: [B, N] that the decoder is given, states: [B, M, C], mask: [B, M]; returns logits [B, N, V]
///     a language model's states: [B, 1, D], with no mask
public final class Seq2SeqTransformer: Module, SequenceDecoder {
    public let configuration: Seq2SeqConfiguration
    let tokens: Embedding
    let encoder: Seq2SeqEncoder?
    let positions: Parameter?
    let blocks: [Seq2SeqBlock]
    let norm: LayerNorm

    public init(_ c: Seq2SeqConfiguration) {
        require(c.width % c.heads == 0, "Seq2SeqTransformer: width \(c.width) is not a multiple of \(c.heads) heads")
        require(
            c.encoderDepth == 0 || c.stateWidth ?? c.width == c.width,
            "Seq2SeqTransformer: states of width \(c.stateWidth ?? 0) are not its encoder's")
        require(
            c.hearing == .attention || c.encoderDepth == 0 && c.stateWidth ?? c.width == c.width,
            "Seq2SeqTransformer: an encoder of \(c.encoderDepth) blocks, or states of width \(c.stateWidth ?? 0), for a language model"
        )
        configuration = c
        tokens = Embedding(c.vocabulary, width: c.width)
        encoder = c.encoderDepth > 0 ? Seq2SeqEncoder(c) : nil
        positions = c.positions == .learned ? .places(c) : nil
        let rotary = c.rotary
        blocks = (0..<c.decoderDepth).map { _ in Seq2SeqBlock(c, rotary: rotary) }
        norm = LayerNorm(c.width)
        super.init()
    }

    public func encode(_ ids: Tokens, mask: Tensor? = nil) -> Tensor {
        require(ids.shape.count == 2 && ids.shape[1] <= configuration.length, "Seq2SeqTransformer: tokens \(ids.shape)")
        return encoder?(tokens(ids), mask: mask) ?? tokens(ids)
    }

    public func callAsFunction(_ ids: Tokens, over states: Tensor, mask: Tensor? = nil) -> Tensor {
        logits(decoded(ids, heard: heard(states), mask: mask))
    }

    public var vocabulary: Int { configuration.vocabulary }
    public var longest: Int? { configuration.length }

    public func memory(of states: Tensor, mask: Tensor?) -> DecoderMemory {
        DecoderMemory(rows: states.shape[0], blocks: blocks.count, heard: heard(states), mask: mask)
    }

    public func logits(after ids: Tokens, _ memory: DecoderMemory) -> Tensor {
        let h = decoded(ids, heard: memory.heard, mask: memory.mask, after: memory)
        return logits(h.slice(1, ids.shape[1] - 1..<ids.shape[1]).squeezed(1))
    }

    /// Keys and values of the states, for each block; of a language model the states themselves.
    private func heard(_ states: Tensor) -> [Tensor] {
        guard configuration.hearing == .sum else { return blocks.compactMap { $0.crossAttention?.keysAndValues(states) } }
        require(
            states.rank == 3 && states.shape[1...] == [1, configuration.width],
            "Seq2SeqTransformer: states \(states.shape) for a language model of width \(configuration.width)")
        return [states]
    }

    private func decoded(_ ids: Tokens, heard: [Tensor], mask: Tensor?, after memory: DecoderMemory? = nil) -> Tensor {
        require(ids.shape.count == 2, "Seq2SeqTransformer: tokens \(ids.shape)")
        let first = memory?.count ?? 0
        let last = first + ids.shape[1]
        require(last <= configuration.length, "Seq2SeqTransformer: \(last) tokens, at most \(configuration.length)")
        var h = tokens(ids)  // [B, N, D]
        if let positions { h = h + positions.value.slice(0, first..<last) }
        if configuration.hearing == .sum { h = h + heard[0] }
        for (i, block) in blocks.enumerated() {
            let attended = configuration.hearing == .attention ? heard[i] : nil
            h = block(h, keysAndValues: attended, mask: mask, after: memory?.said[i])
        }
        memory?.advance(by: ids.shape[1])
        return h
    }

    private func logits(_ h: Tensor) -> Tensor { linear(norm(h), tokens.weight.value).cast(to: .f32) }
}

extension Parameter {
    fileprivate static func places(_ c: Seq2SeqConfiguration) -> Parameter {
        Parameter([c.length, c.width], .normal(deviation: 0.02), decays: false)
    }
}

/// Pre-norm blocks over words, and a norm behind the last.
///
///     words: [B, M, D], mask: [B, M]
final class Seq2SeqEncoder: Module {
    let positions: Parameter?
    let blocks: [TextBlock]
    let norm: LayerNorm

    init(_ c: Seq2SeqConfiguration) {
        positions = c.positions == .learned ? .places(c) : nil
        let rotary = c.rotary
        blocks = (0..<c.encoderDepth).map { _ in TextBlock(width: c.width, heads: c.heads, rotary: rotary) }
        norm = LayerNorm(c.width)
        super.init()
    }

    func callAsFunction(_ words: Tensor, mask: Tensor?) -> Tensor {
        let placed = positions.map { words + $0.value.slice(0, 0..<words.shape[1]) } ?? words
        return norm(blocks.reduce(placed) { $1($0, mask: mask) })
    }
}

/// Pre-norm block that also listens, unless it is a language model's.
///
///     x: [B, N, D], keysAndValues: [B, M, 2 D], mask: [B, M]
final class Seq2SeqBlock: Module {
    let selfNorm: LayerNorm
    let selfAttention: SelfAttention
    let crossNorm: LayerNorm?
    let crossAttention: CrossAttention?
    let feedForwardNorm: LayerNorm
    let feedForward: FeedForward

    init(_ c: Seq2SeqConfiguration, rotary: RotaryPositions?) {
        selfNorm = LayerNorm(c.width)
        selfAttention = SelfAttention(width: c.width, heads: c.heads, causal: true, rotary: rotary)
        let listens = c.hearing == .attention
        crossNorm = listens ? LayerNorm(c.width) : nil
        crossAttention =
            listens ? CrossAttention(width: c.width, contextWidth: c.stateWidth ?? c.width, heads: c.heads) : nil
        feedForwardNorm = LayerNorm(c.width)
        feedForward = FeedForward(width: c.width, hidden: 4 * c.width)
        super.init()
    }

    func callAsFunction(_ x: Tensor, keysAndValues: Tensor?, mask: Tensor?, after earlier: GrowingTensor?) -> Tensor {
        let seen = selfNorm(x)
        var h = x + (earlier.map { selfAttention(seen, after: $0) } ?? selfAttention(seen))
        if let crossNorm, let crossAttention, let keysAndValues {
            h = h + crossAttention(crossNorm(h), overKeysAndValues: keysAndValues, mask: mask)
        }
        return h + feedForward(feedForwardNorm(h))
    }
}
