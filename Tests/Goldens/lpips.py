"""lpips.safetensors: the perceptual distance of Zhang et al. 2018 over a VGG16 with few channels and random weights, in float64.

Names are those of torchvision's VGG16 and of the LPIPS weights, so that the fixture is a file of the kind that is loaded.

    features.<n>.{weight,bias}     n = 0 2 5 7 10 12 14 17 19 21 24 26 28
    lin<k>.model.1.weight [1,C,1,1]
    x, y [2,3,20,24]               in [-1, 1]
    map<k>                         of x, after the ReLU that ends stage k
    distance [2]                   with lin weights     plain [2]  with all weights 1
    grad.y                         of sum(distance)
"""

import torch
from torch.nn import functional as F

from golden import save

torch.manual_seed(17)
STAGES = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]
WIDTHS = [4, 5, 6, 7, 8]
weights, before = {}, 3
for stage, width in zip(STAGES, WIDTHS):
    for n in stage:
        weights[f"features.{n}.weight"] = torch.randn(width, before, 3, 3) * (2 / (9 * before)) ** 0.5
        weights[f"features.{n}.bias"] = 0.1 * torch.randn(width)
        before = width
for k, width in enumerate(WIDTHS):
    weights[f"lin{k}.model.1.weight"] = torch.rand(1, width, 1, 1)
w = {k: v.double() for k, v in weights.items()}


def maps(x):
    x = (x - torch.tensor([-0.030, -0.088, -0.188]).double().view(1, 3, 1, 1)) / torch.tensor(
        [0.458, 0.448, 0.450]).double().view(1, 3, 1, 1)
    out = []
    for k, stage in enumerate(STAGES):
        if k:
            x = F.max_pool2d(x, 2)
        for n in stage:
            x = F.relu(F.conv2d(x, w[f"features.{n}.weight"], w[f"features.{n}.bias"], padding=1))
        out.append(x)
    return out


def unit(x):
    return x / ((x ** 2).sum(1, keepdim=True).sqrt() + 1e-10)


x, y = (torch.rand(2, 3, 20, 24) * 2 - 1 for _ in range(2))
decoded = y.double().requires_grad_()
ours, theirs = maps(decoded), maps(x.double())
differences = [(unit(a) - unit(b)) ** 2 for a, b in zip(ours, theirs)]
plain = sum(d.sum(1).mean((1, 2)) for d in differences)
distance = sum(F.conv2d(d, w[f"lin{k}.model.1.weight"]).mean((1, 2, 3)) for k, d in enumerate(differences))
(grad,) = torch.autograd.grad(distance.sum(), [decoded])
fixture = weights | {"x": x, "y": y, "distance": distance, "plain": plain, "grad.y": grad}
fixture |= {f"map{k}": m for k, m in enumerate(theirs)}
save("lpips", fixture)
