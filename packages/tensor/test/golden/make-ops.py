"""Writes the reference numbers of the differentiable operations: PyTorch in float64.

    pip install torch==2.13.0 numpy==2.4.6 && python make-ops.py
"""

import math

import torch
import torch.nn.functional as F

from golden import differentiated, grid, write


def linear():
    case = lambda name, lead, seed: differentiated(  # noqa: E731
        name,
        F.linear,
        {"input": grid((*lead, 5), seed), "weight": grid((3, 5), seed + 1), "bias": grid((3,), seed + 2)},
    )
    without = differentiated("without bias", F.linear, {"input": grid((4, 5), 21), "weight": grid((3, 5), 22)})
    return [case("matrix", (4,), 11), case("batch of sequences", (2, 3), 14), case("one row", (1,), 17), without]


def low_rank_update():
    def compute(x, weight, down, up):
        return F.linear(x, weight) + 0.5 * F.linear(F.linear(x, down), up)

    def case(name, lead, seed):
        inputs = {
            "x": grid((*lead, 5), seed, 1.0),
            "weight": grid((3, 5), seed + 1, 1.0),
            "down": grid((2, 5), seed + 2, 1.0),
            "up": grid((3, 2), seed + 3, 1.0),
        }
        return differentiated(name, compute, inputs, {"scale": 0.5})

    return [case("matrix", (4,), 31), case("batch of sequences", (2, 3), 41)]


def softmax_cross_entropy():
    cases = []
    for reduction in ("mean", "sum", "none"):
        labels = torch.tensor([2, 0, 4, 1])
        hard = lambda logits: F.cross_entropy(logits, labels, reduction=reduction)  # noqa: B023, E731
        cases.append(
            differentiated(
                f"hard targets, {reduction}",
                hard,
                {"logits": grid((4, 5), 51)},
                {"reduction": reduction},
                {"labels": labels},
            )
        )
        ignoring = torch.tensor([2, -100, 4, -100])
        ignored = lambda logits: F.cross_entropy(logits, ignoring, reduction=reduction)  # noqa: B023, E731
        cases.append(
            differentiated(
                f"ignored rows, {reduction}",
                ignored,
                {"logits": grid((4, 5), 52)},
                {"reduction": reduction},
                {"labels": ignoring, "weights": (ignoring >= 0).double()},
            )
        )
        soft = torch.tensor([[0.5, 0.25, 0.25, 0, 0], [0, 0, 0, 0, 1], [0.2, 0.2, 0.2, 0.2, 0.2], [2, 0, 1, 0, 0]]).double()
        weights = torch.tensor([1, 0.5, 0, 2]).double()

        def weighted(logits, reduction=reduction):
            rows = -(soft * logits.log_softmax(-1)).sum(-1) * weights
            return {"mean": rows.sum() / weights.sum(), "sum": rows.sum(), "none": rows}[reduction]

        cases.append(
            differentiated(
                f"soft targets with weights, {reduction}",
                weighted,
                {"logits": grid((4, 5), 53)},
                {"reduction": reduction},
                {"targets": soft, "weights": weights},
            )
        )
    large = grid((3, 4), 54, 2000.0)
    labels = torch.tensor([0, 3, 2])
    cases.append(
        differentiated(
            "large logits",
            lambda logits: F.cross_entropy(logits, labels),
            {"logits": large},
            {"reduction": "mean"},
            {"labels": labels},
        )
    )
    return cases


def log_softmax():
    plain = lambda logits: logits.log_softmax(-1)  # noqa: E731
    cases = [
        differentiated("matrix", plain, {"logits": grid((4, 5), 61)}),
        differentiated("three axes", plain, {"logits": grid((2, 3, 4), 62)}),
        differentiated("one class", plain, {"logits": grid((3, 1), 63)}),
        differentiated("large logits", plain, {"logits": grid((3, 4), 64, 2000.0)}),
    ]
    mask = torch.tensor([[1, 1, 0, 1, 0], [0, 0, 0, 0, 1], [1, 1, 1, 1, 1], [0, 1, 1, 0, 0]]).double()

    def masked(logits):
        return logits.masked_fill(mask == 0, -math.inf).log_softmax(-1).masked_fill(mask == 0, -1e30)

    cases.append(
        differentiated("mask", masked, {"logits": grid((4, 5), 65)}, None, {"mask": mask}, keep=mask != 0)
    )
    return cases


