import Tensors

/// What a codec's latents are: the contract between it and every model trained on them.
public struct LatentSpec: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// Real numbers with mean 0 and deviation 1 over the training set.
        case continuous
        /// Indices below `codes`.
        case tokens(codes: Int)
    }

    public var kind: Kind
    /// Of one example: `[h, w, c]` for a continuous grid, `[h, w]` for tokens.
    public var shape: [Int]

    public init(kind: Kind, shape: [Int]) {
        self.kind = kind
        self.shape = shape
    }
}

/// What encoding gives.
public enum Encoding: Sendable {
    /// Mean and log-variance of the normalised latents, `[B, h, w, c]` each.
    case moments(mean: Tensor, logVariance: Tensor)
    /// `[B, h, w]`.
    case tokens(Tokens)
}

/// Media to latents and back. It normalises its own latents: nobody else multiplies by a scale.
public protocol Codec: AnyObject {
    var module: Module { get }
    /// Of the media: `[H, W, C]`.
    var mediaShape: [Int] { get }
    var latents: LatentSpec { get }
    /// x: `[B, H, W, C]` in [-1, 1].
    func encode(_ x: Tensor) -> Encoding
    /// Returns `[B, H, W, C]`, about in [-1, 1]. Convolutional codecs also decode grids of tokens `[B, h, w]` of other sizes.
    func decode(_ latents: Encoding) -> Tensor
}

extension Codec {
    /// Decodes normalised latents `[B, h, w, c]`.
    public func decode(_ latents: Tensor) -> Tensor {
        decode(.moments(mean: latents, logVariance: latents))
    }
}
