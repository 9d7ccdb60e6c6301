"""schedules.safetensors (ddpm, ddim) and solvers.safetensors (the rest): diffusers' schedulers, ten steps each, float32.

The "model" is elementwise and given to every scheduler: m(x, t) = 0.3 x cos(t / 500) + 0.1, where x is the scheduler's
scaled model input and t its own timestep (0..1000). Its value is read as epsilon, x0 ("sample") or v as the case says.
Shapes are [2,3,4,4], NCHW. T = 1000 throughout.

    x [2,3,4,4]                      the start, of unit deviation: a trajectory begins at x * <case>.init
    noise [10,2,3,4,4]               the noise of step i, for the cases that draw some
                                     (x and noise are in both files, the same)
    betas.<s>, alphas_cumprod.<s>    [1000], in schedules only; s is linear (1e-4..0.02), scaled_linear
                                     (0.00085..0.012) or cosine (squaredcos_cap_v2)
    <case>.timesteps [n]  <case>.states [n+1,2,3,4,4]  <case>.init []  <case>.sigmas (those that have them)
                                     states[0] is the start, states[i+1] the result of call i (Heun: 19 calls, two per step)

Cases (schedule linear, spacing leading, clip_sample false, unless said):
    ddpm.{epsilon,sample,v_prediction}, ddpm.cosine, ddpm.large (fixed_large), ddpm.clip (clip_sample, range 1),
    ddpm.trailing, ddpm.learned_range (the variance half of the output is 0.8 sin(x), v = (out+1)/2)
    ddim.{epsilon,sample,v_prediction}, ddim.eta05, ddim.eta1, ddim.trailing      (set_alpha_to_one true)
    euler.{epsilon,sample,v_prediction}, euler.leading, euler.karras              (scaled_linear, linspace; s_churn 0)
    heun.{epsilon,v_prediction}, heun.karras                                      (scaled_linear, linspace)
    dpm.{epsilon,sample,v_prediction}, dpm.trailing, dpm.first, dpm.karras        (dpmsolver++, order 2, midpoint,
                                     lower_order_final; linspace; dpm.first has order 1; the last sigma is 0)
    flow.shift1, flow.shift3         FlowMatchEulerDiscrete; m is read as the velocity (noise - data)
"""

import diffusers
import numpy as np
import torch
from diffusers import (DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler,
                       FlowMatchEulerDiscreteScheduler, HeunDiscreteScheduler)
from diffusers.schedulers import scheduling_ddpm

from golden import save

torch.manual_seed(3)
STEPS = 10
SCHEDULES = {
    "linear": dict(beta_schedule="linear", beta_start=1e-4, beta_end=0.02),
    "scaled_linear": dict(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012),
    "cosine": dict(beta_schedule="squaredcos_cap_v2"),
}
x0 = torch.randn(2, 3, 4, 4)
noise = torch.randn(STEPS, 2, 3, 4, 4)
fixture = {"x": x0, "noise": noise}
drawn = {"step": 0, "count": 0}


def given_noise(shape, **_):
    drawn["count"] += 1
    assert tuple(shape) == tuple(x0.shape)
    return noise[drawn["step"]].clone()


scheduling_ddpm.randn_tensor = given_noise


def model(x, t):
    return 0.3 * x * np.cos(float(t) / 500) + 0.1


def trajectory(name, scheduler, predict=model, noisy=False, **options):
    scheduler.set_timesteps(STEPS)
    init = float(getattr(scheduler, "init_noise_sigma", 1.0))
    x = x0 * init
    states, drawn["count"] = [x], 0
    for i, t in enumerate(scheduler.timesteps):
        drawn["step"] = i
        scaled = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
        extra = {"variance_noise": noise[i]} if noisy else {}
        x = scheduler.step(predict(scaled, t), t, x, **options, **extra).prev_sample
        states.append(x)
    fixture.update({f"{name}.timesteps": scheduler.timesteps.float(), f"{name}.states": torch.stack(states),
                    f"{name}.init": torch.tensor(init)})
    if getattr(scheduler, "sigmas", None) is not None:
        fixture[f"{name}.sigmas"] = scheduler.sigmas
    return drawn["count"]


