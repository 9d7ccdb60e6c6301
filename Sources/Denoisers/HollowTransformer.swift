import Diffusion
import Networks
import Tensors

/// A Transformer whose output for a token never depends on that token (Sun et al. 2023, arXiv 2211.16750, section 4.2): one stream
/// reads the tokens before it, in raster order, another those after it, and a readout merges the two.
///
///     x: [B, N], K where masked
///     t: B times in the model's published units, counted from 0
///     returns [B, N, K]
public final class HollowTransformer: Module, TokenNetwork {
    public let configuration: TokenTransformerConfiguration
    let embedding: Embedding
    let rowPositions: Embedding
    let columnPositions: Embedding
    let time: TimeEmbedding?
    let classes: Embedding?
    public let nullText: Parameter?
    /// Each stream's first state, which knows of no token.
    let start: Embedding
    let forwards: [TokenBlock]
    let backwards: [TokenBlock]
    let merge: Linear
    let readoutNorm: AdaptiveNorm
    let readout: FeedForward
    let norm: LayerNorm
    let output: Linear

    /// - Parameter c: with `depth` blocks in each stream.
    public init(_ c: TokenTransformerConfiguration) {
        configuration = c
        embedding = Embedding(c.codes + 1, width: c.dim)
        rowPositions = Embedding(c.rows, width: c.dim)
        columnPositions = Embedding(c.columns, width: c.dim)
        time = c.time == .sinusoid ? TimeEmbedding(width: c.dim) : nil
        classes = c.classes > 0 ? Embedding(c.classes + 1, width: c.dim) : nil
        nullText = c.contextWidth > 0 ? Parameter([c.contextWidth], .normal(deviation: 0.02), decays: false) : nil
        start = Embedding(2, width: c.dim)
        var causal = c
        causal.isCausal = true
        forwards = (0..<c.depth).map { _ in TokenBlock(causal) }
        backwards = (0..<c.depth).map { _ in TokenBlock(causal) }
        merge = Linear(2 * c.dim, c.dim)
        readoutNorm = AdaptiveNorm(c)
        readout = FeedForward(width: c.dim, hidden: c.mlpRatio * c.dim, activation: c.activation)
        norm = LayerNorm(c.dim)
        output = Linear(c.dim, c.outputs ?? c.codes)
        super.init()
    }

    public func callAsFunction(
        _ x: Tokens, t: [Float], classes labels: [Int]? = nil, text: EncodedText? = nil, scope: RunScope? = nil
    ) -> Tensor {
        check(x, t)
        let told = time.map { silu($0(t)) }  // [B, D]
        let words = text ?? classes.heard(labels)
        let known = embedding(x)  // [B, N, D]
        let places = gridPositions(rowPositions, columnPositions, 0..<configuration.tokens)  // [N, D]

        func stream(_ blocks: [TokenBlock], isForward: Bool) -> Tensor {
            var h = shifted(known, isForward: isForward) + ordered(places.unsqueezed(0), isForward)
            for (i, block) in blocks.enumerated() {
                let name = isForward ? i : blocks.count + i
                let heard = words.flatMap { block.crossAttention?.heard($0, in: name, scope) }
                h = block(h, time: told, steps: t, keysAndValues: heard, wordMask: words?.mask)
            }
            return ordered(h, isForward)
        }
        let both = [stream(forwards, isForward: true), stream(backwards, isForward: false)]
        var h = merge(concatenated(both, axis: 2))
        h = h + readout(readoutNorm(h, time: told, steps: t))
        return output(norm(h)).cast(to: .f32)
    }

    /// The tokens in the order of a stream, each a place later, behind the stream's first state: `[B, N, D]`.
    private func shifted(_ known: Tensor, isForward: Bool) -> Tensor {
        let (B, N, D) = known.shape3
        let first = start(Tokens([Int](repeating: isForward ? 0 : 1, count: B))).unsqueezed(1)  // [B, 1, D]
        if N == 1 { return first }
        let rows = isForward ? Array(0..<N - 1) : (1..<N).reversed()
        let earlier = known.picked(Tokens((0..<B).flatMap { b in rows.map { Int32(b * N + $0) } }, [B, N - 1]))
        return concatenated([first, earlier.reshaped([B, N - 1, D])], axis: 1)
    }

    /// `[B, N, D]` as it is, or with its N places reversed.
    private func ordered(_ x: Tensor, _ isForward: Bool) -> Tensor {
        if isForward { return x }
        let (B, N, _) = x.shape3
        return x.picked(Tokens((0..<B).flatMap { b in (0..<N).reversed().map { Int32(b * N + $0) } }, [B, N]))
    }
}
