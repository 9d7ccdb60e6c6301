"""discriminator.safetensors: taming-transformers' patch discriminator with group norm in place of batch norm, and without a norm,
in float64.

4 channels, 2 halvings, input 3x16x16; LeakyReLU 0.2 after every layer but the last. <kind> is `group`, 8 groups, or `none`.

    x, y [2,3,16,16]                          real and decoded pictures
    <kind>.<i>.{weight,bias}                  convolution of layer i, the last one being the output
    <kind>.<i>.norm.{weight,bias}             of layers 1 and 2, `group` only
    <kind>.real, <kind>.fake [2,1,2,2]        logits of x and y
    <kind>.{hinge,vanilla}.discriminator      the discriminator's loss; .generator the decoder's: -mean(fake), mean(softplus(-fake))
    <kind>.grad.y                             of the decoder's hinge loss
    <kind>.grad.<i>.weight                    of the discriminator's hinge loss
"""

import torch
from torch import nn
from torch.nn import functional as F

from golden import save

torch.manual_seed(13)
GROUPS = 8


def network(norm):
    widths = [4, 8, 16]
    layers = []
    for i, (a, b, stride) in enumerate([(3, widths[0], 2), (widths[0], widths[1], 2), (widths[1], widths[2], 1)]):
        parts = [nn.Conv2d(a, b, 4, stride, 1)]
        if norm and i > 0:
            parts.append(nn.GroupNorm(GROUPS, b, eps=1e-6))
        layers.append(nn.Sequential(*parts, nn.LeakyReLU(0.2)))
    return nn.Sequential(*layers, nn.Conv2d(widths[2], 1, 4, 1, 1))


x, y = torch.randn(2, 3, 16, 16), torch.randn(2, 3, 16, 16)
fixture = dict(x=x, y=y)
for kind in ("group", "none"):
    model = network(kind == "group")
    for p in model.parameters():
        p.data = 0.3 * torch.randn_like(p)
    convolutions = []
    for i, layer in enumerate(model):
        conv = layer if isinstance(layer, nn.Conv2d) else layer[0]
        convolutions.append(conv)
        fixture |= {f"{kind}.{i}.weight": conv.weight, f"{kind}.{i}.bias": conv.bias}
        if not isinstance(layer, nn.Conv2d) and isinstance(layer[1], nn.GroupNorm):
            layer[1].weight.data += 1
            fixture |= {f"{kind}.{i}.norm.weight": layer[1].weight, f"{kind}.{i}.norm.bias": layer[1].bias}
    fixture = {k: v.detach().clone() for k, v in fixture.items()}
    model = model.double()
    decoded = y.double().requires_grad_()
    real, fake = model(x.double()), model(decoded)
    hinge = 0.5 * (F.relu(1 - real).mean() + F.relu(1 + fake).mean())
    vanilla = 0.5 * (F.softplus(-real).mean() + F.softplus(fake).mean())
    fixture |= {f"{kind}.real": real, f"{kind}.fake": fake, f"{kind}.hinge.discriminator": hinge,
                f"{kind}.hinge.generator": -fake.mean(), f"{kind}.vanilla.discriminator": vanilla,
                f"{kind}.vanilla.generator": F.softplus(-fake).mean()}
    fixture[f"{kind}.grad.y"] = torch.autograd.grad(-fake.mean(), decoded, retain_graph=True)[0]
    for i, g in enumerate(torch.autograd.grad(hinge, [c.weight for c in convolutions])):
        fixture[f"{kind}.grad.{i}.weight"] = g
save("discriminator", fixture)
