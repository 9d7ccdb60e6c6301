import Tensors

/// A small Vision Transformer whose states a model listens to as it would to words, trained together with it (Dosovitskiy et al. 2021, arXiv
/// 2010.11929).
///
///     x: [B, side, side, 3] in [-1, 1]
///     states: [B, N, D], pooled: [B, D], their mean
public final class PictureEncoder: Module {
    let patches: Linear
    let positions: Parameter
    let blocks: [TextBlock]
    let norm: LayerNorm
    public let side, patch, width: Int

    public init(side: Int, patch: Int, width: Int, depth: Int, heads: Int) {
        require(side % patch == 0 && width % heads == 0, "PictureEncoder: \(side) in patches of \(patch), \(width) over \(heads)")
        patches = Linear(patch * patch * 3, width)
        positions = Parameter([side / patch * (side / patch), width], .normal(deviation: 0.02), decays: false)
        blocks = (0..<depth).map { _ in TextBlock(width: width, heads: heads) }
        norm = LayerNorm(width)
        (self.side, self.patch, self.width) = (side, patch, width)
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> EncodedText {
        require(Array(x.shape.dropFirst()) == [side, side, 3], "PictureEncoder: pictures \(x.shape) for a side of \(side)")
        let embedded = patches(patchified(x, patch)) + positions.value
        let states = norm(blocks.reduce(embedded) { $1($0, mask: nil) })
        return EncodedText(averaging: states, mask: .ones([x.shape[0], states.shape[1]]))
    }
}
