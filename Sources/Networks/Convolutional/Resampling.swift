import Tensors

/// Half the rows and columns by a convolution of stride 2, padded below and on the right only.
///
///     x: [B, H, W, C]
///     returns [B, H / 2, W / 2, C]
public final class Downsample: Module {
    let conv: Conv2d

    public init(_ channels: Int) {
        conv = Conv2d(
            channels, channels, kernel: 3, stride: 2, padding: Padding(top: 0, bottom: 1, left: 0, right: 1),
            weights: .unitGain(fanIn: 9 * channels))
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { conv(x) }
}

/// Twice the rows and columns: each pixel repeated, then a convolution.
///
///     x: [B, H, W, C]
///     returns [B, 2H, 2W, C]
public final class Upsample: Module {
    let conv: Conv2d

    public init(_ channels: Int) {
        conv = Conv2d(channels, channels, kernel: 3, weights: .unitGain(fanIn: 9 * channels))
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { conv(upsampledNearest(x)) }
}
