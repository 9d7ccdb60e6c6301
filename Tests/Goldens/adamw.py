"""adamw.safetensors: ten steps of torch.optim.AdamW on a small perceptron, in float64.

The model is y = W2 silu(W1 x + b1) + b2; the loss is the mean over [6, 3] of (y - target)^2.
AdamW: betas 0.9, 0.95, eps 1e-8, weight decay 0.1 on `w1`, `w2` and 0 on `b1`, `b2`; the gradient of all four
together is clipped to global norm 1.0 first. The learning rate is `transformers`' cosine schedule with warm-up,
base 0.05, 3 warm-up steps, 12 steps in all: lr(k) = base k/3 for k < 3, else base (1 + cos(pi (k-3)/9))/2, k from 0.
The average follows every step: ema = 0.9 ema + 0.1 parameter, starting at the first values.

    x [10,6,5]  target [10,6,3]                     one batch a step
    lr [10]  loss [10]  norm [10]                   used at, computed at, the global norm before clipping at step k
    before.{w1 [8,5], b1 [8], w2 [3,8], b2 [3]}, after.*, ema.*
    second.*                                        parameters after the first two steps (the rate of step 0 is zero)
    first_moment.*, second_moment.*                 AdamW's state after the last
"""

import torch
import torch.nn.functional as F
from transformers import get_cosine_schedule_with_warmup

from golden import save

torch.manual_seed(2)


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float32).double()


p = {"w1": draw(8, 5), "b1": draw(8), "w2": draw(3, 8) / 4, "b2": draw(3) / 4}
p = {k: v.float().double().requires_grad_() for k, v in p.items()}
x, target = draw(10, 6, 5), (draw(10, 6, 3) * torch.linspace(2, 0.2, 10).view(10, 1, 1)).float().double()
fixture = {"x": x, "target": target} | {f"before.{k}": v.detach().clone() for k, v in p.items()}

optimizer = torch.optim.AdamW(
    [{"params": [p["w1"], p["w2"]], "weight_decay": 0.1}, {"params": [p["b1"], p["b2"]], "weight_decay": 0.0}],
    lr=0.05, betas=(0.9, 0.95), eps=1e-8)
schedule = get_cosine_schedule_with_warmup(optimizer, 3, 12)
ema = {k: v.detach().clone() for k, v in p.items()}
lr, losses, norms = [], [], []
for k in range(10):
    loss = F.mse_loss(F.linear(F.silu(F.linear(x[k], p["w1"], p["b1"])), p["w2"], p["b2"]), target[k])
    optimizer.zero_grad()
    loss.backward()
    norms.append(torch.nn.utils.clip_grad_norm_(list(p.values()), 1.0))
    lr.append(optimizer.param_groups[0]["lr"])
    losses.append(loss.detach())
    optimizer.step()
    schedule.step()
    for name in p:
        ema[name] = 0.9 * ema[name] + 0.1 * p[name].detach()
    if k == 1:
        fixture.update({f"second.{n}": v.detach().clone() for n, v in p.items()})

assert max(norms) > 1.0 > min(norms), "clipping must act in some steps only"
fixture.update({"lr": torch.tensor(lr), "loss": torch.stack(losses), "norm": torch.stack(norms)})
for name, value in p.items():
    state = optimizer.state[value]
    fixture.update({f"after.{name}": value, f"ema.{name}": ema[name],
                    f"first_moment.{name}": state["exp_avg"], f"second_moment.{name}": state["exp_avg_sq"]})
print("norms", [round(float(n), 2) for n in norms])
save("adamw", fixture)