def rms_norm():
    def case(name, shape, seed, epsilon, scale=2.0):
        compute = lambda x, gain: F.rms_norm(x, gain.shape, gain, epsilon)  # noqa: E731
        inputs = {"x": grid(shape, seed, scale), "gain": grid(shape[-1:], seed + 1, 1.0)}
        return differentiated(name, compute, inputs, {"epsilon": epsilon})

    return [
        case("matrix", (4, 6), 71, 1e-5),
        case("three axes", (2, 3, 4), 73, 1e-6),
        case("one column", (3, 1), 75, 1e-5),
        case("large values", (3, 5), 77, 1e-5, 1e6),
        case("large epsilon", (3, 5), 79, 0.5),
    ]


def layer_norm():
    def case(name, shape, seed, epsilon, scale=2.0, shift=0.0):
        compute = lambda x, gain, bias: F.layer_norm(x, gain.shape, gain, bias, epsilon)  # noqa: E731
        inputs = {
            "x": grid(shape, seed, scale) + shift,
            "gain": grid(shape[-1:], seed + 1, 1.0),
            "bias": grid(shape[-1:], seed + 2, 1.0),
        }
        return differentiated(name, compute, inputs, {"epsilon": epsilon})

    without = differentiated(
        "without bias",
        lambda x, gain: F.layer_norm(x, gain.shape, gain, None, 1e-5),
        {"x": grid((4, 6), 81), "gain": grid((6,), 82, 1.0)},
        {"epsilon": 1e-5},
    )
    return [
        case("matrix", (4, 6), 83, 1e-5),
        case("three axes", (2, 3, 4), 86, 1e-6),
        case("far from zero", (3, 5), 89, 1e-5, 1.0, 4096.0),
        case("large values", (3, 5), 92, 1e-5, 1e6),
        without,
    ]


def activations():
    x = torch.cat([grid((13,), 101, 3.0), torch.tensor([0.0, -20.0, 20.0, -1e4, 1e4])])
    gelu = [
        differentiated("tanh", lambda x: F.gelu(x, approximate="tanh"), {"x": x}, {"form": "tanh"}),
        differentiated("erf", F.gelu, {"x": x}, {"form": "erf"}),
        differentiated("matrix", F.gelu, {"x": grid((3, 4), 102)}, {"form": "erf"}),
    ]
    swiglu = [
        differentiated("vector", lambda gate, up: F.silu(gate) * up, {"gate": x, "up": grid((18,), 103)}),
        differentiated("three axes", lambda gate, up: F.silu(gate) * up, {"gate": grid((2, 3, 4), 104), "up": grid((2, 3, 4), 105)}),
    ]
    return gelu, swiglu


def heads_first(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)  # [batch, heads, tokens, headDim]


