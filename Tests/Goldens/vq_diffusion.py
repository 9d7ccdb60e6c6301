"""vq_diffusion.safetensors: diffusers' VQ-Diffusion transformer, small, and its scheduler's posterior, weights random.

Transformer2DModel over 4x3 tokens, 11 codes and the mask, 2 blocks of 2 heads of width 12, cross-attention to width 10, 20 steps.
Parameters have diffusers' names.

    tokens [2,12] (11 is the mask)   timesteps [2]   context [2,5,10]
    logits [2,12,11]                 the last layer's output
    grad.<name>                      of the cross entropy with `targets` [2,12] by some parameters
    chain.log_p [2,12,11]            log chances of x0 given to the scheduler, chain.sample [2,12]
    chain.<t>.posterior [2,12,12]    q_posterior at step t (0-based) of a chain of 20, normalised over the last axis
    chain.<t>.gumbel [2,12,12]       noise, and chain.<t>.next [2,12] the tokens that the largest sum chooses
"""

import diffusers
import torch
from diffusers import Transformer2DModel, VQDiffusionScheduler

from golden import save

torch.manual_seed(3)
K, N, T = 11, 12, 20
model = Transformer2DModel(
    num_attention_heads=2, attention_head_dim=6, num_layers=2, cross_attention_dim=10, attention_bias=True, sample_size=4,
    num_vector_embeds=K + 1, activation_fn="geglu-approximate", num_embeds_ada_norm=T, dropout=0.0)
# A grid that is no square, so that rows and columns cannot change places unseen.
model.latent_image_embedding = type(model.latent_image_embedding)(num_embed=K + 1, height=4, width=3, embed_dim=12)
model.eval()
for name, value in model.named_parameters():
    value.data = value.data + 0.3 * torch.randn_like(value) if value.dim() > 1 else value.data + 0.2 * torch.randn_like(value)
weights = {k: v.clone() for k, v in model.state_dict().items()}
tokens = torch.randint(0, K + 1, (2, N))
timesteps = torch.tensor([3, 17])
context = torch.randn(2, 5, 10)
targets = torch.randint(0, K, (2, N))

model = model.double()
captured = []
model.out.register_forward_hook(lambda module, inputs, output: captured.append(output))
for i in range(2):  # its adaptive norms take one time for the whole batch
    model(tokens[i:i + 1], encoder_hidden_states=context[i:i + 1].double(), timestep=timesteps[i])
logits = torch.cat(captured)
torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none").mean().backward()
named = dict(model.named_parameters())
watched = (
    "latent_image_embedding.emb.weight", "latent_image_embedding.height_emb.weight", "latent_image_embedding.width_emb.weight",
    "transformer_blocks.0.norm1.emb.weight", "transformer_blocks.1.norm2.linear.weight", "transformer_blocks.0.attn2.to_k.weight",
    "transformer_blocks.1.ff.net.0.proj.weight", "out.weight")
fixture = weights | {"tokens": tokens, "timesteps": timesteps, "context": context, "targets": targets, "logits": logits}
fixture |= {f"grad.{name}": named[name].grad for name in watched}

scheduler = VQDiffusionScheduler(num_vec_classes=K + 1, num_train_timesteps=T)
scheduler.set_timesteps(T)
log_p = torch.log_softmax(2 * torch.randn(2, K, N).double(), dim=1)
fixture |= {"chain.log_p": log_p.transpose(1, 2), "chain.sample": tokens}
for t in (0, 1, 9, 19):
    posterior = scheduler.q_posterior(log_p.float(), tokens, torch.tensor(t)) if t else None
    if t == 0:
        posterior = torch.cat([log_p.float(), torch.full((2, 1, N), -70.0)], dim=1)  # the last step draws x0 itself
    posterior = torch.log_softmax(posterior, dim=1).clamp(-70, 0)
    noise = -torch.log(-torch.log(torch.rand(posterior.shape).clamp(1e-30)) + 1e-30)
    fixture[f"chain.{t}.posterior"] = posterior.transpose(1, 2)
    fixture[f"chain.{t}.gumbel"] = noise.transpose(1, 2)
    fixture[f"chain.{t}.next"] = (posterior + noise).argmax(1)
save("vq_diffusion", fixture, diffusers=diffusers.__version__)
