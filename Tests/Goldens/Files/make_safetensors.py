"""Writes reference.safetensors with the reference implementation (pip: safetensors 0.8, torch 2).

python3 Tests/Goldens/Files/make_safetensors.py
"""
import os

import torch
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))
count = torch.arange(6)
tensors = {
    "mask": (count % 2 == 0).reshape(2, 3),
    "bytes": (count * 40).to(torch.uint8),
    "wide": (count - 3).to(torch.int64).reshape(3, 2),
    "narrow": (count - 3).to(torch.int32),
    "double": count.to(torch.float64) / 3,
    "single": count.to(torch.float32).reshape(1, 2, 3) / 7,
    "half": count.to(torch.float16) / 7,
    "brain": count.to(torch.bfloat16) / 7,
    "a.single": torch.tensor(1.5),
    "empty": torch.zeros(2, 0, 3),
    "bytes.8": count.to(torch.int8) - 3,
    "short": count.to(torch.int16) - 3,
    "ushort": (count * 9000).to(torch.uint16),
    "eight": count.to(torch.float8_e4m3fn),
    "é \"quoted\"": torch.ones(1),
}
save_file(tensors, os.path.join(here, "reference.safetensors"), metadata={"format": "pt"})
