import Tensors

/// A frozen network that looks at pictures or spectrograms: for perceptual losses and for distances between sets of them.
///
/// Numbers made with one are comparable with nothing but numbers made with the same one.
public protocol FeatureExtractor: AnyObject {
    /// Maps from shallow to deep, `[B, h, w, C]` each, of media `[B, H, W, mediaChannels]` in [-1, 1].
    func maps(of x: Tensor) -> [Tensor]
    /// One vector a picture or spectrogram: `[B, F]`.
    func vectors(of x: Tensor) -> Tensor
    /// 3 of pictures, 1 of spectrograms.
    var mediaChannels: Int { get }
    /// Media have at least so many rows and columns.
    var smallestSide: Int { get }
}

extension FeatureExtractor {
    public var mediaChannels: Int { 3 }
    public var smallestSide: Int { 1 }
}
