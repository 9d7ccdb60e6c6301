import Networks
import Tensors

/// A middle block, then residual blocks at doubling resolutions (Esser et al. 2021, arXiv 2012.09841).
///
///     z: [B, h, w, latentChannels]
///     returns [B, f h, f w, C]
public final class ConvDecoder: Module {
    private let patch: [Int]
    let input: Conv2d
    let middle: MiddleBlock
    /// Coarsest first.
    let levels: [DecoderLevel]
    let norm: GroupNorm
    let output: Conv2d

    public init(_ c: ConvCodecConfiguration) {
        let widths = Array(c.widths.reversed())
        patch = c.patch
        input = Conv2d(
            c.latentChannels, widths[0], kernel: 3, weights: .unitGain(fanIn: 9 * c.latentChannels))
        middle = MiddleBlock(widths[0], groups: c.normGroups, attention: c.middleAttention)
        levels = widths.indices.map { i in
            DecoderLevel(
                i == 0 ? widths[0] : widths[i - 1], widths[i], blocks: c.blocks + 1, groups: c.normGroups,
                attends: c.attentionLevels.contains(widths.count - 1 - i), isLast: i == widths.count - 1)
        }
        norm = .siluNorm(widths[widths.count - 1], atMost: c.normGroups)
        output = Conv2d(widths[widths.count - 1], c.patchChannels, kernel: 3)
        super.init()
    }

    public func callAsFunction(_ z: Tensor) -> Tensor { media(of: features(z)) }

    /// The last convolution, of `features`.
    func media(of features: Tensor) -> Tensor { unfolded(output(features), by: patch) }

    /// What the last convolution sees: `[B, f h, f w, channels]`.
    func features(_ z: Tensor) -> Tensor { norm(levels.reduce(middle(input(z))) { $1($0) }) }
}

/// Blocks of one resolution, then twice it.
final class DecoderLevel: Module {
    let blocks: [ResidualBlock]
    /// One behind each block, or none.
    let attentions: [SpatialAttention]
    let upsample: Upsample?

    init(_ input: Int, _ width: Int, blocks count: Int, groups: Int, attends: Bool, isLast: Bool) {
        blocks = (0..<count).map { ResidualBlock($0 == 0 ? input : width, width, groups: groups) }
        attentions = attends ? (0..<count).map { _ in SpatialAttention(width, groups: groups) } : []
        upsample = isLast ? nil : Upsample(width)
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        var h = x
        for (i, block) in blocks.enumerated() {
            h = block(h)
            if !attentions.isEmpty { h = attentions[i](h) }
        }
        return upsample?(h) ?? h
    }
}
