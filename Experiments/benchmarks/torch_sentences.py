"""The Diffusion Transformer of LatentLab's `ld4lg` in PyTorch: latents in a row that listen to a source sentence, for timing."""

import torch
from torch import nn
from torch.nn import functional as F

from torch_dit import Attention, FinalLayer, Mlp, TimestepEmbedder, modulate


class CrossAttention(nn.Module):
    """Attention over keys and values that were made before."""

    def __init__(self, width, heads, context):
        super().__init__()
        self.heads = heads
        self.query, self.key_value, self.output = nn.Linear(width, width), nn.Linear(context, 2 * width), nn.Linear(width, width)

    def heard(self, states):
        return tuple(y.unflatten(-1, (self.heads, -1)).transpose(1, 2) for y in self.key_value(states).chunk(2, -1))

    def forward(self, x, heard):
        q = self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        return self.output(F.scaled_dot_product_attention(q, *heard).transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width, heads, context):
        super().__init__()
        self.attention, self.mlp = Attention(width, heads), Mlp(width)
        self.norm, self.cross_attention = nn.LayerNorm(width), CrossAttention(width, heads, context)
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x, c, heard):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(c).chunk(6, dim=1)
        x = x + gate1[:, None] * self.attention(modulate(x, shift1, scale1))
        x = x + self.cross_attention(self.norm(x), heard)
        return x + gate2[:, None] * self.mlp(modulate(x, shift2, scale2))


class SentenceDiT(nn.Module):
    """Latents [B, N, C], the estimate before [B, N, C], steps [B], pooled words [B, E] and what blocks hear of them, to v [B, N, C]."""

    def __init__(self, length=64, channels=128, width=256, depth=6, heads=4, context=256):
        super().__init__()
        self.length, self.channels, self.context = length, channels, context
        self.state, self.previous = nn.Linear(channels, width), nn.Linear(channels, width, bias=False)
        self.positions = nn.Parameter(torch.randn(length, width) * 0.02)
        self.null = nn.Parameter(torch.randn(context) * 0.02)
        self.time, self.text = TimestepEmbedder(width), nn.Linear(context, width)
        self.blocks = nn.ModuleList(Block(width, heads, context) for _ in range(depth))
        self.final_layer = FinalLayer(width, channels)

    def heard(self, states):
        return [block.cross_attention.heard(states) for block in self.blocks]

    def forward(self, x, previous, t, pooled, heard):
        h = self.state(x) + self.previous(previous) + self.positions
        c = self.time(t) + self.text(pooled)
        for block, words in zip(self.blocks, heard):
            h = block(h, c, words)
        return self.final_layer(h, c)
