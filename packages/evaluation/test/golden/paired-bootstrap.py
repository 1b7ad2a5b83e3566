"""Makes paired-bootstrap.json: percentile intervals over groups in float64 NumPy, written from the definition.

Run: python3 paired-bootstrap.py > paired-bootstrap.json   (NumPy 2.4)
The random source is sfc32, seeded as the docstring of createRandomSource says, so that the draws are the same.
"""

import json
import sys

import numpy as np

MASK = 0xFFFFFFFF


def sfc32(seed):
    a, b, c, n = seed & MASK, (seed >> 32) & MASK, 0x2545F491, 1

    def draw():
        nonlocal a, b, c, n
        t = (a + b + n) & MASK
        n = (n + 1) & MASK
        a = b ^ (b >> 9)
        b = (c + (c << 3)) & MASK
        c = (((c << 21) | (c >> 11)) + t) & MASK
        return t / 2**32

    for _ in range(12):
        draw()
    return draw


def interval(values, groups, resamples, level, seed):
    recorded = [(v, g) for v, g in zip(values, groups) if v is not None]
    names = sorted({g for _, g in recorded})
    members = [np.array([v for v, g in recorded if g == name]) for name in names]
    draw = sfc32(seed)
    means = []
    for _ in range(resamples):
        drawn = [members[int(draw() * len(names))] for _ in names]
        means.append(np.concatenate(drawn).mean())
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return {"difference": float(np.mean([v for v, _ in recorded])), "low": float(low), "high": float(high)}


def main():
    generator = np.random.default_rng(20251124)
    cases = []
    for questions, texts, resamples, level, seed in [
        (40, 25, 500, 0.95, 0),
        (40, 25, 500, 0.8, 7),
        (12, 3, 301, 0.5, 2**40 + 5),
        (200, 200, 200, 0.99, -3),
    ]:
        values = [float(v) for v in generator.normal(0.02, 0.3, questions)]
        for missing in generator.choice(questions, questions // 10, replace=False):
            values[missing] = None
        groups = [f"text {g}" for g in generator.integers(0, texts, questions)]
        expected = interval(values, groups, resamples, level, seed)
        case = {"values": values, "groups": groups, "resamples": resamples, "level": level, "seed": seed}
        cases.append({**case, "expected": expected})
    draw = sfc32(7)
    json.dump({"sfc32Seed7": [draw() for _ in range(8)], "cases": cases}, sys.stdout, indent=1)


main()
