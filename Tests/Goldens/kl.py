"""kl{,_decoder,_gradients,_decoder_gradients}.safetensors: diffusers' AutoencoderKL, small, in float64.

block_out_channels (8, 16), layers_per_block 1 (decoder 2), norm_num_groups 4, latent_channels 4, mid attention, quant and
post-quant convolutions; input 3x16x16, latent 4x8x8. Parameters are random with diffusers' names (norms near 1 and 0).

kl.safetensors            `encoder.*`, `quant_conv.*`;  x [2,3,16,16];
                          moments [2,8,8,8] (mean, log-variance before the clamp to [-30, 20]);  noise [2,4,8,8];
                          z = mean + exp(logvar / 2) noise [2,4,8,8]
kl_decoder.safetensors    `post_quant_conv.*`, `decoder.*`;  decoded [2,3,16,16] = decode(z);
                          reconstruction [], kl [], loss []
kl_gradients, kl_decoder_gradients        grad.<name> of the loss for every parameter of the encoder; of the decoder
                          (a quant convolution goes with its side)

loss = reconstruction + 1e-2 kl;  reconstruction = mean (decoded - x)^2;
kl = mean over the batch of the sum over c,h,w of (mean^2 + exp(logvar) - 1 - logvar) / 2
"""

import diffusers
import torch
from diffusers import AutoencoderKL

from golden import save

torch.manual_seed(6)
model = AutoencoderKL(
    down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2, block_out_channels=(8, 16),
    layers_per_block=1, norm_num_groups=4, latent_channels=4, sample_size=16).eval()
for name, value in model.named_parameters():
    if "norm" in name:
        value.data += 0.2 * torch.randn_like(value)
    elif value.dim() == 1:
        value.data = 0.1 * torch.randn_like(value)
weights = {k: v.clone() for k, v in model.state_dict().items()}
x, noise = torch.randn(2, 3, 16, 16).clamp(-1, 1), torch.randn(2, 4, 8, 8)

model = model.double()
posterior = model.encode(x.double()).latent_dist
z = posterior.mean + posterior.std * noise.double()
decoded = model.decode(z).sample
reconstruction = ((decoded - x.double()) ** 2).mean()
kl = posterior.kl().mean()
loss = reconstruction + 1e-2 * kl
grads = torch.autograd.grad(loss, list(model.parameters()))

names = [k for k, _ in model.named_parameters()]
assert set(names) == set(weights)
front = ("encoder.", "quant_conv.")
moments = posterior.parameters
save("kl", {k: v for k, v in weights.items() if k.startswith(front)} | dict(x=x, moments=moments, noise=noise, z=z),
     diffusers=diffusers.__version__)
save("kl_decoder", {k: v for k, v in weights.items() if not k.startswith(front)}
     | {"decoded": decoded, "reconstruction": reconstruction, "kl": kl, "loss": loss}, diffusers=diffusers.__version__)
sides = {"kl_gradients": True, "kl_decoder_gradients": False}
for file, is_front in sides.items():
    save(file, {f"grad.{k}": g for k, g in zip(names, grads) if k.startswith(front) == is_front},
         diffusers=diffusers.__version__)
print("loss", loss.item(), "kl", kl.item())
