import Tensors

/// x Wᵀ + b, with an activation fused behind it.
///
///     x: [..., in]
///     returns [..., out]
public final class Linear: Module {
    let weight: Parameter
    let bias: Parameter?
    private let activation: Activation

    public init(
        _ input: Int, _ output: Int, bias: Bool = true, activation: Activation = .none, weights: Initializer? = nil,
        biases: Initializer = .zeros
    ) {
        weight = Parameter(
            [output, input], weights ?? .xavierUniform(fanIn: input, fanOut: output), decays: true)
        self.bias = bias ? Parameter([output], biases, decays: false) : nil
        self.activation = activation
        super.init()
    }

    /// All zeros: the layer contributes nothing until it has learned to.
    public static func zeros(_ input: Int, _ output: Int) -> Linear { Linear(input, output, weights: .zeros) }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        linear(x, weight.value, bias?.value, activation: activation)
    }
}

/// A table of vectors, one for each token or class.
///
///     tokens: [...]
///     returns [..., D]
public final class Embedding: Module {
    let weight: Parameter

    public init(_ count: Int, width: Int, deviation: Float = 0.02) {
        weight = Parameter([count, width], .normal(deviation: deviation), decays: false)
        super.init()
    }

    /// `[count, width]`.
    public var table: Tensor { weight.value }

    public func callAsFunction(_ tokens: Tokens) -> Tensor { embedding(weight.value, tokens) }
}