for name, options in SCHEDULES.items():
    s = DDPMScheduler(**options)
    fixture |= {f"betas.{name}": s.betas, f"alphas_cumprod.{name}": s.alphas_cumprod}


def ddpm(prediction="epsilon", schedule="linear", spacing="leading", clip_sample=False, **options):
    return DDPMScheduler(**SCHEDULES[schedule], prediction_type=prediction, timestep_spacing=spacing,
                         clip_sample=clip_sample, **options)


def ddim(prediction="epsilon", spacing="leading"):
    return DDIMScheduler(**SCHEDULES["linear"], prediction_type=prediction, timestep_spacing=spacing,
                         clip_sample=False, set_alpha_to_one=True)


def sigma_based(kind, prediction="epsilon", spacing="linspace", **options):
    return kind(**SCHEDULES["scaled_linear"], prediction_type=prediction, timestep_spacing=spacing, **options)


def dpm(prediction="epsilon", spacing="linspace", order=2, **options):
    return DPMSolverMultistepScheduler(
        **SCHEDULES["linear"], prediction_type=prediction, timestep_spacing=spacing, algorithm_type="dpmsolver++",
        solver_type="midpoint", solver_order=order, lower_order_final=True, **options)


def with_variance(x, t):
    return torch.cat([model(x, t), 0.8 * torch.sin(x)], dim=1)


for prediction in ("epsilon", "sample", "v_prediction"):
    assert trajectory(f"ddpm.{prediction}", ddpm(prediction)) == STEPS - 1  # none at t = 0
    trajectory(f"ddim.{prediction}", ddim(prediction), eta=0.0)
    trajectory(f"dpm.{prediction}", dpm(prediction))
    trajectory(f"euler.{prediction}", sigma_based(EulerDiscreteScheduler, prediction))
for prediction in ("epsilon", "v_prediction"):
    trajectory(f"heun.{prediction}", sigma_based(HeunDiscreteScheduler, prediction))
trajectory("ddpm.cosine", ddpm(schedule="cosine"))
trajectory("ddpm.large", ddpm(variance_type="fixed_large"))
trajectory("ddpm.clip", ddpm(clip_sample=True, clip_sample_range=1.0))
trajectory("ddpm.trailing", ddpm(spacing="trailing"))
trajectory("ddpm.learned_range", ddpm(variance_type="learned_range"), predict=with_variance)
trajectory("ddim.eta05", ddim(), eta=0.5, noisy=True)
trajectory("ddim.eta1", ddim(), eta=1.0, noisy=True)
trajectory("ddim.trailing", ddim(spacing="trailing"), eta=0.0)
trajectory("euler.leading", sigma_based(EulerDiscreteScheduler, spacing="leading", steps_offset=1))
trajectory("euler.karras", sigma_based(EulerDiscreteScheduler, use_karras_sigmas=True))
trajectory("heun.karras", sigma_based(HeunDiscreteScheduler, use_karras_sigmas=True))
trajectory("dpm.trailing", dpm(spacing="trailing"))
trajectory("dpm.first", dpm(order=1))
trajectory("dpm.karras", dpm(use_karras_sigmas=True))
trajectory("flow.shift1", FlowMatchEulerDiscreteScheduler(shift=1.0))
trajectory("flow.shift3", FlowMatchEulerDiscreteScheduler(shift=3.0))

chain_cases = ("ddpm", "ddim", "betas", "alphas_cumprod")
chains = {k: v for k, v in fixture.items() if k.split(".")[0] in chain_cases}
start = {k: fixture.pop(k) for k in ("x", "noise")}
save("schedules", start | chains, diffusers=diffusers.__version__)
save("solvers", start | {k: v for k, v in fixture.items() if k not in chains}, diffusers=diffusers.__version__)
