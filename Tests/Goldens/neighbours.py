"""neighbours.safetensors: sets of features and what the program of Naeem et al. 2020 (pip install prdc) says of them.

near, heavy               <case>.real [N,F], <case>.samples [M,F];  near: a narrower and a wider law than the real one's, and
                          real rows, copied;  heavy: heavy tails, few clusters, and a mean of 100 in every feature
<case>.<k>                [4]: precision, recall, density, coverage with k neighbours, k = 3 and 5
near.mmd                  []: squared maximum mean discrepancy, unbiased, kernel (x.y / F + 1)^3, from the formula in float64
"""

import numpy as np
from prdc import compute_prdc

from golden import save

random = np.random.default_rng(5)
real = random.normal(size=(160, 6))
samples = np.concatenate([0.6 * random.normal(size=(60, 6)) + 0.2, 2 * random.normal(size=(50, 6)), real[:10]])
centres = random.normal(size=(5, 4)) * 3
heavy = [100 + centres[random.integers(5, size=n)] + random.standard_t(2, size=(n, 4)) for n in (90, 130)]
cases = {"near": (real, samples), "heavy": tuple(heavy)}


def mmd(x, y):
    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    def mean(a):
        k = kernel(a, a)
        return (k.sum() - np.trace(k)) / (len(a) * (len(a) - 1))

    return mean(x) + mean(y) - 2 * kernel(x, y).mean()


out = {}
for name, pair in cases.items():
    # Rounded first: both sides see the same numbers.
    x, y = (a.astype(np.float32).astype(np.float64) for a in pair)
    out |= {f"{name}.real": x, f"{name}.samples": y}
    for k in (3, 5):
        found = compute_prdc(x, y, nearest_k=k)
        out[f"{name}.{k}"] = np.array([found[n] for n in ("precision", "recall", "density", "coverage")])
        print(name, k, found)
out["near.mmd"] = mmd(out["near.real"], out["near.samples"])
save("neighbours", out)
