import Tensors

/// A small Vision Transformer whose states a model listens to as it would to words, trained together with it (Dosovitskiy et al. 2021, arXiv
/// 2010.11929); over patches of pictures, or of what a convolutional network makes of them (its hybrid, section 3.1).
///
///     x: [B, side, side, 3] in [-1, 1]
///     states: [B, N, D], pooled: [B, D], their mean
public final class PictureEncoder: Module {
    let features: FeatureNetwork?
    let patches: Linear
    let positions: Parameter
    let blocks: [TextBlock]
    let norm: LayerNorm
    public let side, patch, width: Int

    /// - Parameter seen: sizes of the convolutional network; patches are of its coarsest map then.
    public init(side: Int, patch: Int, width: Int, depth: Int, heads: Int, through seen: FeatureNetworkConfiguration? = nil) {
        let (map, channels) = (seen?.mapSide(of: side) ?? side, seen?.featureCount ?? 3)
        require(
            map > 0 && map % patch == 0 && width % heads == 0,
            "PictureEncoder: \(map) in patches of \(patch), \(width) over \(heads)")
        features = seen.map { c in
            var c = c
            c.classes = 0
            return FeatureNetwork(c)
        }
        patches = Linear(patch * patch * channels, width)
        positions = Parameter([map / patch * (map / patch), width], .normal(deviation: 0.02), decays: false)
        blocks = (0..<depth).map { _ in TextBlock(width: width, heads: heads) }
        norm = LayerNorm(width)
        (self.side, self.patch, self.width) = (side, patch, width)
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> EncodedText {
        require(Array(x.shape.dropFirst()) == [side, side, 3], "PictureEncoder: pictures \(x.shape) for a side of \(side)")
        let embedded = patches(patchified(features?.map(of: x) ?? x, patch)) + positions.value
        let states = norm(blocks.reduce(embedded) { $1($0, mask: nil) })
        return EncodedText(averaging: states, mask: .ones([x.shape[0], states.shape[1]]))
    }
}
