import Tensors

/// A frozen network that looks at pictures: for perceptual losses and for distances between sets of pictures.
///
/// Numbers made with one are comparable with nothing but numbers made with the same one.
public protocol FeatureExtractor: AnyObject {
    /// Maps from shallow to deep, `[B, h, w, C]` each, of pictures `[B, H, W, 3]` in [-1, 1].
    func maps(of x: Tensor) -> [Tensor]
    /// One vector a picture: `[B, F]`.
    func vectors(of x: Tensor) -> Tensor
    /// Pictures have at least so many rows and columns.
    var smallestSide: Int { get }
}

extension FeatureExtractor {
    public var smallestSide: Int { 1 }
}
