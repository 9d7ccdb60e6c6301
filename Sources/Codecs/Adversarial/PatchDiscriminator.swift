import Networks
import Tensors

/// Sizes of a patch discriminator.
public struct PatchDiscriminatorConfiguration: Sendable, Equatable {
    public enum Norm: String, Sendable, CaseIterable { case group, none }

    /// Of the pictures.
    public var mediaChannels = 3
    /// Of the first layer; each following one has twice as many, up to eight times.
    public var channels = 64
    /// Halvings: with 3, a logit judges 70 x 70 pixels.
    public var layers = 3
    public var norm = Norm.group

    public init() {}

    /// Positions that a side of `size` pixels is judged at, 0 where the picture is too small.
    public func positions(_ size: Int) -> Int { max(0, (0..<layers).reduce(size) { size, _ in size / 2 } - 2) }
}

/// Tells real pictures from decoded ones, patch by patch (Isola et al. 2017, arXiv 1611.07004, section 3.2.2).
///
///     x: [B, H, W, C] in [-1, 1]
///     returns logits [B, H / 2^layers - 2, W / 2^layers - 2, 1], high for real
///
/// Group norm stands where the paper and taming-transformers have batch norm: the house has none, since what a pass says of an
/// example must not depend on the batch.
public final class PatchDiscriminator: Module {
    public let configuration: PatchDiscriminatorConfiguration
    let layers: [PatchLayer]
    let output: Conv2d

    public init(_ c: PatchDiscriminatorConfiguration) {
        configuration = c
        let widths = (0...c.layers).map { c.channels * min(1 << $0, 8) }
        layers = widths.indices.map { i in
            PatchLayer(
                i == 0 ? c.mediaChannels : widths[i - 1], widths[i], stride: i < c.layers ? 2 : 1,
                norm: i == 0 ? .none : c.norm)
        }
        output = Conv2d(widths[c.layers], 1, kernel: 4, padding: Padding(1), weights: .normal(deviation: 0.02))
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { output(layers.reduce(x) { $1($0) }).cast(to: .f32) }
}

/// Convolution, norm, leaky ReLU.
///
///     x: [B, H, W, in]
///     returns [B, H / stride, W / stride, out], one row and column less at stride 1
final class PatchLayer: Module {
    let conv: Conv2d
    let norm: GroupNorm?

    init(_ input: Int, _ output: Int, stride: Int, norm: PatchDiscriminatorConfiguration.Norm) {
        conv = Conv2d(
            input, output, kernel: 4, stride: stride, padding: Padding(1), weights: .normal(deviation: 0.02))
        self.norm = norm == .none ? nil : .siluNorm(output, atMost: 8, activation: .none)
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let h = conv(x)
        return (norm?(h) ?? h).leakyRelu(0.2)
    }
}
