"""Writes the reference numbers of optimisers, schedules, clipping and of a small decoder in training: PyTorch in float64.

    pip install torch==2.13.0 numpy==2.4.6 && python make-training.py
"""

import torch
import torch.nn.functional as F

from golden import grid, number, pack, write

GENERATOR = "packages/tensor/test/golden/make-training.py"
STEPS = 8


def trajectory(name, config, make, groups=None):
    """Parameters after every one of STEPS updates with given gradients, which do not depend on the parameters."""
    start = {"encoder/weight": grid((3, 2), 201), "encoder/bias": grid((2,), 202), "head/weight": grid((2,), 203)}
    leaves = {key: torch.nn.Parameter(value.clone()) for key, value in start.items()}
    gradients = [{key: grid(tuple(value.shape), 210 + 10 * step + index, 1.0) for index, (key, value) in enumerate(start.items())} for step in range(STEPS)]
    optimizer = make(groups(leaves) if groups else list(leaves.values()))
    steps = []
    for step in gradients:
        for key, leaf in leaves.items():
            leaf.grad = step[key].clone()
        optimizer.step()
        steps.append({key: pack(leaf) for key, leaf in leaves.items()})
    packed = [{key: pack(value) for key, value in step.items()} for step in gradients]
    start = {key: pack(value) for key, value in start.items()}
    return {"name": name, "config": config, "start": start, "gradients": packed, "steps": steps}


def optimizers():
    def own_rates(base):
        def groups(leaves):
            return [
                {"params": [leaves["encoder/weight"]], "lr": base},
                {"params": [leaves["encoder/bias"]], "lr": base, "weight_decay": 0.0},
                {"params": [leaves["head/weight"]], "lr": base * 10, "weight_decay": 0.5},
            ]

        return groups

    group_config = [
        {"pattern": "/bias$", "weightDecay": 0},
        {"pattern": "^head/", "learningRateFactor": 10, "weightDecay": 0.5},
    ]
    adam_w = [
        trajectory("defaults", {}, lambda params: torch.optim.AdamW(params, weight_decay=0.01)),
        trajectory(
            "all options",
            {"learningRate": 0.05, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-4, "weightDecay": 0.3},
            lambda params: torch.optim.AdamW(params, lr=0.05, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.3),
        ),
        trajectory(
            "parameter groups",
            {"learningRate": 0.01, "weightDecay": 0.1, "groups": group_config},
            lambda params: torch.optim.AdamW(params, lr=0.01, weight_decay=0.1),
            own_rates(0.01),
        ),
    ]
    sgd = [
        trajectory("plain", {"learningRate": 0.1}, lambda params: torch.optim.SGD(params, lr=0.1)),
        trajectory(
            "momentum and weight decay",
            {"learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.05},
            lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.9, weight_decay=0.05),
        ),
        trajectory(
            "parameter groups",
            {"learningRate": 0.01, "momentum": 0.5, "weightDecay": 0.1, "groups": group_config},
            lambda params: torch.optim.SGD(params, lr=0.01, momentum=0.5, weight_decay=0.1),
            own_rates(0.01),
        ),
    ]
    write(GENERATOR, "adam-w", {"cases": adam_w})
    write(GENERATOR, "sgd", {"cases": sgd})


def schedules():
    """Rates of steps 0 to 24; a warm-up is LinearLR from rate / warmupSteps, chained by SequentialLR."""
    cases = []
    for kind in ("linear", "cosine", "constant"):
        for warmup in (0, 5):
            for final in (0.0, 0.02) if kind != "constant" else (None,):
                parameter = torch.nn.Parameter(torch.zeros(1))
                optimizer = torch.optim.SGD([parameter], lr=0.1)
                if kind == "linear":
                    after = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, final / 0.1, total_iters=20 - warmup)
                elif kind == "cosine":
                    after = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20 - warmup, eta_min=final)
                else:
                    after = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
                scheduler = after
                if warmup > 0:
                    before = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / warmup, 1.0, total_iters=warmup - 1)
                    scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, [before, after], [warmup])
                rates = []
                for _ in range(21):
                    rates.append(number(optimizer.param_groups[0]["lr"]))
                    optimizer.step()
                    scheduler.step()
                config = {"kind": kind, "rate": 0.1, "warmupSteps": warmup}
                if final is not None:
                    config |= {"totalSteps": 20, "finalRate": final}
                cases.append({"name": f"{kind}, warm-up {warmup}, final {final}", "config": config, "rates": rates})
    write(GENERATOR, "schedule", {"cases": cases})


