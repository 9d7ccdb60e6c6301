"""dit.safetensors, dit_gradients.safetensors, dit_training.safetensors: a small DiT with the published parameter names.

Sizes: latents 4x8x8, patch 2, width 24, depth 2, heads 4 (K = 6), 5 classes + null (row 5), learned sigma (8 channels
out). (Width 48 would not fit the folder's limit.) The PyTorch model is Experiments/benchmarks/torch_dit.py; this script
checks it against diffusers' DiTTransformer2DModel on the same weights before it writes anything. All computed in float64.

dit.safetensors
    every parameter by its published name, also `pos_embed` [1,16,24] (fixed); random, modulations and final layer not zero
    x [3,4,8,8]  t [3] = 7, 500.25, 999  y [3] = 0, 3, 5 (null)
    out [3,8,8,8]
    out_int [3,8,8,8]          at t rounded down (7, 500, 999)
    out_diffusers [3,8,8,8]    what diffusers computes at the same whole t, in float32, untouched. It differs on purpose:
                               its time features use exponent i/127 where the published model has i/128
                               (downscale_freq_shift 1), and the second norm of a block has eps 1e-5 (published 1e-6);
                               with these two set back it equals out_int, which this script asserts
dit_gradients.safetensors
    cot [3,8,8,8]; grad.<name> of sum(out * cot) for every trained parameter, and grad.x
dit_training.safetensors: from the parameters of dit.safetensors, ten steps of AdamW (lr 1e-3, betas .9 .999, eps 1e-8,
    no decay, no clipping), twice from the same start.
    x0 [10,2,4,8,8]  noise [10,2,4,8,8]  t [10,2] in 1..999 (index of the linear chain, 1e-4..0.02)  y [10,2]
    mse.loss [10]      mean over everything of (eps_hat - noise)^2, of the first four channels
    hybrid.loss [10], hybrid.mse [10], hybrid.bits [10]     loss = mse + bits, bits = mean KL(posterior(x0) ||
                       p(mean of eps_hat held constant, learned-range variance)) / ln 2 over everything (T/1000 = 1)
    mse.after.<name>, hybrid.after.<name>    after ten steps, of (never the key bias: its gradient is 0 but for
                       rounding, which Adam blows up) `x_embedder.proj.weight`, `blocks.0.attn.proj.weight`,
                       `blocks.1.mlp.fc2.weight`, `final_layer.linear.weight`, `final_layer.linear.bias`
"""

import math

import diffusers
import torch
from diffusers import DiTTransformer2DModel

from golden import save
from torch_dit import DiT

torch.manual_seed(5)
WATCHED = ("x_embedder.proj.weight", "blocks.0.attn.proj.weight", "blocks.1.mlp.fc2.weight",
           "final_layer.linear.weight", "final_layer.linear.bias")


def fresh():
    return DiT(side=8, patch=2, channels=4, width=24, depth=2, heads=4, classes=5)


model = fresh()
for name, value in model.named_parameters():
    if value.requires_grad:
        fan = value[0].numel() if value.dim() > 1 else 4
        value.data = torch.randn_like(value) * (0.5 if "embedding_table" in name else 0.7 / math.sqrt(fan))
weights = {k: v.clone() for k, v in model.state_dict().items()}
x, y = torch.randn(3, 4, 8, 8), torch.tensor([0, 3, 5])
t = torch.tensor([7, 500.25, 999])


def as_diffusers(weights):
    """The key mapping of the published conversion; the shared embedders are copied into every block."""
    peer = DiTTransformer2DModel(num_attention_heads=4, attention_head_dim=6, in_channels=4, out_channels=8, num_layers=2,
                                 sample_size=8, patch_size=2, num_embeds_ada_norm=5).eval()
    renamed = {"pos_embed.proj.weight": "x_embedder.proj.weight", "pos_embed.proj.bias": "x_embedder.proj.bias"}
    for kind in ("weight", "bias"):
        renamed |= {f"proj_out_1.{kind}": f"final_layer.adaLN_modulation.1.{kind}",
                    f"proj_out_2.{kind}": f"final_layer.linear.{kind}"}
        for i in range(2):
            ours, theirs = f"blocks.{i}", f"transformer_blocks.{i}"
            renamed |= {f"{theirs}.norm1.emb.timestep_embedder.linear_1.{kind}": f"t_embedder.mlp.0.{kind}",
                        f"{theirs}.norm1.emb.timestep_embedder.linear_2.{kind}": f"t_embedder.mlp.2.{kind}",
                        f"{theirs}.norm1.linear.{kind}": f"{ours}.adaLN_modulation.1.{kind}",
                        f"{theirs}.attn1.to_out.0.{kind}": f"{ours}.attn.proj.{kind}",
                        f"{theirs}.ff.net.0.proj.{kind}": f"{ours}.mlp.fc1.{kind}",
                        f"{theirs}.ff.net.2.{kind}": f"{ours}.mlp.fc2.{kind}"}
    state = {theirs: weights[ours] for theirs, ours in renamed.items()}
    for i in range(2):
        state[f"transformer_blocks.{i}.norm1.emb.class_embedder.embedding_table.weight"] = \
            weights["y_embedder.embedding_table.weight"]
        for kind in ("weight", "bias"):
            for part, rows in zip("qkv", weights[f"blocks.{i}.attn.qkv.{kind}"].chunk(3)):
                state[f"transformer_blocks.{i}.attn1.to_{part}.{kind}"] = rows
    missing, unexpected = peer.load_state_dict(state, strict=False)
    assert not unexpected and set(missing) <= {"pos_embed.pos_embed"}, (missing, unexpected)
    return peer


