"""The token Transformer of LatentLab's `vq-diffusion` in PyTorch, and its chain, for timing."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Heads(nn.Module):
    """Attention of x to itself, or to a context."""

    def __init__(self, width, heads, context=None):
        super().__init__()
        self.heads, self.crosses = heads, context is not None
        self.query = nn.Linear(width, width if self.crosses else 3 * width)
        self.key_value = nn.Linear(context, 2 * width) if self.crosses else None
        self.output = nn.Linear(width, width)

    def forward(self, x, context=None):
        if self.crosses:
            q, (k, v) = self.query(x), self.key_value(context).chunk(2, -1)
        else:
            q, k, v = self.query(x).chunk(3, -1)
        q, k, v = (y.unflatten(-1, (self.heads, -1)).transpose(1, 2) for y in (q, k, v))
        return self.output(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class AdaptiveNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.modulation = nn.LayerNorm(width, elementwise_affine=False), nn.Linear(width, 2 * width)

    def forward(self, x, told):
        scale, shift = self.modulation(told).unsqueeze(1).chunk(2, -1)
        return self.norm(x) * (1 + scale) + shift


class Block(nn.Module):
    def __init__(self, width, heads, context):
        super().__init__()
        self.norms = nn.ModuleList([AdaptiveNorm(width), AdaptiveNorm(width)])
        self.norm = nn.LayerNorm(width)
        self.self_attention, self.cross_attention = Heads(width, heads), Heads(width, heads, context)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, told, words):
        x = x + self.self_attention(self.norms[0](x, told))
        x = x + self.cross_attention(self.norms[1](x, told), words)
        return x + self.down(F.gelu(self.up(self.norm(x)), approximate="tanh"))


class TokenTransformer(nn.Module):
    """Tokens [B, N], steps [B] and words [B, L, C] to logits [B, N, codes]."""

    def __init__(self, codes=512, side=16, width=128, depth=5, heads=4, context=128):
        super().__init__()
        self.codes, self.width = codes, width
        self.embedding = nn.Embedding(codes + 1, width)
        self.positions = nn.Parameter(torch.randn(side * side, width) * 0.02)
        self.null = nn.Parameter(torch.randn(context) * 0.02)
        self.time = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(Block(width, heads, context) for _ in range(depth))
        self.norm, self.output = nn.LayerNorm(width), nn.Linear(width, codes)

    def forward(self, x, t, words):
        h = self.embedding(x) + self.positions
        angles = t[:, None].float() * torch.exp(-math.log(10_000) * torch.arange(128) / 128)
        told = F.silu(self.time(torch.cat([angles.cos(), angles.sin()], -1).to(h.dtype)))
        for block in self.blocks:
            h = block(h, told, words)
        return self.output(self.norm(h))


class MaskAndReplace:
    """Codes are masked or replaced at linear shares of time; steps back by the exact posterior of any stride."""

    def __init__(self, codes, steps, mask_share=0.9):
        self.codes, self.steps, self.share = codes, steps, mask_share

    def level(self, t):
        """Chances of being kept, replaced by each code, masked."""
        return 1 - t, t * (1 - self.share) / self.codes, t * self.share

    def grid(self, steps):
        times = [round(i * self.steps / steps) / self.steps for i in range(steps, -1, -1)]
        return list(zip(times, times[1:]))

    def prior(self, x):
        return torch.where(torch.rand(x.shape) < self.share, self.codes, torch.randint_like(x, self.codes))

    def step(self, x, logits, now, after):
        (keep, replace, mask), (keep_a, replace_a, mask_a) = self.level(now), self.level(after)
        kept, masked = keep / keep_a, 1 - (1 - mask) / (1 - mask_a)
        replaced = (1 - kept - masked) / self.codes
        p = logits.softmax(-1)
        is_mask = (x == self.codes).unsqueeze(-1)
        own = F.one_hot(x, self.codes + 1)[..., :-1]
        ratio = torch.where(is_mask, p, p / (replace + keep * own))
        mixed = keep_a * ratio + replace_a * ratio.sum(-1, keepdim=True)
        codes = torch.where(is_mask, masked / mask, replaced + kept * own) * mixed
        last = torch.where(is_mask, mask_a / mask, 0.0)
        chances = torch.cat([codes, last.expand(*x.shape, 1)], -1)
        return (chances / torch.empty_like(chances).exponential_()).argmax(-1)