def attention():
    def case(name, batch, queries, keys, heads, head_dim, seed, key_heads=None, causal=True, scale=None, lengths=None, size=1.0):
        key_heads = key_heads or heads
        allowed = torch.ones(batch, 1, queries, keys, dtype=torch.bool)
        if causal:
            allowed = allowed.tril(keys - queries)
        if lengths is not None:
            allowed = allowed & (torch.arange(keys) < torch.tensor(lengths)[:, None])[:, None, None, :]

        def compute(query, key, value):
            mixed = F.scaled_dot_product_attention(
                heads_first(query, heads),
                heads_first(key, key_heads),
                heads_first(value, key_heads),
                attn_mask=allowed,
                scale=scale,
                enable_gqa=True,
            )
            return mixed.transpose(1, 2).flatten(-2)

        options = {"heads": heads, "keyValueHeads": key_heads, "causal": causal}
        if scale is not None:
            options["scale"] = scale
        if lengths is not None:
            options["lengths"] = lengths
        inputs = {
            "query": grid((batch, queries, heads * head_dim), seed, size),
            "key": grid((batch, keys, key_heads * head_dim), seed + 1, size),
            "value": grid((batch, keys, key_heads * head_dim), seed + 2, 1.0),
        }
        return differentiated(name, compute, inputs, options)

    return [
        case("causal", 2, 4, 4, 2, 3, 111),
        case("one token", 1, 1, 1, 2, 2, 114),
        case("grouped queries", 2, 3, 3, 4, 2, 117, key_heads=2),
        case("both directions", 1, 3, 5, 1, 4, 121, causal=False),
        case("queries are the last tokens", 1, 2, 5, 2, 2, 124),
        case("lengths", 2, 4, 4, 2, 2, 127, lengths=[4, 2]),
        case("lengths, both directions", 2, 2, 4, 1, 3, 131, causal=False, lengths=[1, 3]),
        case("own scale", 1, 3, 3, 1, 3, 134, scale=1.5),
        case("large scores", 1, 4, 4, 1, 3, 137, size=40.0),
    ]


def rope():
    """`half` as transformers' apply_rotary_pos_emb writes it; `interleaved` as a product of complex numbers."""

    def angles(tokens, head_dim, base, offset):
        frequencies = base ** (-torch.arange(0, head_dim, 2) / head_dim)
        return torch.outer(torch.arange(offset, offset + tokens).double(), frequencies)  # [tokens, headDim / 2]

    def rotate_half(x):
        first, second = x.chunk(2, -1)
        return torch.cat((-second, first), -1)

    def half(x, head_dim, base, offset):
        phi = angles(x.shape[1], head_dim, base, offset)
        phi = torch.cat((phi, phi), -1)[:, None, :]  # [tokens, 1, headDim]
        split = x.unflatten(-1, (-1, head_dim))
        return (split * phi.cos() + rotate_half(split) * phi.sin()).flatten(-2)

    def interleaved(x, head_dim, base, offset):
        phi = angles(x.shape[1], head_dim, base, offset)
        pairs = torch.view_as_complex(x.unflatten(-1, (-1, head_dim // 2, 2)))
        return torch.view_as_real(pairs * torch.polar(torch.ones_like(phi), phi)[:, None, :]).flatten(-3)

    def case(name, shape, head_dim, seed, pairs="half", base=10000.0, offset=0):
        turn = half if pairs == "half" else interleaved
        options = {"headDim": head_dim, "pairs": pairs, "base": base, "offset": offset}
        return differentiated(name, lambda x: turn(x, head_dim, base, offset), {"x": grid(shape, seed)}, options)

    return [
        case("half", (2, 4, 8), 4, 141),
        case("interleaved", (2, 4, 8), 4, 142, "interleaved"),
        case("offset and base", (1, 3, 6), 6, 143, "half", 500000.0, 2000),
        case("two elements", (1, 3, 2), 2, 144),
    ]


def embedding():
    ids = torch.tensor([[1, 1, 0], [3, 1, 3]])
    compute = lambda table: F.embedding(ids, table)  # noqa: E731
    return [differentiated("repeated ids", compute, {"table": grid((5, 3), 151)}, None, {"ids": ids})]


def main():
    gelu, swiglu = activations()
    subjects = {
        "linear": linear(),
        "low-rank-update": low_rank_update(),
        "softmax-cross-entropy": softmax_cross_entropy(),
        "log-softmax": log_softmax(),
        "rms-norm": rms_norm(),
        "layer-norm": layer_norm(),
        "gelu": gelu,
        "swiglu": swiglu,
        "attention": attention(),
        "rope": rope(),
        "embedding": embedding(),
    }
    for subject, cases in subjects.items():
        write("packages/tensor/test/golden/make-ops.py", subject, {"cases": cases})


main()
