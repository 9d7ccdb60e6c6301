"""sounds.safetensors: distances between sounds, by scipy in float64.

    a, b [7,20]         mel amplitudes
    cepstral            10 / ln 10 * mean over frames of sqrt(2 * sum of squared differences of coefficients 1..13 of scipy.fft.dct(ln a,
                        type 2, norm ortho))
    cepstral.5          of coefficients 1..5
    p, q [6,33]         magnitudes, some of them 0
    spectral            mean over frames of the root of the mean square of 20 log10 of their ratio; below 1e-5 counts as that
"""

import numpy as np
import torch
from scipy.fft import dct

from golden import save

rng = np.random.default_rng(3)


def magnitudes(*shape):
    return np.exp(2 * rng.standard_normal(shape) - 3).astype(np.float32)


a, b, p, q = magnitudes(7, 20), magnitudes(7, 20), magnitudes(6, 33), magnitudes(6, 33)
p[2, 5:9] = 0
q[4] = 0


def cepstral(x, y, count):
    c = dct(np.log(x.astype(np.float64)), type=2, norm="ortho", axis=-1) - dct(np.log(y.astype(np.float64)), type=2, norm="ortho", axis=-1)
    return np.mean(10 / np.log(10) * np.sqrt(2 * np.sum(c[:, 1:count + 1] ** 2, axis=-1)))


ratio = 20 * np.log10(np.maximum(p.astype(np.float64), 1e-5) / np.maximum(q.astype(np.float64), 1e-5))
fixture = dict(a=a, b=b, p=p, q=q)
fixture |= {"cepstral": cepstral(a, b, 13), "cepstral.5": cepstral(a, b, 5), "spectral": np.mean(np.sqrt(np.mean(ratio ** 2, axis=-1)))}
save("sounds", {k: torch.as_tensor(np.asarray(v)) for k, v in fixture.items()})
