import Tensors

/// What a text encoder makes of a batch of captions.
public struct EncodedText: Sendable {
    /// `[B, L, D]`.
    public var states: Tensor
    /// `[B, D]`.
    public var pooled: Tensor
    /// `[B, L]`, 1 where there is a word.
    public var mask: Tensor

    public init(states: Tensor, pooled: Tensor, mask: Tensor) {
        self.states = states
        self.pooled = pooled
        self.mask = mask
    }

    /// Pooled as the mean over words.
    public init(averaging states: Tensor, mask: Tensor) {
        let weights = mask / maximum(mask.sum(1, keep: true), Tensor(1))
        self.init(states: states, pooled: (states * weights.unsqueezed(2)).sum(1), mask: mask)
    }
}

extension EncodedText {
    /// What is heard instead of each caption whose `keeps` is 0: one word, so that attention always has something to look at.
    ///
    ///     null: [D], keeps: [B], 1 keeps the caption
    public func dropped(to null: Tensor, keeps: Tensor) -> EncodedText {
        let k = keeps.unsqueezed(1)  // [B, 1]
        var first = [Float](repeating: 0, count: mask.shape[1])
        first[0] = 1
        return EncodedText(
            states: states * k.unsqueezed(2) + (1 - k.unsqueezed(2)) * null,
            pooled: pooled * k + (1 - k) * null,
            mask: mask * k + (1 - k) * Tensor(first, [1, first.count]))
    }
}

/// A small pre-norm Transformer over caption tokens, trained together with the model that listens to it.
///
///     tokens: [B, L], 0 is padding
///     states: [B, L, D], pooled: [B, D], the mean over words
public final class TextEncoder: Module {
    let tokens: Embedding
    let positions: Parameter
    let blocks: [TextBlock]
    let norm: LayerNorm
    public let vocabulary: Int
    public let width: Int
    public let length: Int

    public init(vocabulary: Int, length: Int, width: Int, depth: Int, heads: Int) {
        tokens = Embedding(vocabulary, width: width)
        positions = Parameter([length, width], .normal(deviation: 0.02), decays: false)
        blocks = (0..<depth).map { _ in TextBlock(width: width, heads: heads) }
        norm = LayerNorm(width)
        self.vocabulary = vocabulary
        self.width = width
        self.length = length
        super.init()
    }

    public func callAsFunction(_ ids: Tokens) -> EncodedText {
        require(ids.shape.count == 2 && ids.shape[1] == length, "TextEncoder: tokens \(ids.shape), length \(length)")
        let mask = Tensor(ids.values.map { $0 == 0 ? 0 : 1 }, ids.shape)
        let embedded = tokens(ids) + positions.value
        return EncodedText(averaging: norm(blocks.reduce(embedded) { $1($0, mask: mask) }), mask: mask)
    }
}

/// Pre-norm Transformer block.
///
///     x: [B, L, D], mask: [B, L]
final class TextBlock: Module {
    let attentionNorm: LayerNorm
    let attention: SelfAttention
    let feedForwardNorm: LayerNorm
    let feedForward: FeedForward

    init(width: Int, heads: Int, rotary: RotaryPositions? = nil) {
        attentionNorm = LayerNorm(width)
        attention = SelfAttention(width: width, heads: heads, rotary: rotary)
        feedForwardNorm = LayerNorm(width)
        feedForward = FeedForward(width: width, hidden: 4 * width)
        super.init()
    }

    func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
        let y = x + attention(attentionNorm(x), mask: mask)
        return y + feedForward(feedForwardNorm(y))
    }
}
