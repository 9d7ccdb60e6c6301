"""vq.safetensors: diffusers' VQModel, small, and its quantiser's loss with beta on either side, in float64.

block_out_channels (4, 8), layers_per_block 1 (decoder 2), norm_num_groups 2, latent_channels 3, 16 codes of width 3,
beta 0.25, mid attention; input 3x16x16, latent 3x8x8. Parameters have diffusers' names.

    <every parameter>            `quantize.embedding.weight` [16,3] is spread so that many codes are used
    x [2,3,16,16]  h [2,3,8,8] = quant_conv(encoder(x))      indices [2,8,8] nearest codes  quantized [2,3,8,8]
    decoded [2,3,16,16]
    legacy.codebook_loss = mean((zq - sg h)^2) * beta + mean((sg zq - h)^2)     diffusers' default
    paper.codebook_loss  = mean((zq - sg h)^2) + beta * mean((sg zq - h)^2)     van den Oord 2017
    legacy.loss, paper.loss      mean (decoded - x)^2 + codebook loss, straight-through
    <kind>.grad.<name>           of that loss for quant_conv.{weight,bias}, quantize.embedding.weight, encoder.conv_in.weight,
                                 decoder.conv_out.weight
"""

import diffusers
import torch
from diffusers import VQModel

from golden import save

torch.manual_seed(7)
model = VQModel(
    down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, block_out_channels=(4, 8),
    layers_per_block=1, norm_num_groups=2, latent_channels=3, sample_size=16, num_vq_embeddings=16).eval()
for name, value in model.named_parameters():
    if "norm" in name:
        value.data += 0.2 * torch.randn_like(value)
    elif value.dim() == 1:
        value.data = 0.1 * torch.randn_like(value)
x = torch.randn(2, 3, 16, 16).clamp(-1, 1)
with torch.no_grad():
    h = model.encode(x).latents.permute(0, 2, 3, 1).reshape(-1, 3)
    picked = h[torch.randperm(len(h))[:16]]
    model.quantize.embedding.weight.data = picked + 0.1 * h.std() * torch.randn_like(picked)
weights = {k: v.clone() for k, v in model.state_dict().items()}
fixture = weights | {"x": x}

model = model.double()
watched = ("quant_conv.weight", "quant_conv.bias", "quantize.embedding.weight", "encoder.conv_in.weight", "decoder.conv_out.weight")
parameters = dict(model.named_parameters())
for kind in ("legacy", "paper"):
    model.quantize.legacy = kind == "legacy"
    h = model.encode(x.double()).latents
    quantized, codebook_loss, (_, _, indices) = model.quantize(h)
    decoded = model.decoder(model.post_quant_conv(quantized))
    loss = ((decoded - x.double()) ** 2).mean() + codebook_loss
    grads = torch.autograd.grad(loss, [parameters[k] for k in watched])
    fixture |= {f"{kind}.codebook_loss": codebook_loss, f"{kind}.loss": loss}
    fixture |= {f"{kind}.grad.{k}": g for k, g in zip(watched, grads)}
indices = indices.view(2, 8, 8)
table = model.quantize.embedding.weight.detach()
flat = h.detach().permute(0, 2, 3, 1).reshape(-1, 3)
near = ((flat[:, None] - table[None]) ** 2).sum(-1).sort(1).values
print("codes used", indices.unique().numel(), "smallest gap between the two nearest codes", (near[:, 1] - near[:, 0]).min().item())
assert torch.allclose(table[indices].permute(0, 3, 1, 2), quantized.detach())
fixture |= dict(h=h, indices=indices, quantized=quantized, decoded=decoded)
save("vq", fixture, diffusers=diffusers.__version__)
