import Tensors

/// Layer norm with learned scale and shift.
///
///     x: [..., D]
public final class LayerNorm: Module {
    let weight: Parameter
    let bias: Parameter
    private let eps: Float

    public init(_ width: Int, eps: Float = 1e-5) {
        weight = Parameter([width], .ones, decays: false)
        bias = Parameter([width], .zeros, decays: false)
        self.eps = eps
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        layerNorm(x, weight: weight.value, bias: bias.value, eps: eps)
    }
}

/// RMS norm with a learned scale.
///
///     x: [..., D]
public final class RMSNorm: Module {
    let weight: Parameter
    private let eps: Float

    public init(_ width: Int, eps: Float = 1e-6) {
        weight = Parameter([width], .ones, decays: false)
        self.eps = eps
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { rmsNorm(x, weight: weight.value, eps: eps) }
}

/// Group norm with learned scale and shift, and SiLU fused behind it if asked.
///
///     x: [B, H, W, C]
public final class GroupNorm: Module {
    let weight: Parameter
    let bias: Parameter
    private let groups: Int
    private let eps: Float
    private let activation: Activation

    /// - Parameter groups: 0 takes each position by itself, over all channels, so that no place depends on one far away.
    public init(_ channels: Int, groups: Int = 32, eps: Float = 1e-6, activation: Activation = .none) {
        require(
            groups > 0 ? channels % groups == 0 : activation == .none || activation == .silu,
            "GroupNorm: \(channels) channels in \(groups) groups")
        weight = Parameter([channels], .ones, decays: false)
        bias = Parameter([channels], .zeros, decays: false)
        self.groups = groups
        self.eps = eps
        self.activation = activation
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        if groups == 0 {
            let y = layerNorm(x, weight: weight.value, bias: bias.value, eps: eps)
            return activation == .silu ? y.silu() : y
        }
        return groupNorm(x, groups: groups, weight: weight.value, bias: bias.value, eps: eps, activation: activation)
    }
}
