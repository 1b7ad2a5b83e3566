"""Makes the safetensors fixtures with the format's own Python package, and torch's conversions to and from half precision.

Run: python packages/tensor/test/golden/make-safetensors.py   (needs safetensors, numpy, torch)
"""

import hashlib
import json
import pathlib

import numpy
import safetensors
import safetensors.torch
import torch

HERE = pathlib.Path(__file__).parent


def sha256(array):
    return hashlib.sha256(numpy.ascontiguousarray(array).tobytes()).hexdigest()


def widened(dtype):
    """Hash of the float32 value of every word in order, little-endian, every NaN as 0x7fc00000."""
    words = torch.arange(65536, dtype=torch.int32).to(torch.int16)
    values = words.view(dtype).to(torch.float32).numpy().copy()
    bits = values.view("<u4")
    bits[numpy.isnan(values)] = 0x7FC00000
    return sha256(bits)


def rounded(values, dtype):
    """Hash of the words nearest to these float32 values."""
    return sha256(torch.from_numpy(values).to(dtype).view(torch.int16).numpy().astype("<i2"))


def around_halves():
    """Every binary16 value >= 0, the midpoint to its successor, and the float32 on either side of that; then all negated."""
    words = numpy.arange(0x7C00, dtype=numpy.uint16)
    here = words.view(numpy.float16).astype(numpy.float64)
    after = numpy.append(here[1:], 65536.0)
    middle = ((here + after) / 2).astype(numpy.float32)
    below = numpy.nextafter(middle, numpy.float32(-numpy.inf))
    above = numpy.nextafter(middle, numpy.float32(numpy.inf))
    values = numpy.stack([here.astype(numpy.float32), below, middle, above], axis=1).ravel()
    return numpy.concatenate([values, -values])


def around_bfloats():
    """Every bfloat16 value >= 0, the midpoint to its successor, and the float32 on either side of that; then all negated."""
    words = numpy.arange(0x7F80, dtype=numpy.uint32) << 16
    bits = words[:, None] + numpy.array([0, 0x7FFF, 0x8000, 0x8001], dtype=numpy.uint32)
    values = bits.ravel().view(numpy.float32)
    return numpy.concatenate([values, -values])


def main():
    numbers = torch.tensor([0.0, -0.0, 1.5, -2.25, 3.1415927, 1e-40], dtype=torch.float32)
    mixed = {
        "weight": numbers.reshape(2, 3),
        "half": torch.tensor([1.0, -0.1, 65504.0, 6e-8], dtype=torch.float16),
        "brain": torch.tensor([[1.0, 0.1], [-3e38, float("inf")]], dtype=torch.bfloat16),
        "scalar": torch.tensor(7.0),
        "empty": torch.zeros(0, 3),
        "größe \"1\"": torch.tensor([2.0]),
    }
    metadata = {"format": "pt", "ключ": "line\nbreak"}
    safetensors.torch.save_file(mixed, HERE / "mixed.safetensors", metadata=metadata)
    plain = {"b/bias": torch.tensor([0.5, -1.0]), "a/weight": numbers.reshape(3, 2), "c": torch.tensor(4.0)}
    safetensors.torch.save_file(plain, HERE / "plain.safetensors")
    safetensors.torch.save_file({"ids": torch.tensor([1, 2])}, HERE / "integers.safetensors")
    fixture = {
        "generator": "packages/tensor/test/golden/make-safetensors.py",
        "versions": {"safetensors": safetensors.__version__, "torch": torch.__version__, "numpy": numpy.__version__},
        "tolerance": "none: bits are compared",
        "mixed": {
            name: {"shape": list(tensor.shape), "bits": tensor.float().numpy().ravel().view("<u4").tolist()}
            for name, tensor in mixed.items()
        },
        "metadata": metadata,
        "plain": {
            name: {"shape": list(tensor.shape), "bits": tensor.numpy().ravel().view("<u4").tolist()}
            for name, tensor in plain.items()
        },
        "widened": {"f16": widened(torch.float16), "bf16": widened(torch.bfloat16)},
        "rounded": {
            "f16": rounded(around_halves(), torch.float16),
            "bf16": rounded(around_bfloats(), torch.bfloat16),
        },
    }
    (HERE / "safetensors.json").write_text(json.dumps(fixture, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


main()