with torch.no_grad():
    whole = t.long()
    peer = as_diffusers(weights)
    as_shipped = peer(x, timestep=whole, class_labels=y).sample
    for block in peer.transformer_blocks:
        block.norm1.emb.time_proj.downscale_freq_shift = 0
        block.norm3.eps = 1e-6
    theirs = peer(x, timestep=whole, class_labels=y).sample
    ours = model(x, whole, y)
    worst = (theirs - ours).abs().max().item()
    print(f"diffusers and this model differ by {worst:.2e} of {ours.abs().max().item():.2f}")
    assert worst < 2e-5

model = model.double()
model.load_state_dict({k: v.double() for k, v in weights.items()})
model.t_embedder.rates = torch.exp(-math.log(10000) * torch.arange(128, dtype=torch.float64) / 128)
leaf = x.double().requires_grad_()
out, cot = model(leaf, t.double(), y), torch.randn(3, 8, 8, 8)
trained = {k: p for k, p in model.named_parameters() if p.requires_grad}
grads = torch.autograd.grad((out * cot).sum(), [leaf, *trained.values()])
with torch.no_grad():
    out_int = model(x.double(), whole.double(), y)
save("dit", weights | dict(x=x, t=t, y=y, out=out, out_diffusers=as_shipped, out_int=out_int),
     diffusers=diffusers.__version__)
save("dit_gradients", {f"grad.{k}": g for k, g in zip(["x", *trained], grads)} | {"cot": cot})

betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
abar = torch.cumprod(1 - betas, 0)
before = torch.cat([torch.ones(1, dtype=torch.float64), abar[:-1]])
variance = betas * (1 - before) / (1 - abar)
log_min, log_max = torch.log(torch.cat([variance[1:2], variance[1:]])), torch.log(betas)
from_x0, from_xt = betas * before.sqrt() / (1 - abar), (1 - before) * (1 - betas).sqrt() / (1 - abar)

x0, noise = torch.randn(10, 2, 4, 8, 8), torch.randn(10, 2, 4, 8, 8)
ts, ys = torch.randint(1, 1000, (10, 2)), torch.randint(0, 6, (10, 2))
ts[0, 0], ts[1, 1] = 1, 999
training = dict(x0=x0, noise=noise, t=ts, y=ys)


def losses(model, k):
    """The eps-MSE and the variational term in bits per dimension of batch k."""
    at = lambda table: table[ts[k]].view(2, 1, 1, 1)
    clean, eps = x0[k].double(), noise[k].double()
    xt = at(abar).sqrt() * clean + (1 - at(abar)).sqrt() * eps
    eps_hat, raw = model(xt, ts[k].double(), ys[k]).chunk(2, dim=1)
    fraction = (raw + 1) / 2
    log_variance = fraction * at(log_max) + (1 - fraction) * at(log_min)
    guess = (xt - (1 - at(abar)).sqrt() * eps_hat.detach()) / at(abar).sqrt()
    kl = 0.5 * (log_variance - at(log_min) - 1 + torch.exp(at(log_min) - log_variance)
                + (at(from_x0) * (clean - guess)) ** 2 * torch.exp(-log_variance))
    return ((eps_hat - eps) ** 2).mean(), kl.mean() / math.log(2)


for kind in ("mse", "hybrid"):
    model.load_state_dict({k: v.double() for k, v in weights.items()})
    optimizer = torch.optim.AdamW(trained.values(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0)
    record = []
    for k in range(10):
        mse, bits = losses(model, k)
        loss = mse if kind == "mse" else mse + bits
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        record.append([loss.item(), mse.item(), bits.item()])
    record = torch.tensor(record, dtype=torch.float64)
    training[f"{kind}.loss"] = record[:, 0]
    if kind == "hybrid":
        training |= {"hybrid.mse": record[:, 1], "hybrid.bits": record[:, 2]}
    training |= {f"{kind}.after.{name}": trained[name].clone() for name in WATCHED}
    print(kind, [round(v, 4) for v in training[f"{kind}.loss"].tolist()])
save("dit_training", training)
