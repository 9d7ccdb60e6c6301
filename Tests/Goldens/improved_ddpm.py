"""improved_ddpm.safetensors: the Gaussian chain of Ho 2020 and Nichol & Dhariwal 2021, derived in float64 NumPy.

Nothing of a library is used: each number comes from its definition, and where two definitions exist both are checked.
Indices run from 0 (least noise); abar[-1] means 1. Two chains: `linear` (T 1000, 1e-4..0.02) and `cosine` (T 1000, s .008,
cap .999); for each the whole chain and the respaced chain of kept indices round(i 999 / (S-1)), S = 10 (linear), 25 (cosine).

    <chain>.kept [S]  betas [S] = 1 - abar_k / abar_{k-1}  abar [S]
    posterior_variance [S]  log_variance_min [S] (log of it, entry 0 replaced by entry 1)  log_variance_max [S] = log betas
    posterior_x0 [S], posterior_xt [S]       mean = posterior_x0 * x0 + posterior_xt * x_t
    (chains: linear, linear10, cosine, cosine25; the two whole chains have no `kept`)

One respaced training step of learned-range variance on linear10, [4,3,2,2], indices k = 0, 1, 5, 9:
    vlb.x0, vlb.xt, vlb.eps_hat, vlb.raw (variance output), vlb.noise; vlb.k [4]
    vlb.log_variance = f max + (1-f) min, f = (raw+1)/2      vlb.true_mean, vlb.true_log_variance  (posterior of x0)
    vlb.pred_x0 (not clipped)  vlb.pred_mean                 vlb.kl     elementwise nats
    vlb.nll, vlb.nll_tanh      -log of the discretised Gaussian at x0, bins of half-width 1/255, open tails beyond +-0.999,
                               with the exact normal CDF, and with the published code's tanh form (both clamped at 1e-12)
    vlb.bits [4]               mean over the sample of (k = 0 ? nll_tanh : kl) / ln 2
    vlb.mse [4]  vlb.hybrid [] mean of (eps_hat - noise)^2; mean over the batch of mse + bits * S / 1000
"""

import numpy as np
from scipy.special import ndtr

from golden import save

rng = np.random.default_rng(4)
fixture = {}
T = 1000


def cosine_abar():
    f = np.cos((np.arange(T + 1) / T + 0.008) / 1.008 * np.pi / 2) ** 2
    betas = np.minimum(1 - f[1:] / f[:-1], 0.999)
    return np.cumprod(1 - betas)


ABAR = {"linear": np.cumprod(1 - np.linspace(1e-4, 0.02, T)), "cosine": cosine_abar()}
assert abs(ABAR["linear"][-1] - 4.0e-5) < 5e-7 and abs(1 - ABAR["cosine"][0] - 4.13e-5) < 1e-7


def chain(abar):
    before = np.append(1.0, abar[:-1])
    betas = 1 - abar / before
    variance = betas * (1 - before) / (1 - abar)
    # The same posterior by multiplying the two Gaussians q(x_t | x_s) and q(x_s | x0).
    precision = (1 - betas[1:]) / betas[1:] + 1 / (1 - before[1:])
    assert np.allclose(1 / precision, variance[1:], rtol=1e-9)
    from_x0 = betas * np.sqrt(before) / (1 - abar)
    from_xt = (1 - before) * np.sqrt(1 - betas) / (1 - abar)
    assert np.allclose(from_x0[1:], np.sqrt(before[1:]) / (1 - before[1:]) / precision, rtol=1e-9)
    assert np.allclose(from_xt[1:], np.sqrt(1 - betas[1:]) / betas[1:] / precision, rtol=1e-9)
    return {"betas": betas, "abar": abar, "posterior_variance": variance,
            "log_variance_min": np.log(np.append(variance[1], variance[1:])), "log_variance_max": np.log(betas),
            "posterior_x0": from_x0, "posterior_xt": from_xt}


chains = {}
for name, steps in (("linear", 10), ("cosine", 25)):
    kept = np.array([round(i * (T - 1) / (steps - 1)) for i in range(steps)])
    chains[name] = chain(ABAR[name])
    chains[f"{name}{steps}"] = chain(ABAR[name][kept]) | {"kept": kept}
for name, values in chains.items():
    fixture |= {f"{name}.{key}": value for key, value in values.items()}

c, k = chains["linear10"], np.array([0, 1, 5, 9])
at = lambda key: c[key][k][:, None, None, None]
shape = (4, 3, 2, 2)
f32 = lambda a: a.astype(np.float32).astype(np.float64)
x0 = np.clip(np.round((rng.random(shape) * 2 - 1) * 127.5 + 127.5), 0, 255) / 127.5 - 1
x0[0, 0, 0, 0], x0[0, 1, 0, 0] = -1.0, 1.0  # the open tails
x0, noise = f32(x0), f32(rng.standard_normal(shape))
eps_hat, raw = f32(noise + 0.3 * rng.standard_normal(shape)), f32(rng.uniform(-1.1, 1.1, shape))
xt = f32(np.sqrt(at("abar")) * x0 + np.sqrt(1 - at("abar")) * noise)

fraction = (raw + 1) / 2
log_variance = fraction * at("log_variance_max") + (1 - fraction) * at("log_variance_min")
pred_x0 = (xt - np.sqrt(1 - at("abar")) * eps_hat) / np.sqrt(at("abar"))
mean = lambda x: at("posterior_x0") * x + at("posterior_xt") * xt
true_log_variance = np.broadcast_to(at("log_variance_min"), shape)
difference = mean(x0) - mean(pred_x0)
kl = 0.5 * (log_variance - true_log_variance - 1 + np.exp(true_log_variance - log_variance)
            + difference ** 2 * np.exp(-log_variance))
assert (kl >= -1e-12).all()


def tanh_cdf(z):
    return 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z ** 3)))


def nll(cdf):
    deviation = np.exp(0.5 * log_variance)
    upper, lower = ((x0 - mean(pred_x0) + half) / deviation for half in (1 / 255, -1 / 255))
    p = np.where(x0 < -0.999, cdf(upper), np.where(x0 > 0.999, 1 - cdf(lower), cdf(upper) - cdf(lower)))
    return -np.log(np.maximum(p, 1e-12))


first = (k == 0)[:, None, None, None]
bits = np.where(first, nll(tanh_cdf), kl).mean(axis=(1, 2, 3)) / np.log(2)
mse = ((eps_hat - noise) ** 2).mean(axis=(1, 2, 3))
step = dict(x0=x0, xt=xt, noise=noise, eps_hat=eps_hat, raw=raw, k=k, log_variance=log_variance, true_mean=mean(x0),
            true_log_variance=true_log_variance.copy(), pred_x0=pred_x0, pred_mean=mean(pred_x0), kl=kl, nll=nll(ndtr),
            nll_tanh=nll(tanh_cdf), bits=bits, mse=mse, hybrid=np.asarray((mse + bits * len(c["betas"]) / 1000).mean()))
save("improved_ddpm", fixture | {f"vlb.{key}": value for key, value in step.items()}, numpy=np.__version__)
