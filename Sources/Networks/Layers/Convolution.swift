import Tensors

/// Convolution over a channels-last map.
///
///     x: [B, H, W, in]
///     returns [B, H', W', out]
public final class Conv2d: Module {
    /// `[out, kernel, kernel, in]`.
    package let weight: Parameter
    let bias: Parameter?
    private let stride: Int
    private let padding: Padding

    /// - Parameter padding: (kernel - 1) / 2 on each side when nil, so that stride 1 keeps the size.
    public init(
        _ input: Int, _ output: Int, kernel: Int, stride: Int = 1, padding: Padding? = nil, bias: Bool = true,
        weights: Initializer? = nil
    ) {
        let fanIn = kernel * kernel * input
        weight = Parameter([output, kernel, kernel, input], weights ?? .fanIn(fanIn), decays: true)
        self.bias = bias ? Parameter([output], weights == .zeros ? .zeros : .fanIn(fanIn), decays: false) : nil
        self.stride = stride
        self.padding = padding ?? Padding((kernel - 1) / 2)
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        convolution(x, weight: weight.value, bias: bias?.value, stride: stride, padding: padding)
    }
}
