import Diffusion
import Networks
import Tensors

/// Sizes and options of a Transformer over tokens.
public struct TokenTransformerConfiguration: Sendable, Equatable {
    /// How blocks are told the time.
    public enum Time: String, Sendable, CaseIterable {
        /// Not at all: of masked tokens, how many there are says it.
        case none
        /// A sinusoid through two layers, as the released VQ-Diffusion.
        case sinusoid
        /// A vector for each step of the chain and each norm, as diffusers' VQ-Diffusion.
        case table
    }

    /// K, the codes it predicts; the mask it may see is one more.
    public var codes = 512
    public var rows = 16, columns = 16
    /// Width D, a multiple of `heads`.
    public var dim = 256
    public var depth = 8
    public var heads = 8
    public var mlpRatio = 4
    public var time = Time.sinusoid
    /// Steps of the chain, for times by table.
    public var steps = 100
    /// Width of what is listened to by cross-attention, 0 for nothing.
    public var contextWidth = 0
    /// Class labels, 0 for none; one more row is the null class. A class is listened to as a text of one word.
    public var classes = 0
    public var activation = Activation.gelu
    /// Attention also depends on where tokens are to each other, besides the learned positions of rows and columns.
    public var isRotary = false
    /// Tokens look at those before them only, in rows from the top.
    public var isCausal = false
    /// Values predicted for each token; `codes` when nil. A critic predicts one.
    public var outputs: Int?

    public init() {}

    public var tokens: Int { rows * columns }
    var listensTo: Int { classes > 0 ? dim : contextWidth }
    var rotary: RotaryPositions? { isRotary ? RotaryPositions(rows: rows, columns: columns, headWidth: dim / heads) : nil }
}

/// A Transformer over a grid of tokens with norms that adapt to the time and cross-attention to words (Gu et al. 2022,
/// arXiv 2111.14822, section 4.1).
///
///     x: [B, N], K where masked
///     t: B times in the model's published units, counted from 0
///     returns [B, N, K]
///
/// A causal one says at position n what comes next, of K and the first n tokens, so that it is given what it shall continue:
/// `[B, n + 1]`, K first. Where a run remembers the positions before, only the new ones are worked out: `[B, 1, K]`.
public final class TokenTransformer: Module, TokenNetwork {
    public let configuration: TokenTransformerConfiguration
    let embedding: Embedding
    let rowPositions: Embedding
    let columnPositions: Embedding
    let time: TimeEmbedding?
    let classes: Embedding?
    public let nullText: Parameter?
    let blocks: [TokenBlock]
    let norm: LayerNorm
    let output: Linear

    public init(_ c: TokenTransformerConfiguration) {
        require(c.dim % c.heads == 0, "TokenTransformer: width \(c.dim) is not a multiple of \(c.heads) heads")
        configuration = c
        embedding = Embedding(c.codes + 1, width: c.dim)
        rowPositions = Embedding(c.rows, width: c.dim)
        columnPositions = Embedding(c.columns, width: c.dim)
        time = c.time == .sinusoid ? TimeEmbedding(width: c.dim) : nil
        classes = c.classes > 0 ? Embedding(c.classes + 1, width: c.dim) : nil
        nullText = c.contextWidth > 0 ? Parameter([c.contextWidth], .normal(deviation: 0.02), decays: false) : nil
        blocks = (0..<c.depth).map { _ in TokenBlock(c) }
        norm = LayerNorm(c.dim)
        output = Linear(c.dim, c.outputs ?? c.codes)
        super.init()
    }

    public func callAsFunction(
        _ x: Tokens, t: [Float], classes labels: [Int]? = nil, text: EncodedText? = nil, scope: RunScope? = nil
    ) -> Tensor {
        let c = configuration
        let (B, N) = (x.shape[0], x.shape[1])
        require(
            (c.isCausal ? N <= c.tokens : N == c.tokens) && t.count == B,
            "TokenTransformer: tokens \(x.shape) and \(t.count) times for \(c.tokens)")
        let known = c.isCausal ? scope?.growing("positions of block 0").count ?? 0 : 0
        let new = known == 0 ? x : Tokens((0..<B).flatMap { x.values[$0 * N + known..<($0 + 1) * N] }, [B, N - known])
        var h = embedding(new) + gridPositions(rowPositions, columnPositions, known..<N)  // [B, N, D]
        let told = time.map { silu($0(t)) }  // [B, D]
        let words = text ?? classes.heard(labels)
        for (i, block) in blocks.enumerated() {
            let heard = words.flatMap { block.crossAttention?.heard($0, in: i, scope) }
            let earlier = c.isCausal ? scope?.growing("positions of block \(i)") : nil
            h = block(h, time: told, steps: t, keysAndValues: heard, wordMask: words?.mask, after: earlier)
        }
        return output(norm(h)).cast(to: .f32)
    }
}

/// Self-attention, cross-attention and a feed-forward layer, each behind a norm.
///
///     x: [B, N, D]
final class TokenBlock: Module {
    let selfNorm: AdaptiveNorm
    let selfAttention: SelfAttention
    let crossNorm: AdaptiveNorm?
    let crossAttention: CrossAttention?
    let feedForwardNorm: LayerNorm
    let feedForward: FeedForward

    init(_ c: TokenTransformerConfiguration) {
        selfNorm = AdaptiveNorm(c)
        selfAttention = SelfAttention(width: c.dim, heads: c.heads, causal: c.isCausal, rotary: c.rotary)
        let crosses = c.listensTo > 0
        crossNorm = crosses ? AdaptiveNorm(c) : nil
        crossAttention = crosses ? CrossAttention(width: c.dim, contextWidth: c.listensTo, heads: c.heads) : nil
        feedForwardNorm = LayerNorm(c.dim)
        feedForward = FeedForward(width: c.dim, hidden: c.mlpRatio * c.dim, activation: c.activation)
        super.init()
    }

    func callAsFunction(
        _ x: Tensor, time: Tensor?, steps: [Float], keysAndValues: Tensor?, wordMask: Tensor?, after earlier: GrowingTensor? = nil
    ) -> Tensor {
        let seen = selfNorm(x, time: time, steps: steps)
        var h = x + (earlier.map { selfAttention(seen, after: $0) } ?? selfAttention(seen))
        if let crossNorm, let crossAttention, let keysAndValues {
            h = h + crossAttention(crossNorm(h, time: time, steps: steps), overKeysAndValues: keysAndValues, mask: wordMask)
        }
        return h + feedForward(feedForwardNorm(h))
    }
}

/// Layer norm whose scale and shift follow the time, or are learned where the network is not told it.
///
///     x: [B, N, D], time: [B, D] through SiLU
final class AdaptiveNorm: Module {
    let fixed: LayerNorm?
    let table: Embedding?
    let modulation: Linear?

    init(_ c: TokenTransformerConfiguration) {
        fixed = c.time == .none ? LayerNorm(c.dim) : nil
        table = c.time == .table ? Embedding(c.steps, width: c.dim) : nil
        modulation = c.time == .none ? nil : .zeros(c.dim, 2 * c.dim)
        super.init()
    }

    func callAsFunction(_ x: Tensor, time: Tensor?, steps: [Float]) -> Tensor {
        guard let modulation else { return fixed!(x) }
        let told = table.map { silu($0(Tokens(steps.map { Int($0.rounded()) }))) } ?? time!
        let m = modulation(told).chunked(2, axis: 1)  // scale, shift
        return normModulate(x, scale: m[0], shift: m[1], eps: 1e-5)
    }
}
