"""melgan.safetensors: a small MelGAN after descriptinc/melgan-neurips, in float64.

Generator: 5 bands, 2 channels in the last stage, ratios 3 and 2, residual blocks of dilation 1 and 3; 3 -> 2 has an output padding.
Discriminators: 2 scales, 4 channels, 2 layers that shorten by 2, at most 12 channels; 48 samples. The weights are the program's
parameters, `weight_g` and `weight_v`, under its names.

    generator.<name>, discriminator.<name>    parameters by the names that torch.nn.utils.weight_norm gives them
    mel [2,5,8]                               spectrograms
    x [2,1,48]                                recordings
    fake [2,1,48]                             what the generator makes of mel
    real.<i>.<j>, fake.<i>.<j>                map j of scale i, of x and of fake
    loss.{adversarial,features,discriminator} the program's: sums over scales; features with 4 / (layers + 1) / scales
    grad.generator.<name>                     of adversarial + 10 features
    grad.discriminator.<name>                 of the discriminators' loss
"""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import weight_norm

from golden import save

torch.manual_seed(41)
BANDS, CHANNELS, RATIOS, BLOCKS = 5, 2, [3, 2], 2
SCALES, WIDTH, LAYERS, FACTOR, LARGEST = 2, 4, 2, 2, 12


def conv(*a, **k):
    return weight_norm(nn.Conv1d(*a, **k))


class Block(nn.Module):
    def __init__(self, c, d):
        super().__init__()
        self.block = nn.Sequential(nn.LeakyReLU(0.2), nn.ReflectionPad1d(d), conv(c, c, 3, dilation=d), nn.LeakyReLU(0.2), conv(c, c, 1))
        self.shortcut = conv(c, c, 1)

    def forward(self, x):
        return self.shortcut(x) + self.block(x)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        c = CHANNELS * 2 ** len(RATIOS)
        layers = [nn.ReflectionPad1d(3), conv(BANDS, c, 7)]
        for r in RATIOS:
            up = nn.ConvTranspose1d(c, c // 2, 2 * r, stride=r, padding=r // 2 + r % 2, output_padding=r % 2)
            layers += [nn.LeakyReLU(0.2), weight_norm(up)]
            c //= 2
            layers += [Block(c, 3 ** j) for j in range(BLOCKS)]
        layers += [nn.LeakyReLU(0.2), nn.ReflectionPad1d(3), conv(c, 1, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return self.model(x)


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [WIDTH]
        for _ in range(LAYERS):
            widths.append(min(widths[-1] * FACTOR, LARGEST))
        last = min(widths[-1] * 2, LARGEST)
        layers = [nn.Sequential(nn.ReflectionPad1d(7), conv(1, WIDTH, 15), nn.LeakyReLU(0.2))]
        for a, b in zip(widths, widths[1:]):
            shorten = conv(a, b, 10 * FACTOR + 1, stride=FACTOR, padding=5 * FACTOR, groups=a // 4)
            layers.append(nn.Sequential(shorten, nn.LeakyReLU(0.2)))
        layers.append(nn.Sequential(conv(widths[-1], last, 5, padding=2), nn.LeakyReLU(0.2)))
        layers.append(conv(last, 1, 3, padding=1))
        self.model = nn.ModuleDict({f"layer_{i}": layer for i, layer in enumerate(layers)})

    def forward(self, x):
        maps = []
        for layer in self.model.values():
            x = layer(x)
            maps.append(x)
        return maps


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.ModuleDict({f"disc_{i}": Scale() for i in range(SCALES)})
        self.downsample = nn.AvgPool1d(4, stride=2, padding=1, count_include_pad=False)

    def forward(self, x):
        maps = []
        for scale in self.model.values():
            maps.append(scale(x))
            x = self.downsample(x)
        return maps


generator, discriminator = Generator(), Discriminator()
for name, p in [*generator.named_parameters(), *discriminator.named_parameters()]:
    p.data = 0.5 + torch.rand_like(p) if name.endswith("weight_g") else 0.5 * torch.randn_like(p)
mel, x = torch.rand(2, BANDS, 8), torch.rand(2, 1, 48) * 2 - 1
fixture = dict(mel=mel, x=x)
fixture |= {f"generator.{k}": v.clone() for k, v in generator.state_dict().items()}
fixture |= {f"discriminator.{k}": v.clone() for k, v in discriminator.state_dict().items()}

generator, discriminator, mel, x = generator.double(), discriminator.double(), mel.double(), x.double()
fake = generator(mel)
fixture["fake"] = fake
judged, known = discriminator(fake), discriminator(x)
for i in range(SCALES):
    for j in range(LAYERS + 3):
        fixture |= {f"real.{i}.{j}": known[i][j], f"fake.{i}.{j}": judged[i][j]}
adversarial = sum(-maps[-1].mean() for maps in judged)
weight = 4 / (LAYERS + 1) / SCALES
features = sum(weight * F.l1_loss(a, b.detach()) for s, t in zip(judged, known) for a, b in zip(s[:-1], t[:-1]))
still = discriminator(fake.detach())
loss = sum(F.relu(1 + s[-1]).mean() + F.relu(1 - t[-1]).mean() for s, t in zip(still, known))
fixture |= {"loss.adversarial": adversarial, "loss.features": features, "loss.discriminator": loss}
for name, model, value in [("generator", generator, adversarial + 10 * features), ("discriminator", discriminator, loss)]:
    names, parameters = zip(*model.named_parameters())
    for key, g in zip(names, torch.autograd.grad(value, parameters, retain_graph=True)):
        fixture[f"grad.{name}.{key}"] = g
save("melgan", fixture)
