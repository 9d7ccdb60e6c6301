import Tensors

/// BART: post-norm encoder and decoder over shared words and learned positions (Lewis et al. 2020, arXiv 1910.13461).
///
///     ids: [B, M], mask: [B, M] with 1 to keep; encode returns [B, M, D]
///     callAsFunction: ids: [B, N] that the decoder is given, states: [B, M, D]; returns logits [B, N, V] of what follows each
public final class BART: Module, SequenceDecoder {
    public let configuration: BARTConfiguration
    let shared: Embedding
    let encoder: BARTEncoder
    let decoder: BARTDecoder
    /// `[V]`, `final_logits_bias` of published files.
    let outputBias: Buffer

    public init(_ c: BARTConfiguration) {
        configuration = c
        shared = Embedding(c.vocabulary, width: c.width)
        encoder = BARTEncoder(c)
        decoder = BARTDecoder(c)
        outputBias = Buffer(.zeros([c.vocabulary]))
        super.init()
    }

    public func encode(_ ids: Tokens, mask: Tensor? = nil) -> Tensor { encoder(words(ids), mask: mask) }

    public func callAsFunction(_ ids: Tokens, over states: Tensor, mask: Tensor? = nil) -> Tensor {
        logits(decoder(words(ids), heard: decoder.heard(states), mask: mask))
    }

    private func words(_ ids: Tokens) -> Tensor {
        require(ids.shape.count == 2, "BART: tokens \(ids.shape)")
        let x = shared(ids)
        return configuration.scalesEmbedding ? x * Float(configuration.width).squareRoot() : x
    }

    private func logits(_ h: Tensor) -> Tensor { linear(h, shared.weight.value, outputBias.value).cast(to: .f32) }

    public var vocabulary: Int { configuration.vocabulary }
    public var longest: Int? { configuration.positions }

    public func memory(of states: Tensor, mask: Tensor?) -> DecoderMemory {
        DecoderMemory(rows: states.shape[0], heard: decoder.heard(states), mask: mask)
    }

    public func logits(after ids: Tokens, _ memory: DecoderMemory) -> Tensor {
        let h = decoder(words(ids), heard: memory.heard, mask: memory.mask, after: memory)
        return logits(h.slice(1, ids.shape[1] - 1..<ids.shape[1]).squeezed(1))
    }
}

/// Learned positions, the first two of which no place has, and a norm behind the sum.
///
///     words: [B, n, D] at places first...
///     returns [B, n, D]
final class BARTPositions: Module {
    let positions: Embedding
    let norm: LayerNorm
    static let offset = 2

    init(_ c: BARTConfiguration) {
        positions = Embedding(c.positions + Self.offset, width: c.width)
        norm = LayerNorm(c.width)
        super.init()
    }

    func callAsFunction(_ words: Tensor, from first: Int = 0) -> Tensor {
        let (table, last) = (positions.weight.value, first + words.shape[1])
        require(last + Self.offset <= table.shape[0], "BART: \(last) tokens, at most \(table.shape[0] - Self.offset) positions")
        return norm(words + table.slice(0, first + Self.offset..<last + Self.offset))
    }
}

final class BARTEncoder: Module {
    let embedding: BARTPositions
    let blocks: [PostNormBlock]

    init(_ c: BARTConfiguration) {
        embedding = BARTPositions(c)
        blocks = (0..<c.encoderDepth).map { _ in
            PostNormBlock(width: c.width, heads: c.encoderHeads, hidden: c.encoderHidden, activation: c.activation)
        }
        super.init()
    }

    func callAsFunction(_ words: Tensor, mask: Tensor?) -> Tensor {
        blocks.reduce(embedding(words)) { $1($0, mask: mask) }
    }
}

final class BARTDecoder: Module {
    let embedding: BARTPositions
    let blocks: [BARTDecoderBlock]

    init(_ c: BARTConfiguration) {
        embedding = BARTPositions(c)
        blocks = (0..<c.decoderDepth).map { _ in BARTDecoderBlock(c) }
        super.init()
    }

    /// Keys and values of the states, for each block.
    func heard(_ states: Tensor) -> [Tensor] { blocks.map { $0.crossAttention.keysAndValues(states) } }

    func callAsFunction(_ words: Tensor, heard: [Tensor], mask: Tensor?, after memory: DecoderMemory? = nil) -> Tensor {
        var h = embedding(words, from: memory?.count ?? 0)
        for (i, block) in blocks.enumerated() {
            h = block(h, keysAndValues: heard[i], mask: mask, after: memory?.said[i])
        }
        memory?.advance(by: words.shape[1])
        return h
    }
}

/// Post-norm block that also listens.
///
///     x: [B, N, D], keysAndValues: [B, M, 2 D], mask: [B, M]
final class BARTDecoderBlock: Module {
    let selfAttention: SelfAttention
    let selfNorm: LayerNorm
    let crossAttention: CrossAttention
    let crossNorm: LayerNorm
    let feedForward: FeedForward
    let feedForwardNorm: LayerNorm

    init(_ c: BARTConfiguration) {
        selfAttention = SelfAttention(width: c.width, heads: c.decoderHeads, causal: true)
        selfNorm = LayerNorm(c.width)
        crossAttention = CrossAttention(width: c.width, contextWidth: c.width, heads: c.decoderHeads)
        crossNorm = LayerNorm(c.width)
        feedForward = FeedForward(width: c.width, hidden: c.decoderHidden, activation: c.activation)
        feedForwardNorm = LayerNorm(c.width)
        super.init()
    }

    func callAsFunction(_ x: Tensor, keysAndValues: Tensor, mask: Tensor?, after earlier: GrowingTensor?) -> Tensor {
        var h = selfNorm(x + (earlier.map { selfAttention(x, after: $0) } ?? selfAttention(x)))
        h = crossNorm(h + crossAttention(h, overKeysAndValues: keysAndValues, mask: mask))
        return feedForwardNorm(h + feedForward(h))
    }
}
