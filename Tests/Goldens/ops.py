"""ops.safetensors: values and gradients of the tensor operations, in float64 from float32 inputs.

Names: `<case>.<input>`, `<case>.out`, `<case>.cot` (a random cotangent of the output) and `<case>.grad.<input>`,
the gradient of sum(out * cot). Inputs that have no gradient (`tokens`, `targets`, `mask`) have no `.grad`.

    linear, linear_gelu (tanh form), linear_geluErf, linear_silu     x [2,3,5]  weight [7,5]  bias [7]
    layerNorm (eps 1e-5, affine)                    x [2,3,11]  weight [11]  bias [11]
    normModulate (eps 1e-6)                         x [2,3,11]  scale [2,11]  shift [2,11]: LN(x)(1+scale)+shift
    rmsNorm (eps 1e-6)                              x [3,2,13]  weight [13]
    groupNorm, groupNorm_silu (3 groups, eps 1e-6)  x [2,6,3,5] NCHW  weight [6]  bias [6]
    gatedResidual                                   x [2,3,7]  gate [2,7]  h [2,3,7]: x + gate * h
    attention, attention_masked (mask [2,M], 1 keep), attention_causal, attention_cross (N != M),
    attention_scaled (scale 0.2)                    q [B,H,N,K]  k [B,H,M,K]  v [B,H,M,K]
    conv_k3 (stride 1, padding 1), conv_k3_s2 (stride 2, padding right and bottom 1), conv_k4_s2 (stride 2, padding 1),
    conv_k1                                         x NCHW  weight OIHW  bias [O]
    upsampledNearest                                x [2,3,3,2] NCHW
    embedding                                       table [7,5]  tokens [2,3]
    crossEntropy (nats per token)                   logits [2,3,9]  targets [2,3]
    softmax, logSoftmax, logSumExp (last axis)      x [2,3,9]
    gelu, geluErf, silu, tanh, sigmoid, leakyRelu (0.2), exp, sin, cos, rsqrt, log      x [4,9]
    matmul                                          input [2,1,3,5]  other [4,5,2] (batch axes broadcast)
"""

import torch
import torch.nn.functional as F

from golden import save

torch.manual_seed(1)
fixture = {}


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float32).double()


def case(name, function, fixed=None, **inputs):
    fixed = fixed or {}
    leaves = {k: v.clone().requires_grad_() for k, v in inputs.items()}
    out = function(**leaves, **fixed)
    cot = draw(*out.shape)
    grads = torch.autograd.grad((out * cot).sum(), list(leaves.values()))
    fixture.update({f"{name}.{k}": v for k, v in (inputs | fixed).items()})
    fixture.update({f"{name}.out": out, f"{name}.cot": cot})
    fixture.update({f"{name}.grad.{k}": g for k, g in zip(leaves, grads)})


activations = {
    "": lambda x: x,
    "_gelu": lambda x: F.gelu(x, approximate="tanh"),
    "_geluErf": F.gelu,
    "_silu": F.silu,
}
for suffix, act in activations.items():
    case(f"linear{suffix}", lambda x, weight, bias: act(F.linear(x, weight, bias)),
         x=draw(2, 3, 5), weight=draw(7, 5), bias=draw(7))

case("layerNorm", lambda x, weight, bias: F.layer_norm(x, (11,), weight, bias, 1e-5),
     x=draw(2, 3, 11) * 2 + 0.5, weight=draw(11), bias=draw(11))
case("normModulate",
     lambda x, scale, shift: F.layer_norm(x, (11,), eps=1e-6) * (1 + scale[:, None]) + shift[:, None],
     x=draw(2, 3, 11) * 2 + 0.5, scale=draw(2, 11), shift=draw(2, 11))
case("rmsNorm", lambda x, weight: F.rms_norm(x, (13,), weight, 1e-6), x=draw(3, 2, 13), weight=draw(13))
for suffix in ("", "_silu"):
    case(f"groupNorm{suffix}",
         lambda x, weight, bias: activations[suffix](F.group_norm(x, 3, weight, bias, 1e-6)),
         x=draw(2, 6, 3, 5) * 2 + 0.5, weight=draw(6), bias=draw(6))
