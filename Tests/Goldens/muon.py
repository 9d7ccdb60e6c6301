"""muon.safetensors: four steps of torch.optim.Muon on a wide and a tall matrix, in float64.

Momentum 0.95 with Nesterov's look ahead, five Newton-Schulz iterations (PyTorch rounds them to bfloat16; here they stay in
float64), weight decay 0.1, rates as AdamW's (`match_rms_adamw`).

    lr [4]                                   the rate of each step
    gradient.{wide [4,5,12], tall [4,9,4]}   one gradient a step
    before.*, after.*, momentum.*            weights before and after, the momentum after
"""

import torch

from golden import save

torch.bfloat16 = torch.float64
torch.manual_seed(5)
shapes = {"wide": (5, 12), "tall": (9, 4)}
p = {k: torch.randn(*s, dtype=torch.float32).double().requires_grad_() for k, s in shapes.items()}
gradients = {k: torch.randn(4, *s, dtype=torch.float32).double() for k, s in shapes.items()}
lr = torch.tensor([0.02, 0.05, 0.03, 0.01], dtype=torch.float64)
fixture = {"lr": lr}
fixture |= {f"before.{k}": v.detach().clone() for k, v in p.items()} | {f"gradient.{k}": v for k, v in gradients.items()}

optimizer = torch.optim.Muon(
    list(p.values()), lr=0.1, weight_decay=0.1, momentum=0.95, nesterov=True, adjust_lr_fn="match_rms_adamw")
for step in range(4):
    for k, v in p.items():
        v.grad = gradients[k][step].clone()
    optimizer.param_groups[0]["lr"] = float(lr[step])
    optimizer.step()

fixture |= {f"after.{k}": v for k, v in p.items()}
fixture |= {f"momentum.{k}": optimizer.state[v]["momentum_buffer"] for k, v in p.items()}
save("muon", fixture)
