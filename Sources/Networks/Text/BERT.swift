import Tensors

/// Shape of a BERT encoder, as a published `config.json` states it.
public struct BERTConfiguration: Sendable, Equatable {
    public var vocabulary = 30_522
    public var width = 768
    public var depth = 12
    public var heads = 12
    /// Width of the feed-forward layers.
    public var hidden = 3072
    /// The longest text.
    public var positions = 512
    public var tokenTypes = 2
    public var eps: Float = 1e-12
    public var activation: Activation = .geluErf

    public init() {}

    /// Reads a published `config.json`; what this encoder cannot do is refused, never passed over.
    public init(_ json: JSONField) throws(InputError) {
        _ = try json.field("model_type").string(oneOf: ["bert"])
        vocabulary = try json.field("vocab_size").int(in: 1...1 << 24)
        width = try json.field("hidden_size").int(in: 1...65_536)
        depth = try json.field("num_hidden_layers").int(in: 0...1000)
        let heads = try json.field("num_attention_heads")
        self.heads = try heads.int(in: 1...4096)
        guard width % self.heads == 0 else { throw heads.mismatch("a divisor of hidden_size, \(width)") }
        hidden = try json.field("intermediate_size").int(in: 1...1 << 20)
        positions = try json.field("max_position_embeddings").int(in: 1...1 << 20)
        tokenTypes = try json.optional("type_vocab_size")?.int(in: 1...65_536) ?? 2
        if let field = try json.optional("layer_norm_eps") {
            eps = Float(try field.number())
            guard eps > 0, eps < 1 else { throw field.mismatch("a number above 0 and below 1") }
        }
        if let field = try json.optional("hidden_act") { activation = try Activation(published: field) }
        if let field = try json.optional("position_embedding_type") { _ = try field.string(oneOf: ["absolute"]) }
        for key in ["is_decoder", "add_cross_attention"] {
            if let field = try json.optional(key), try field.bool() {
                throw field.mismatch("false, as an encoder has it")
            }
        }
    }
}

/// BERT's encoder: post-norm Transformer blocks over words, learned positions and token types
/// (Devlin et al. 2019, arXiv 1810.04805, section 3).
///
///     ids: [B, L], mask: [B, L] with 1 to keep, types: [B, L], all 0 if nil
///     returns [B, L, D]
public final class BERTEncoder: Module {
    let words: Embedding
    let positions: Embedding
    let tokenTypes: Embedding
    let norm: LayerNorm
    let blocks: [PostNormBlock]
    public let configuration: BERTConfiguration

    public init(_ c: BERTConfiguration) {
        words = Embedding(c.vocabulary, width: c.width)
        positions = Embedding(c.positions, width: c.width)
        tokenTypes = Embedding(c.tokenTypes, width: c.width)
        norm = LayerNorm(c.width, eps: c.eps)
        blocks = (0..<c.depth).map { _ in
            PostNormBlock(width: c.width, heads: c.heads, hidden: c.hidden, activation: c.activation, eps: c.eps)
        }
        configuration = c
        super.init()
    }

    public func callAsFunction(_ ids: Tokens, mask: Tensor? = nil, types: Tokens? = nil) -> Tensor {
        blocks.reduce(embedded(ids, types)) { $1($0, mask: mask) }
    }

    /// The embeddings and the output of every block, the last of which is the encoder's: each `[B, L, D]`.
    public func states(_ ids: Tokens, mask: Tensor? = nil, types: Tokens? = nil) -> [Tensor] {
        var states = [embedded(ids, types)]
        for block in blocks { states.append(block(states.last!, mask: mask)) }
        return states
    }

    private func embedded(_ ids: Tokens, _ types: Tokens?) -> Tensor {
        require(
            ids.shape.count == 2 && ids.shape[1] <= configuration.positions,
            "BERTEncoder: tokens \(ids.shape), at most \(configuration.positions) positions")
        require(
            types == nil || types!.shape == ids.shape,
            "BERTEncoder: token types \(types!.shape) for tokens \(ids.shape)")
        let type = types.map { tokenTypes($0) } ?? tokenTypes.weight.value.slice(0, 0..<1)
        return norm(words(ids) + type + positions.weight.value.slice(0, 0..<ids.shape[1]))
    }
}

/// Post-norm Transformer block: the norm stands behind each sum (Vaswani et al. 2017, section 3.1).
///
///     x: [B, L, D], mask: [B, L]
final class PostNormBlock: Module {
    let attention: SelfAttention
    let attentionNorm: LayerNorm
    let feedForward: FeedForward
    let feedForwardNorm: LayerNorm

    init(width: Int, heads: Int, hidden: Int, activation: Activation, eps: Float = 1e-5) {
        attention = SelfAttention(width: width, heads: heads)
        attentionNorm = LayerNorm(width, eps: eps)
        feedForward = FeedForward(width: width, hidden: hidden, activation: activation)
        feedForwardNorm = LayerNorm(width, eps: eps)
        super.init()
    }

    func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
        let y = attentionNorm(x + attention(x, mask: mask))
        return feedForwardNorm(y + feedForward(y))
    }
}
