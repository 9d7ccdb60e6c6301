"""The workloads of peer.py, one function each. The Swift side of `latentlab bench` does exactly the same work.

Every function takes (mode, dtype) and returns `step`, a function of no arguments that does one unit of work.

Training (mode eager|compile; dtype f32 | bf16 = autocast): one step is the loss, the gradients and the AdamW update (fused;
lr 1e-4, betas 0.9 0.999, eps 1e-8, no decay). No EMA, no clipping. The batch of data is fixed; t, noise and the label
dropout are drawn in the step.

    dit-s2-train      DiT-S/2 (width 384, depth 12, heads 6, patch 2) on 4x32x32, batch 8, 1000 classes + null, 8 channels
                      out (learned sigma, 32 963 360 parameters with the fixed positions); mean (eps_hat - noise)^2 of the
                      first 4 channels, linear chain of 1000 steps, label dropout 0.1
    dit-small-train   the same with width 256, depth 8, heads 4, patch 1 on 4x8x8, batch 64, 10 classes
    kl-train          diffusers AutoencoderKL, f8: block_out_channels (64,128,256,256), layers_per_block 1, 32 groups, latent
                      4, mid attention; 64x64 images, batch 16; mean (decoded - x)^2 + 1e-6 KL, z drawn in the step

Inference (mode eager|compile; dtype f32 | bf16 = weights and activations cast to bf16), under torch.inference_mode:

    dit-s2-forward    one call of DiT-S/2, batch 8
    dit-b2-forward-1, dit-b2-forward-8    one call of DiT-B/2 (width 768, depth 12, heads 12), batch 1 or 8
    dit-s2-sample     4 latents by 50 steps of diffusers' DPM-Solver++ (order 2, midpoint, linspace, last step first order),
                      guidance 4 on all channels by one doubled batch of 8 a step; latents only, no decoding
    token-sample      64 pictures of 16x16 tokens out of 512 codes by 25 strided steps of mask-and-replace diffusion (100 steps,
                      a tenth replaced), guidance 3 by one doubled batch of 128 a step; Transformer of width 128, depth 5, heads
                      4, cross-attention to 16 words of width 128; tokens only, no decoding
    sentence-sample   32 sentences of 64 latents of 128 channels by 50 steps of diffusers' DPM-Solver++ (cosine, v), the estimate of the step
                      before beside the state, guidance 2 by one doubled batch of 64 a step; DiT of width 256, depth 6, heads 4 with
                      cross-attention to 64 words of width 256, whose keys and values are worked out once; latents only, no decoding
    kl-decode         the decoder of kl-train's autoencoder: one latent 4x32x32 to 3x256x256

Without a network (librosa, single precision whatever the mode and dtype):

    mel               log-mel spectrogram of 60 seconds at 22,050 Hz: 1024/256, 80 bands of 125 to 7,600 Hz, Diffsound's normalisation
"""

import contextlib

import torch

from torch_dit import SIZES, DiT
from torch_sentences import SentenceDiT
from torch_tokens import MaskAndReplace, TokenTransformer


def dit(size, **options):
    width, depth, heads = SIZES[size]
    model = DiT(width=width, depth=depth, heads=heads, **options)
    for value in model.parameters():  # the published start multiplies by zero; time a model that has learned something
        if value.requires_grad and not value.any():
            torch.nn.init.normal_(value, std=0.02)
    return model


def compiled(function, mode):
    return torch.compile(function) if mode == "compile" else function


def autocast(dtype):
    return torch.autocast("cpu", torch.bfloat16) if dtype == "bf16" else contextlib.nullcontext()


def adamw(model):
    trained = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.AdamW(trained, lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, fused=True)


def dit_train(size, mode, dtype, batch, **options):
    model = dit(size, **options).train()
    optimizer = adamw(model)
    forward = compiled(model, mode)
    abar = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0).float()
    x0 = torch.randn(batch, model.channels, model.side, model.side)
    y = torch.randint(0, model.classes, (batch,))

    def step():
        t, noise = torch.randint(0, 1000, (batch,)), torch.randn_like(x0)
        a = abar[t].view(batch, 1, 1, 1)
        labels = torch.where(torch.rand(batch) < 0.1, model.classes, y)
        with autocast(dtype):
            out = forward(a.sqrt() * x0 + (1 - a).sqrt() * noise, t, labels)
        loss = ((out[:, :model.channels].float() - noise) ** 2).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def inference(model, mode, dtype):
    model = model.eval()
    if dtype == "bf16":
        model = model.to(torch.bfloat16)
    return model, compiled(model, mode), next(model.parameters()).dtype


def dit_forward(size, mode, dtype, batch):
    model, forward, kind = inference(dit(size), mode, dtype)
    x = torch.randn(batch, model.channels, model.side, model.side, dtype=kind)
    t, y = torch.randint(0, 1000, (batch,)), torch.randint(0, model.classes, (batch,))

    @torch.inference_mode()
    def step():
        return forward(x, t, y).float().sum().item()

    return step


def dit_sample(size, mode, dtype, count=4, steps=50, guidance=4.0):
    from diffusers import DPMSolverMultistepScheduler

    model, forward, kind = inference(dit(size), mode, dtype)
    y = torch.arange(count)
    labels = torch.cat([y, torch.full_like(y, model.classes)])

    @torch.inference_mode()
    def step():
        scheduler = DPMSolverMultistepScheduler(
            beta_schedule="linear", beta_start=1e-4, beta_end=0.02, algorithm_type="dpmsolver++", solver_order=2,
            solver_type="midpoint", lower_order_final=True, timestep_spacing="linspace")
        scheduler.set_timesteps(steps)
        x = torch.randn(count, model.channels, model.side, model.side)
        for t in scheduler.timesteps:
            out = forward(torch.cat([x, x]).to(kind), t.expand(2 * count), labels)[:, :model.channels].float()
            given, free = out.chunk(2)
            x = scheduler.step(free + guidance * (given - free), t, x).prev_sample
        return x.sum().item()

    return step


