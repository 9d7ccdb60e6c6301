"""quantizers.safetensors: a Gumbel quantiser as taming-transformers has it, and finite scalar quantisation, in float64.

Gumbel: 7 codes of width 5, h [2,5,3,4], temperature 0.7, KL weight 0.01, the Gumbel noise given.

    gumbel.h, gumbel.noise [2,7,3,4]   gumbel.weight [7,5]  gumbel.bias [7]  gumbel.table [7,5]
    gumbel.quantized [2,5,3,4]         the drawn code's vector, straight-through: hard one-hot forward, soft backward
    gumbel.indices [2,3,4]  of the draw     gumbel.likeliest [2,3,4]  without noise
    gumbel.loss = 0.01 * mean over positions of sum_k q_k log(7 q_k)
    gumbel.grad.{h,weight,bias,table}  of loss + sum(quantized * gumbel.cotangent)

FSQ: the listing of appendix A.1, for levels [8,5,4,3,2] and an h that reaches every level.

    fsq.h [2,5,6,4]  fsq.quantized [2,5,6,4]  fsq.indices [2,6,4]  fsq.grad.h of sum(quantized * fsq.cotangent)
    fsq.codebook [960,5]               vectors of tokens 0 ... 959
"""

import numpy as np
import torch

from golden import save

torch.manual_seed(11)
f64 = torch.float64


def draw(*shape):
    return torch.randn(*shape).to(f64)


# Gumbel
K, D = 7, 5
h, noise = draw(2, D, 3, 4), -(-torch.rand(2, K, 3, 4).clamp(1e-6, 1 - 1e-6).log()).log()
noise = noise.float().to(f64)
weight, bias, table, cotangent = draw(K, D), draw(K), draw(K, D), draw(2, D, 3, 4)
leaves = dict(h=h, weight=weight, bias=bias, table=table)
for leaf in leaves.values():
    leaf.requires_grad_()
logits = torch.nn.functional.conv2d(h, weight[:, :, None, None], bias)
soft = ((logits + noise) / 0.7).softmax(1)
indices = soft.argmax(1)
hard = torch.nn.functional.one_hot(indices, K).permute(0, 3, 1, 2).to(f64)
quantized = torch.einsum("bkhw,kd->bdhw", hard - soft.detach() + soft, table)
q = logits.softmax(1)
loss = 0.01 * (q * (q * K + 1e-10).log()).sum(1).mean()
grads = torch.autograd.grad(loss + (quantized * cotangent).sum(), list(leaves.values()))
fixture = {f"gumbel.{k}": v for k, v in leaves.items()} | {f"gumbel.grad.{k}": g for k, g in zip(leaves, grads)}
fixture |= {
    "gumbel.noise": noise, "gumbel.cotangent": cotangent, "gumbel.quantized": quantized, "gumbel.loss": loss,
    "gumbel.indices": indices, "gumbel.likeliest": logits.argmax(1)}

# FSQ
levels = np.array([8, 5, 4, 3, 2])
basis = np.concatenate([[1], np.cumprod(levels[:-1])])
half_width = torch.from_numpy(levels // 2).to(f64)
half = torch.from_numpy((levels - 1) * (1 - 1e-3) / 2)
offset = torch.from_numpy(np.where(levels % 2 == 1, 0.0, 0.5))
x = (torch.rand(2, 6, 4, 5) * 5 - 2.5).float().to(f64).requires_grad_()
bound = torch.tanh(x + torch.tan(offset / half)) * half - offset
rounded = bound + (bound.round() - bound).detach()
assert ((bound - bound.floor() - 0.5).abs() > 1e-4).all(), "a number lies on an edge between two levels"
quantized = rounded / half_width
cotangent = draw(2, 6, 4, 5)
(grad,) = torch.autograd.grad((quantized * cotangent).sum(), [x])
digits = (quantized * half_width + half_width).round().long().detach()
for d, level in enumerate(levels):
    assert digits[..., d].unique().numel() == level, f"dimension {d} does not reach all {level} levels"
indices = (digits * torch.from_numpy(basis)).sum(-1)
tokens = np.arange(levels.prod())
codebook = (np.mod(tokens[:, None] // basis, levels) - levels // 2) / (levels // 2)
nchw = lambda t: t.permute(0, 3, 1, 2)
fixture |= {
    "fsq.h": nchw(x), "fsq.quantized": nchw(quantized), "fsq.indices": indices, "fsq.cotangent": nchw(cotangent),
    "fsq.grad.h": nchw(grad), "fsq.codebook": codebook}
save("quantizers", fixture)
