"""Shared by make-ops.py and make-training.py: exact inputs, compact numbers, one JSON file per subject."""

import json
import pathlib
import platform

import numpy
import torch

HERE = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)


def grid(shape, seed, scale=2.0):
    """Normal numbers on multiples of 1/64, short as decimals, and exact in float32."""
    values = numpy.random.default_rng(seed).standard_normal(shape) * scale
    return torch.tensor((numpy.round(values * 64) / 64).astype(numpy.float32).astype(numpy.float64))


def pack(tensor):
    """Shape and row-major values with nine significant digits, more than float32 has."""
    array = tensor.detach().numpy()
    return {"shape": list(array.shape), "values": [number(value) for value in array.reshape(-1)]}


def number(value):
    short = float(f"{float(value):.9g}")
    return int(short) if short.is_integer() and abs(short) < 1e9 else short


def differentiated(name, compute, inputs, options=None, constants=None, upstream=None, keep=None):
    """One case: the output of `compute`, and the gradients of <output, upstream> with respect to every input."""
    leaves = {key: value.clone().requires_grad_(True) for key, value in inputs.items()}
    output = compute(**leaves)
    if upstream is None:
        upstream = grid(tuple(output.shape), 99, 1.0)
    contracted = (output * upstream).sum() if keep is None else (torch.where(keep, output, 0) * upstream).sum()
    contracted.backward()
    return {
        "name": name,
        "options": options or {},
        "inputs": {key: pack(value) for key, value in inputs.items()},
        "constants": {key: pack(value) for key, value in (constants or {}).items()},
        "upstream": pack(upstream),
        "output": pack(output),
        "gradients": {key: pack(value.grad) for key, value in leaves.items()},
    }


def write(generator, subject, body):
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": numpy.__version__}
    document = {"generator": generator, "versions": versions, "dtype": "float64", **body}
    text = json.dumps(document, separators=(",", ":"))
    (HERE / f"{subject}.json").write_text(text.replace('{"name"', '\n{"name"') + "\n")