def token_sample(mode, dtype, count=64, steps=25, guidance=3.0, side=16, words=16):
    model, forward, kind = inference(TokenTransformer(side=side), mode, dtype)
    chain = MaskAndReplace(codes=model.codes, steps=100)
    text = torch.randn(count, words, model.width).to(kind)
    heard = torch.cat([text, model.null.expand(count, words, model.width)])

    @torch.inference_mode()
    def step():
        x = torch.full((count, side * side), model.codes)
        x = chain.prior(x)
        for now, after in chain.grid(steps):
            t = torch.full((2 * count,), now * chain.steps - 1)
            given, free = forward(torch.cat([x, x]), t, heard).float().chunk(2)
            x = chain.step(x, free + guidance * (given - free), now, after)
        return x.sum().item()

    return step


def sentence_sample(mode, dtype, count=32, steps=50, guidance=2.0, words=64):
    from diffusers import DPMSolverMultistepScheduler

    network = SentenceDiT()
    for value in network.parameters():
        if value.requires_grad and not value.any():
            torch.nn.init.normal_(value, std=0.02)
    model, forward, kind = inference(network, mode, dtype)
    states = torch.randn(count, words, model.context)
    heard = torch.cat([states, model.null.float().expand_as(states)]).to(kind)

    @torch.inference_mode()
    def step():
        scheduler = DPMSolverMultistepScheduler(
            beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction", algorithm_type="dpmsolver++", solver_order=2,
            solver_type="midpoint", lower_order_final=True, timestep_spacing="linspace")
        scheduler.set_timesteps(steps)
        keys_values, pooled = model.heard(heard), heard.mean(1)
        x = torch.randn(count, model.length, model.channels)
        previous = torch.zeros_like(x)
        for t in scheduler.timesteps:
            both = torch.cat([x, x]).to(kind), torch.cat([previous, previous]).to(kind)
            given, free = forward(*both, t.expand(2 * count), pooled, keys_values).float().chunk(2)
            v = free + guidance * (given - free)
            abar = scheduler.alphas_cumprod[t]
            previous = abar.sqrt() * x - (1 - abar).sqrt() * v
            x = scheduler.step(v, t, x).prev_sample
        return x.sum().item()

    return step


def autoencoder():
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, sample_size=64,
        block_out_channels=(64, 128, 256, 256), layers_per_block=1, norm_num_groups=32, latent_channels=4)


def kl_train(mode, dtype, batch=16):
    model = autoencoder().train()
    optimizer = adamw(model)
    x = torch.rand(batch, 3, 64, 64) * 2 - 1

    def compute(x, noise):
        mean, logvar = model.quant_conv(model.encoder(x)).chunk(2, dim=1)
        logvar = logvar.clamp(-30, 20)
        z = mean + torch.exp(0.5 * logvar) * noise
        decoded = model.decoder(model.post_quant_conv(z))
        kl = 0.5 * (mean ** 2 + logvar.exp() - 1 - logvar).float().sum((1, 2, 3)).mean()
        return ((decoded.float() - x) ** 2).mean() + 1e-6 * kl

    forward = compiled(compute, mode)

    def step():
        noise = torch.randn(batch, 4, 8, 8)
        with autocast(dtype):
            loss = forward(x, noise)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def kl_decode(mode, dtype):
    model = autoencoder().eval()
    if dtype == "bf16":
        model = model.to(torch.bfloat16)
    decode = compiled(lambda z: model.decoder(model.post_quant_conv(z)), mode)
    z = torch.randn(1, 4, 32, 32, dtype=next(model.parameters()).dtype)

    @torch.inference_mode()
    def step():
        return decode(z).float().sum().item()

    return step


def mel(mode, dtype):
    import librosa
    import numpy as np

    time = np.arange(60 * 22050) / 22050
    sound = (0.05 * np.random.default_rng(2).standard_normal(len(time)) + 0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    filters = librosa.filters.mel(sr=22050, n_fft=1024, n_mels=80, fmin=125, fmax=7600)

    def step():
        size = np.abs(librosa.stft(sound, n_fft=1024, hop_length=256, pad_mode="reflect"))
        return np.clip((20 * np.log10(np.maximum(filters @ size, 1e-5)) + 80) / 100, 0, 1)

    return step


WORKLOADS = {
    "dit-s2-train": lambda mode, dtype: dit_train("s", mode, dtype, batch=8),
    "dit-small-train": lambda mode, dtype: dit_train("small", mode, dtype, batch=64, side=8, patch=1, classes=10),
    "dit-s2-forward": lambda mode, dtype: dit_forward("s", mode, dtype, batch=8),
    "dit-b2-forward-1": lambda mode, dtype: dit_forward("b", mode, dtype, batch=1),
    "dit-b2-forward-8": lambda mode, dtype: dit_forward("b", mode, dtype, batch=8),
    "dit-b2-forward-8-free": lambda mode, dtype: dit_forward("b", mode, dtype, batch=8),
    "dit-s2-sample": lambda mode, dtype: dit_sample("s", mode, dtype),
    "token-sample": token_sample,
    "sentence-sample": sentence_sample,
    "kl-train": kl_train,
    "kl-decode": kl_decode,
    "mel": mel,
}
