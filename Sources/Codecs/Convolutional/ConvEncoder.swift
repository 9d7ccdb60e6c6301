import Networks
import Tensors

/// Residual blocks at halving resolutions, then a middle block (Esser et al. 2021, arXiv 2012.09841).
///
///     x: [B, H, W, C]
///     returns [B, H / f, W / f, output]
public final class ConvEncoder: Module {
    private let patch: [Int]
    let input: Conv2d
    let levels: [EncoderLevel]
    let middle: MiddleBlock
    let norm: GroupNorm
    let output: Conv2d

    /// - Parameter output: channels of the result, twice the latent's where it is a distribution.
    public init(_ c: ConvCodecConfiguration, output channels: Int) {
        let widths = c.widths
        patch = c.patch
        input = Conv2d(c.patchChannels, widths[0], kernel: 3, weights: .unitGain(fanIn: 9 * c.patchChannels))
        levels = widths.indices.map { i in
            EncoderLevel(
                i == 0 ? widths[0] : widths[i - 1], widths[i], blocks: c.blocks, groups: c.normGroups,
                attends: c.attentionLevels.contains(i), isLast: i == widths.count - 1)
        }
        let deepest = widths[widths.count - 1]
        middle = MiddleBlock(deepest, groups: c.normGroups, attention: c.middleAttention)
        norm = .siluNorm(deepest, atMost: c.normGroups)
        output = Conv2d(deepest, channels, kernel: 3)
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        let h = levels.reduce(input(folded(x, by: patch))) { $1($0) }
        return output(norm(middle(h)))
    }
}

/// Blocks of one resolution, then half of it.
final class EncoderLevel: Module {
    let blocks: [ResidualBlock]
    /// One behind each block, or none.
    let attentions: [SpatialAttention]
    let downsample: Downsample?

    init(_ input: Int, _ width: Int, blocks count: Int, groups: Int, attends: Bool, isLast: Bool) {
        blocks = (0..<count).map { ResidualBlock($0 == 0 ? input : width, width, groups: groups) }
        attentions = attends ? (0..<count).map { _ in SpatialAttention(width, groups: groups) } : []
        downsample = isLast ? nil : Downsample(width)
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        var h = x
        for (i, block) in blocks.enumerated() {
            h = block(h)
            if !attentions.isEmpty { h = attentions[i](h) }
        }
        return downsample?(h) ?? h
    }
}
