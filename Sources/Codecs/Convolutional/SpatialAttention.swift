import Networks
import Tensors

/// Every position of a map looks at every other, with one head as wide as the map; the identity at
/// initialisation.
///
///     x: [B, H, W, C]
///     returns [B, H, W, C]
public final class SpatialAttention: Module {
    let norm: GroupNorm
    let queryKeyValue: Linear
    let output: Linear

    public init(_ channels: Int, groups: Int) {
        norm = .siluNorm(channels, atMost: groups, activation: .none)
        queryKeyValue = Linear(channels, 3 * channels)
        output = .zeros(channels, channels)
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        let (B, H, W, C) = x.shape4
        let packed = queryKeyValue(norm(x)).reshaped([B, H * W, 3, 1, C])
        return x + output(selfAttention(packed: packed).reshaped([B, H, W, C]))
    }
}

/// Block, attention if wanted, block: the middle of an encoder or decoder.
///
///     x: [B, H, W, C]
///     returns [B, H, W, C]
final class MiddleBlock: Module {
    let first: ResidualBlock
    let attention: SpatialAttention?
    let second: ResidualBlock

    init(_ channels: Int, groups: Int, attention attends: Bool) {
        first = ResidualBlock(channels, channels, groups: groups)
        attention = attends ? SpatialAttention(channels, groups: groups) : nil
        second = ResidualBlock(channels, channels, groups: groups)
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let h = first(x)
        return second(attention?(h) ?? h)
    }
}
