"""What every fixture script shares: a deterministic PyTorch, and one way to save.

Every fixture is a safetensors file of F32 (tokens, masks and indices: I32), in the layout PyTorch uses
(images NCHW, convolution kernels OIHW, attention [B, H, N, K]). A Swift test converts at the door.
Values are computed in float64 from float32 inputs where a script says so, then rounded once to float32.
"""

import json
import os
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
LIMIT = 150_000  # bytes a fixture may take; the folder is cloned by everybody
sys.path.insert(0, str(HERE.parent.parent / "Experiments" / "benchmarks"))  # the PyTorch models the peers time

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def save(name, tensors, **metadata):
    """Writes <name>.safetensors beside this file, F32 and I32 only, and refuses a file that is too large or not finite."""
    out = {}
    for key, value in tensors.items():
        value = torch.as_tensor(value).detach()
        kind = torch.float32 if value.dtype.is_floating_point else torch.int32
        out[key] = value.to(kind).contiguous().clone()
        assert torch.isfinite(out[key].double()).all(), f"{name}: {key} is not finite"
    path = HERE / f"{name}.safetensors"
    versions = {"format": "pt", "script": os.path.basename(sys.argv[0]), "torch": torch.__version__}
    save_file(out, path, metadata=versions | {k: str(v) for k, v in metadata.items()})
    sort_metadata(path)
    size = path.stat().st_size
    assert size < LIMIT, f"{path.name}: {size} bytes, more than {LIMIT}"
    print(f"{path.name}: {len(out)} tensors, {size} bytes")


def sort_metadata(path):
    """The library writes its metadata in an order that changes from run to run; remaking a fixture must not change it."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length:])
