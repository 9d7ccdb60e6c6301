import Tensors

/// Any number of states to a fixed number of latents: learned queries look at the states and at one another, layer after layer (Jaegle et
/// al. 2021, arXiv 2103.03206; as the compressor of Lovelace et al. 2023, arXiv 2212.09462, version 2).
///
///     states: [B, L, D], mask: [B, L] with 1 to keep
///     returns [B, M, C], each latent of length √C
public final class PerceiverCompressor: Module {
    let queries: Parameter
    let positions: Parameter
    let layers: [PerceiverLayer]
    let norm: LayerNorm
    let output: Linear

    /// - Parameters:
    ///   - width: D of the states and of what happens inside.
    ///   - latents: M, of width `latentWidth` C.
    ///   - length: the most states.
    public init(width: Int, latents: Int, latentWidth: Int, length: Int, depth: Int, heads: Int) {
        queries = Parameter([latents, width], .normal(deviation: 0.02), decays: false)
        positions = Parameter([length, width], .normal(deviation: 0.02), decays: false)
        layers = (0..<depth).map { _ in PerceiverLayer(width: width, heads: heads) }
        norm = LayerNorm(width)
        output = Linear(width, latentWidth)
        super.init()
    }

    public func callAsFunction(_ states: Tensor, mask: Tensor) -> Tensor {
        let (B, L, D) = states.shape3
        require(L <= positions.shape[0] && mask.shape == [B, L], "PerceiverCompressor: \(states.shape), mask \(mask.shape)")
        let seen = states + positions.value.slice(0, 0..<L)
        let M = queries.shape[0]
        let whole = concatenated([mask, .ones([B, M])], axis: 1)
        let start = queries.value.unsqueezed(0).broadcast(to: [B, M, D]).contiguous()
        let latents = layers.reduce(start) { $1($0, over: seen, mask: whole) }
        return unitRows(output(norm(latents)))
    }
}

/// Each state to a latent of fewer channels, which speaks of its own token alone.
///
///     states: [B, L, D]
///     returns [B, L, C], each latent of length √C
public final class StateCompressor: Module {
    let norm: LayerNorm
    let output: Linear

    public init(width: Int, latentWidth: Int) {
        norm = LayerNorm(width)
        output = Linear(width, latentWidth)
        super.init()
    }

    public func callAsFunction(_ states: Tensor) -> Tensor { unitRows(output(norm(states))) }
}

/// Latents to as many states, which a decoder listens to.
///
///     latents: [B, M, C], mask: [B, M] with 1 to keep, all when nil
///     returns [B, M, D]
public final class PerceiverReconstructor: Module {
    let input: Linear
    let positions: Parameter
    let blocks: [TextBlock]
    let norm: LayerNorm

    public init(width: Int, latents: Int, latentWidth: Int, depth: Int, heads: Int) {
        input = Linear(latentWidth, width)
        positions = Parameter([latents, width], .normal(deviation: 0.02), decays: false)
        blocks = (0..<depth).map { _ in TextBlock(width: width, heads: heads) }
        norm = LayerNorm(width)
        super.init()
    }

    public func callAsFunction(_ latents: Tensor, mask: Tensor? = nil) -> Tensor {
        let (B, M, _) = latents.shape3
        let mask = mask ?? .ones([B, M])
        return norm(blocks.reduce(input(latents) + positions.value.slice(0, 0..<M)) { $1($0, mask: mask) })
    }
}

/// Latents look at states and latents, then think.
///
///     latents: [B, M, D], states: [B, L, D], mask: [B, L + M]
final class PerceiverLayer: Module {
    let latentNorm: LayerNorm
    let stateNorm: LayerNorm
    let attention: CrossAttention
    let feedForwardNorm: LayerNorm
    let feedForward: FeedForward

    init(width: Int, heads: Int) {
        latentNorm = LayerNorm(width)
        stateNorm = LayerNorm(width)
        attention = CrossAttention(width: width, contextWidth: width, heads: heads)
        feedForwardNorm = LayerNorm(width)
        feedForward = FeedForward(width: width, hidden: 4 * width)
        super.init()
    }

    func callAsFunction(_ latents: Tensor, over states: Tensor, mask: Tensor) -> Tensor {
        let asking = latentNorm(latents)
        let seen = concatenated([stateNorm(states).cast(to: asking.dtype), asking], axis: 1)
        let h = latents + attention(asking, over: seen, mask: mask)
        return h + feedForward(feedForwardNorm(h))
    }
}

/// Rows of length √C.
private func unitRows(_ x: Tensor) -> Tensor {
    let x = x.cast(to: .f32)
    let C = Float(x.shape[x.rank - 1])
    return x * (x.square().mean([-1], keep: true) + 1e-12 / C).rsqrt()
}