def clipping():
    cases = []
    for limit in (0.5, 3.0, 100.0):
        shapes = {"a": (3, 2), "b": (4,), "c": (1,)}
        gradients = {key: grid(shape, 301 + index) for index, (key, shape) in enumerate(shapes.items())}
        parameters = [torch.nn.Parameter(torch.zeros(shape)) for shape in shapes.values()]
        for parameter, gradient in zip(parameters, gradients.values()):
            parameter.grad = gradient.clone()
        norm = torch.nn.utils.clip_grad_norm_(parameters, limit)
        clipped = dict(zip(shapes, (pack(parameter.grad) for parameter in parameters)))
        packed = {key: pack(value) for key, value in gradients.items()}
        cases.append({"name": f"limit {limit}", "limit": limit, "norm": number(norm), "gradients": packed, "clipped": clipped})
    write(GENERATOR, "clip-by-global-norm", {"cases": cases})


def decoder():
    """Embedding, one pre-norm block of the Llama kind with grouped queries, norm, tied output; 6 clipped AdamW steps."""
    vocabulary, dim, heads, key_heads, hidden, tokens = 7, 8, 4, 2, 12, 5
    head_dim = dim // heads
    narrow = key_heads * head_dim
    shapes = {
        "table": (vocabulary, dim),
        "block/attention-norm/gain": (dim,),
        "block/attention/query/weight": (dim, dim),
        "block/attention/key/weight": (narrow, dim),
        "block/attention/value/weight": (narrow, dim),
        "block/attention/output/weight": (dim, dim),
        "block/mlp-norm/gain": (dim,),
        "block/mlp/gate/weight": (hidden, dim),
        "block/mlp/up/weight": (hidden, dim),
        "block/mlp/down/weight": (dim, hidden),
        "norm/gain": (dim,),
    }
    start = {key: grid(shape, 401 + index, 0.5) + (1.0 if key.endswith("gain") else 0.0) for index, (key, shape) in enumerate(shapes.items())}
    leaves = {key: torch.nn.Parameter(value.clone()) for key, value in start.items()}
    ids = torch.tensor([[1, 4, 4, 0, 6], [2, 5, 3, 1, 1]])
    targets = torch.tensor([[4, 4, 0, 6, 2], [5, 3, 1, 1, 0]])
    phi = torch.outer(torch.arange(tokens).double(), 10000.0 ** (-torch.arange(0, head_dim, 2) / head_dim))
    phi = torch.cat((phi, phi), -1)

    def turn(x):
        first, second = x.chunk(2, -1)
        return x * phi.cos() + torch.cat((-second, first), -1) * phi.sin()

    def split(x, count):
        return x.unflatten(-1, (count, head_dim)).transpose(1, 2)

    def loss_and_logits():
        weight = lambda name: leaves[f"block/{name}/weight"]  # noqa: E731
        x = F.embedding(ids, leaves["table"])
        normed = F.rms_norm(x, (dim,), leaves["block/attention-norm/gain"], 1e-5)
        query = turn(split(F.linear(normed, weight("attention/query")), heads))
        key = turn(split(F.linear(normed, weight("attention/key")), key_heads))
        value = split(F.linear(normed, weight("attention/value")), key_heads)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
        x = x + F.linear(mixed.transpose(1, 2).flatten(-2), weight("attention/output"))
        normed = F.rms_norm(x, (dim,), leaves["block/mlp-norm/gain"], 1e-5)
        inner = F.silu(F.linear(normed, weight("mlp/gate"))) * F.linear(normed, weight("mlp/up"))
        x = x + F.linear(inner, weight("mlp/down"))
        logits = F.linear(F.rms_norm(x, (dim,), leaves["norm/gain"], 1e-5), leaves["table"])
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten()), logits

    optimizer = torch.optim.AdamW(list(leaves.values()), lr=0.02, weight_decay=0.1)
    losses, norms, first = [], [], None
    for step in range(6):
        optimizer.zero_grad()
        loss, logits = loss_and_logits()
        loss.backward()
        if step == 0:
            first = {"logits": pack(logits), "gradients": {key: pack(leaf.grad) for key, leaf in leaves.items()}}
        norms.append(number(torch.nn.utils.clip_grad_norm_(list(leaves.values()), 1.0)))
        losses.append(number(loss))
        optimizer.step()
    body = {
        "sizes": {"dim": dim, "heads": heads, "keyValueHeads": key_heads, "hidden": hidden},
        "optimizer": {"learningRate": 0.02, "weightDecay": 0.1},
        "clipNorm": 1.0,
        "start": {key: pack(value) for key, value in start.items()},
        "ids": pack(ids),
        "targets": pack(targets),
        "first": first,
        "losses": losses,
        "norms": norms,
        "end": {key: pack(leaf) for key, leaf in leaves.items()},
    }
    write(GENERATOR, "decoder", body)


optimizers()
schedules()
clipping()
decoder()
