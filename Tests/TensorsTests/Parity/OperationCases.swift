import Tensors
import TestKit

/// One operation of `ops.safetensors`: its differentiable inputs by name, and our way to compute it in PyTorch's layout.
struct OperationCase: Sendable, CustomStringConvertible {
    let name: String
    let inputs: [String]
    let run: @Sendable ([Tensor], Golden) -> Tensor

    var description: String { name }

    init(_ name: String, _ inputs: String..., run: @escaping @Sendable ([Tensor], Golden) -> Tensor) {
        self.name = name
        self.inputs = inputs
        self.run = run
    }
}

/// [B, C, H, W] to channels last, and back.
private func last(_ x: Tensor) -> Tensor { x.permuted([0, 2, 3, 1]) }
private func first(_ x: Tensor) -> Tensor { x.permuted([0, 3, 1, 2]) }
/// [B, H, N, K] to [B, N, H, K], and back.
private func heads(_ x: Tensor) -> Tensor { x.permuted([0, 2, 1, 3]) }

extension OperationCase {
    static let all: [OperationCase] = products + norms + attentions + maps + tokens + elementwise

    private static let products: [OperationCase] =
        ([("linear", .none), ("linear_gelu", .gelu), ("linear_geluErf", .geluErf), ("linear_silu", .silu)]
        as [(String, Activation)]).map { name, activation in
            OperationCase(name, "x", "weight", "bias") { v, _ in linear(v[0], v[1], v[2], activation: activation) }
        } + [OperationCase("matmul", "input", "other") { v, _ in matmul(v[0], v[1]) }]

    private static let norms: [OperationCase] = [
        OperationCase("layerNorm", "x", "weight", "bias") { v, _ in layerNorm(v[0], weight: v[1], bias: v[2], eps: 1e-5) },
        OperationCase("normModulate", "x", "scale", "shift") { v, _ in
            normModulate(v[0], scale: v[1], shift: v[2], eps: 1e-6)
        },
        OperationCase("rmsNorm", "x", "weight") { v, _ in rmsNorm(v[0], weight: v[1], eps: 1e-6) },
        OperationCase("groupNorm", "x", "weight", "bias") { v, _ in
            first(groupNorm(last(v[0]), groups: 3, weight: v[1], bias: v[2], eps: 1e-6))
        },
        OperationCase("groupNorm_silu", "x", "weight", "bias") { v, _ in
            first(groupNorm(last(v[0]), groups: 3, weight: v[1], bias: v[2], eps: 1e-6, activation: .silu))
        },
        OperationCase("gatedResidual", "x", "gate", "h") { v, _ in gatedResidual(v[0], gate: v[1], v[2]) },
    ]

    private static let attentions: [OperationCase] = [
        OperationCase("attention", "q", "k", "v") { v, _ in heads(attention(heads(v[0]), heads(v[1]), heads(v[2]))) },
        OperationCase("attention_masked", "q", "k", "v") { v, golden in
            let mask = golden.tokens("attention_masked.mask")
            let keep = Tensor(mask.values.map(Float.init), mask.shape)
            return heads(attention(heads(v[0]), heads(v[1]), heads(v[2]), mask: keep))
        },
        OperationCase("attention_causal", "q", "k", "v") { v, _ in
            heads(attention(heads(v[0]), heads(v[1]), heads(v[2]), causal: true))
        },
        OperationCase("attention_cross", "q", "k", "v") { v, _ in
            heads(attention(heads(v[0]), heads(v[1]), heads(v[2])))
        },
        OperationCase("attention_scaled", "q", "k", "v") { v, _ in
            heads(attention(heads(v[0]), heads(v[1]), heads(v[2]), scale: 0.2))
        },
    ]

    private static let maps: [OperationCase] =
        ([
            ("conv_k3", 1, Padding(1)), ("conv_k3_s2", 2, Padding(top: 0, bottom: 1, left: 0, right: 1)),
            ("conv_k4_s2", 2, Padding(1)), ("conv_k1", 1, Padding(0)),
        ] as [(String, Int, Padding)]).map { name, stride, padding in
            OperationCase(name, "x", "weight", "bias") { v, _ in
                first(convolution(last(v[0]), weight: last(v[1]), bias: v[2], stride: stride, padding: padding))
            }
        } + [OperationCase("upsampledNearest", "x") { v, _ in first(upsampledNearest(last(v[0]))) }]

    private static let tokens: [OperationCase] = [
        OperationCase("embedding", "table") { v, golden in embedding(v[0], golden.tokens("embedding.tokens")) },
        OperationCase("crossEntropy", "logits") { v, golden in
            crossEntropy(v[0], golden.tokens("crossEntropy.targets"))
        },
        OperationCase("softmax", "x") { v, _ in v[0].softmax() },
        OperationCase("logSoftmax", "x") { v, _ in v[0].logSoftmax() },
        OperationCase("logSumExp", "x") { v, _ in
            let top = v[0].detached().max(2, keep: true)
            return ((v[0] - top).exp().sum([2], keep: true).log() + top).squeezed(2)
        },
    ]

    private static func unary(_ name: String, _ function: @escaping @Sendable (Tensor) -> Tensor) -> OperationCase {
        OperationCase(name, "x") { v, _ in function(v[0]) }
    }

    private static let elementwise: [OperationCase] = [
        unary("gelu") { $0.gelu() }, unary("geluErf") { $0.geluErf() }, unary("silu") { $0.silu() },
        unary("tanh") { $0.tanh() }, unary("sigmoid") { $0.sigmoid() }, unary("leakyRelu") { $0.leakyRelu(0.2) },
        unary("exp") { $0.exp() }, unary("sin") { $0.sin() }, unary("cos") { $0.cos() }, unary("rsqrt") { $0.rsqrt() },
        unary("log") { $0.log() },
    ]
}
