import Tensors

/// Twice norm, SiLU and convolution, added to the input; the identity at initialisation where the width
/// stays (He et al. 2016).
///
///     x: [B, H, W, in]
///     returns [B, H, W, out]
public final class ResidualBlock: Module {
    let norm1: GroupNorm
    let conv1: Conv2d
    let norm2: GroupNorm
    let conv2: Conv2d
    let shortcut: Linear?

    public init(_ input: Int, _ output: Int, groups: Int) {
        norm1 = .siluNorm(input, atMost: groups)
        conv1 = Conv2d(input, output, kernel: 3, weights: .unitGain(fanIn: 9 * input))
        norm2 = .siluNorm(output, atMost: groups)
        conv2 = Conv2d(output, output, kernel: 3, weights: .zeros)
        shortcut = input == output ? nil : Linear(input, output, weights: .unitGain(fanIn: input))
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        let h = conv2(norm2(conv1(norm1(x))))
        return (shortcut?(x) ?? x) + h
    }
}

extension GroupNorm {
    /// Norm with SiLU behind it, in at most `limit` groups: the largest number of them that divides the
    /// channels. With a limit of 0 each position by itself.
    package static func siluNorm(_ channels: Int, atMost limit: Int, activation: Activation = .silu) -> GroupNorm {
        let groups = limit == 0 ? 0 : (1...min(limit, channels)).last { channels % $0 == 0 }!
        return GroupNorm(channels, groups: groups, eps: 1e-6, activation: activation)
    }
}

extension Initializer {
    /// Keeps the size of what passes: N(0, 1 / fan in) (LeCun et al. 1998).
    package static func unitGain(fanIn: Int) -> Initializer { .normal(deviation: (1 / Float(fanIn)).squareRoot()) }
}
