"""features.safetensors: a small feature network written in torch with torch's own layers, in float64.

Two levels of 4 and 8 channels, one residual block each, norms of at most 3 groups (so 2 of 4 and 2 of 8 channels), 5 classes.
Pictures are of 9 x 10, so that the level at half the resolution has a row that no window starts in.

<name>                    parameters under our names, in torch's layout (kernels OIHW, the shortcut [O, I])
x [3,3,9,10], labels [3]  input
map.0 [3,4,9,10], map.1 [3,8,4,5], vectors [3,8], logits [3,5]
smoothed []               torch's cross-entropy with label_smoothing 0.1, mean over the batch
grad.x, grad.<name>       gradients of `smoothed`
"""

import torch
from torch import nn
from torch.nn import functional as F

from golden import save

torch.manual_seed(11)


class Block(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(2, i, eps=1e-6), nn.Conv2d(i, o, 3, padding=1)
        self.norm2, self.conv2 = nn.GroupNorm(2, o, eps=1e-6), nn.Conv2d(o, o, 3, padding=1)
        self.shortcut = nn.Conv2d(i, o, 1) if i != o else None

    def forward(self, x):
        h = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))
        return h + (x if self.shortcut is None else self.shortcut(x))


class Level(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.downsample = nn.ModuleDict({"conv": nn.Conv2d(i, i, 3, stride=2)}) if i != o else None
        self.blocks = nn.ModuleList([Block(i, o)])

    def forward(self, x):
        if self.downsample is not None:
            x = self.downsample["conv"](F.pad(x, (0, 1, 0, 1)))
        return self.blocks[0](x)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.input = nn.Conv2d(3, 4, 3, padding=1)
        self.levels = nn.ModuleList([Level(4, 4), Level(4, 8)])
        self.norm = nn.GroupNorm(2, 8, eps=1e-6)
        self.output = nn.Linear(8, 5)

    def forward(self, x):
        first = self.levels[0](self.input(x))
        second = self.levels[1](first)
        vectors = F.silu(self.norm(second)).mean((2, 3))
        return first, second, vectors, self.output(vectors)


network = Network()
for name, value in network.named_parameters():
    if "norm" in name:
        value.data += 0.3 * torch.randn_like(value)
x, labels = torch.randn(3, 3, 9, 10).clamp(-1, 1), torch.tensor([4, 0, 2])
weights = {name: value.clone() for name, value in network.named_parameters()}

network = network.double()
inputs = x.double().requires_grad_()
first, second, vectors, logits = network(inputs)
smoothed = F.cross_entropy(logits, labels, label_smoothing=0.1)
names = [name for name, _ in network.named_parameters()]
grads = torch.autograd.grad(smoothed, [inputs, *network.parameters()])


def flat(name, value):
    return value.flatten(1) if "shortcut.weight" in name else value


out = {name: flat(name, value) for name, value in weights.items()}
out |= {"x": x, "labels": labels, "map.0": first, "map.1": second, "vectors": vectors, "logits": logits, "smoothed": smoothed}
out |= {f"grad.{name}": flat(name, value) for name, value in zip(["x", *names], grads)}
save("features", out)