case("gatedResidual", lambda x, gate, h: x + gate[:, None] * h, x=draw(2, 3, 7), gate=draw(2, 7), h=draw(2, 3, 7))


def attend(q, k, v, **options):
    return F.scaled_dot_product_attention(q, k, v, **options)


def qkv(b, h, n, m, d):
    return dict(q=draw(b, h, n, d), k=draw(b, h, m, d), v=draw(b, h, m, d))


case("attention", attend, **qkv(2, 3, 5, 5, 4))
mask = torch.tensor([[1, 0, 1, 1, 1], [1, 1, 0, 0, 0]], dtype=torch.int32)
case("attention_masked", lambda q, k, v, mask: attend(q, k, v, attn_mask=mask.bool()[:, None, None, :]),
     fixed={"mask": mask}, **qkv(2, 2, 3, 5, 6))
case("attention_causal", lambda q, k, v: attend(q, k, v, is_causal=True), **qkv(2, 2, 7, 7, 3))
case("attention_cross", attend, **qkv(1, 2, 3, 9, 8))
case("attention_scaled", lambda q, k, v: attend(q, k, v, scale=0.2), **qkv(1, 1, 17, 4, 5))

case("conv_k3", lambda x, weight, bias: F.conv2d(x, weight, bias, padding=1),
     x=draw(2, 3, 5, 4), weight=draw(5, 3, 3, 3), bias=draw(5))
case("conv_k3_s2", lambda x, weight, bias: F.conv2d(F.pad(x, (0, 1, 0, 1)), weight, bias, stride=2),
     x=draw(2, 3, 6, 5), weight=draw(4, 3, 3, 3), bias=draw(4))
case("conv_k4_s2", lambda x, weight, bias: F.conv2d(x, weight, bias, stride=2, padding=1),
     x=draw(1, 2, 6, 8), weight=draw(3, 2, 4, 4), bias=draw(3))
case("conv_k1", lambda x, weight, bias: F.conv2d(x, weight, bias),
     x=draw(2, 5, 3, 3), weight=draw(7, 5, 1, 1), bias=draw(7))
case("upsampledNearest", lambda x: F.interpolate(x, scale_factor=2, mode="nearest"), x=draw(2, 3, 3, 2))

tokens = torch.tensor([[0, 6, 2], [2, 2, 5]], dtype=torch.int32)
case("embedding", lambda table, tokens: F.embedding(tokens.long(), table), fixed={"tokens": tokens}, table=draw(7, 5))
targets = torch.tensor([[0, 8, 3], [3, 1, 7]], dtype=torch.int32)
case("crossEntropy",
     lambda logits, targets: F.cross_entropy(logits.reshape(6, 9), targets.long().reshape(6), reduction="none").reshape(2, 3),
     fixed={"targets": targets}, logits=draw(2, 3, 9) * 3)
case("softmax", lambda x: x.softmax(-1), x=draw(2, 3, 9) * 3)
case("logSoftmax", lambda x: x.log_softmax(-1), x=draw(2, 3, 9) * 3)
case("logSumExp", lambda x: x.logsumexp(-1), x=draw(2, 3, 9) * 3)

elementwise = {
    "gelu": activations["_gelu"], "geluErf": F.gelu, "silu": F.silu, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
    "leakyRelu": lambda x: F.leaky_relu(x, 0.2), "exp": torch.exp, "sin": torch.sin, "cos": torch.cos,
}
for name, function in elementwise.items():
    case(name, lambda x: function(x), x=draw(4, 9) * 3)
for name, function in {"rsqrt": torch.rsqrt, "log": torch.log}.items():
    case(name, lambda x: function(x), x=(draw(4, 9).abs() + 0.1).float().double())
case("matmul", torch.matmul, **{"input": draw(2, 1, 3, 5), "other": draw(4, 5, 2)})

save("ops", fixture)
