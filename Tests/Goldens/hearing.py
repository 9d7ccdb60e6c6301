"""vggish.safetensors and melception.safetensors: the networks that sounds are compared through, few channels, random weights.

VGGish: torchvggish 0.2, its front end over SIGNAL and its network. Melception: torchvision's Inception3 in float64, for one channel and
without the two pools of its stem, as SpecVQGAN's evaluation has it.

    vggish      features.<n>.*, embeddings.<n>.*   patches [2,96,64]   vectors [2,7]
    melception  Conv2d_1a_3x3.conv.weight, ...     mel.mean, mel.std [80]   x [2,80,60] in 0...1   vectors, logits

pip install torch torchvision torchvggish resampy soundfile
"""

from functools import partial

import numpy as np
import torch
from torch import nn
from torchvggish import VGG, vggish_input
from torchvision.models import inception

from golden import save

torch.manual_seed(23)

# A rising tone, a steady one and, in the middle, silence.
n = np.arange(32_000)
t = n / 16_000
signal = (0.5 * np.sin(2 * np.pi * (200 * t + 900 * t**2)) + 0.2 * np.sin(2 * np.pi * 3000 * t)) * ((n < 14_000) | (n >= 18_000))
patches = vggish_input.waveform_to_examples(signal, 16_000)
layers, channels = [], 1
for width in [2, "M", 3, "M", 4, 4, "M", 5, 5, "M"]:
    if width == "M":
        layers.append(nn.MaxPool2d(2, 2))
    else:
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        channels = width
network = VGG(nn.Sequential(*layers), postprocess=False)
network.embeddings = nn.Sequential(nn.Linear(6 * 4 * 5, 9), nn.ReLU(), nn.Linear(9, 8), nn.ReLU(), nn.Linear(8, 7), nn.ReLU())
for p in network.parameters():
    nn.init.normal_(p, std=0.3)
fixture = dict(network.state_dict())
vectors = network.double()(patches.double())
assert (vectors > 0).double().mean() > 0.2
save("vggish", fixture | {"patches": patches[:, 0], "vectors": vectors})


class Small(nn.Module):
    """torchvision's BasicConv2d with a fortieth of the channels, however many come in."""

    def __init__(self, _, out_channels, **options):
        super().__init__()
        self.conv = nn.LazyConv2d(max(1, out_channels // 40), bias=False, **options)
        self.bn = nn.LazyBatchNorm2d(eps=0.001)

    def forward(self, x):
        return torch.relu(self.bn(self.conv(x)))


kinds = [inception.InceptionA, inception.InceptionB, inception.InceptionC, inception.InceptionD, inception.InceptionE]
network = inception.Inception3(
    5, aux_logits=False, init_weights=False,
    inception_blocks=[Small] + [partial(kind, conv_block=Small) for kind in kinds] + [inception.InceptionAux])
network.maxpool1 = network.maxpool2 = network.dropout = nn.Identity()
network.fc = nn.LazyLinear(5)
x = torch.rand(2, 80, 60)
mean, std = torch.rand(80), 0.5 + torch.rand(80)
standard = lambda x: ((x - mean[:, None]) / std[:, None])[:, None].double()
network.double().eval()(standard(x))
for name, p in network.named_parameters():
    if p.dim() == 4:
        nn.init.normal_(p, std=(2 / p[0].numel()) ** 0.5)
for module in network.modules():
    if isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, mean=1, std=0.2), nn.init.normal_(module.bias, std=0.2)
        nn.init.normal_(module.running_mean, std=0.2), nn.init.uniform_(module.running_var, 0.5, 2)
for p in network.parameters():
    p.data = p.data.float().double()
for b in network.buffers():
    b.data = b.data.float().double() if b.dtype.is_floating_point else b.data
seen = []
network.avgpool.register_forward_hook(lambda *_: seen.append(_[2].flatten(1)))
logits = network(standard(x))
fixture = {k: v for k, v in network.state_dict().items() if "num_batches" not in k}
save("melception", fixture | {"mel.mean": mean, "mel.std": std, "x": x, "vectors": seen[-1], "logits": logits})
