import Tensors

/// Sizes of a feature network; one level for each multiplier, each at half the resolution of the one before.
public struct FeatureNetworkConfiguration: Sendable, Equatable {
    /// Channels of a level are this times its multiplier.
    public var channels = 16
    /// Finest level first.
    public var multipliers = [1, 2, 4, 8]
    /// Residual blocks in each level.
    public var blocks = 1
    /// Groups of a norm, or the next smaller number that divides its channels.
    public var groups = 8
    /// 0 for a network that is not asked.
    public var classes = 2
    /// Channels of what it looks at: 3 of pictures, 1 of spectrograms.
    public var media = 3

    public init() {}

    /// Channels of each level, finest first.
    package var widths: [Int] { multipliers.map { channels * $0 } }

    /// F, the size of the vector of a picture or spectrogram.
    public var featureCount: Int { widths.last ?? channels }

    /// Side of the coarsest level's map.
    public func mapSide(of side: Int) -> Int { side >> (multipliers.count - 1) }
}

/// A small classifier of pictures or spectrograms, and what it sees on the way: residual blocks at halving resolutions, the mean over positions,
/// one linear layer (He et al. 2016, arXiv 1603.05027).
///
///     x: [B, H, W, media] in [-1, 1], of any size from `smallestSide` on
///     returns [B, classes], logits
///
/// Group norm (Wu & He 2018) stands where the paper has batch norm: what it says of a picture does not depend on the batch.
public final class FeatureNetwork: Module, FeatureExtractor {
    public let configuration: FeatureNetworkConfiguration
    let input: Conv2d
    let levels: [FeatureLevel]
    let norm: GroupNorm
    let output: Linear?

    public init(_ c: FeatureNetworkConfiguration) {
        require(!c.multipliers.isEmpty && c.classes >= 0, "FeatureNetwork: levels \(c.multipliers), \(c.classes) classes")
        configuration = c
        let widths = c.widths
        input = Conv2d(c.media, widths[0], kernel: 3, weights: .unitGain(fanIn: 9 * c.media))
        levels = widths.indices.map { i in
            FeatureLevel(i == 0 ? nil : widths[i - 1], widths[i], blocks: c.blocks, groups: c.groups)
        }
        norm = .siluNorm(c.featureCount, atMost: c.groups)
        output = c.classes > 0 ? Linear(c.featureCount, c.classes) : nil
        super.init()
    }

    public var mediaChannels: Int { configuration.media }

    /// So that the coarsest level has a position.
    public var smallestSide: Int { 1 << (levels.count - 1) }

    /// What each level hands on, finest first: `[B, H / 2^i, W / 2^i, channels of level i]`, rounded down.
    public func maps(of x: Tensor) -> [Tensor] {
        let (_, height, width, channels) = x.shape4
        require(
            channels == mediaChannels && min(height, width) >= smallestSide,
            "FeatureNetwork: media \(x.shape), \(mediaChannels) channels, sides from \(smallestSide) on")
        var maps: [Tensor] = []
        for level in levels { maps.append(level(maps.last ?? input(x))) }
        return maps
    }

    /// The coarsest level's, as the classifier sees it: `[B, H / 2^i, W / 2^i, F]`.
    public func map(of x: Tensor) -> Tensor {
        let maps = maps(of: x)
        return norm(maps[maps.count - 1])
    }

    public func vectors(of x: Tensor) -> Tensor { map(of: x).cast(to: .f32).mean([1, 2]) }  // [B, F]

    public func callAsFunction(_ x: Tensor) -> Tensor {
        guard let output else { fatalError("FeatureNetwork: a network without classes is not asked") }
        return output(vectors(of: x)).cast(to: .f32)
    }
}

/// Half the resolution, unless it is the finest, then residual blocks.
///
///     x: [B, H, W, input]
///     returns [B, H / 2, W / 2, width]
final class FeatureLevel: Module {
    let downsample: Downsample?
    let blocks: [ResidualBlock]

    /// - Parameter input: channels of the finer level; nil for the finest.
    init(_ input: Int?, _ width: Int, blocks count: Int, groups: Int) {
        downsample = input.map { Downsample($0) }
        blocks = (0..<count).map { ResidualBlock($0 == 0 ? input ?? width : width, width, groups: groups) }
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor { blocks.reduce(downsample?(x) ?? x) { $1($0) } }
}
