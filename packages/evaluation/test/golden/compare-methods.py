"""Makes compare-methods.json: several seeds on one split, in float64 NumPy question by question, from the definitions.

Run: python3 compare-methods.py > compare-methods.json   (NumPy 2.4, SciPy 1.17, statsmodels 0.15)
Clustered standard errors come from statsmodels' OLS, Holm's adjustment from its multipletests, t-tests from SciPy.
The random source is sfc32, seeded as the docstring of createRandomSource says, so that the draws are the same.
"""

import json
import sys

import numpy as np
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.multitest import multipletests

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


def standard_error(values, clusters):
    """Of the mean of some questions; `clusters` numbers the drawn copies of a cluster apart."""
    centred = values - values.mean()
    sums = np.array([centred[clusters == one].sum() for one in np.unique(clusters)])
    return np.sqrt(np.sum(sums**2)) / len(values)


def drawn(draw, members):
    return [members[int(draw() * len(members))] for _ in members]


def pairs(method, baseline):
    """Differences of each seed, and the two tables that seeds are drawn from."""
    if sorted(method) == sorted(baseline):
        return {s: method[s] - baseline[s] for s in method}
    mean = np.nanmean(np.array(list(baseline.values())), axis=0)
    return {s: method[s] - mean for s in method}


def seed_value(table, seeds, questions, recorded):
    """Mean of drawn seeds on drawn questions, each seed's question weighing one over its recorded seeds."""
    values = np.array([table[s] for s in table])
    counts = np.sum(~np.isnan(values), axis=0)
    total, weight = 0.0, 0.0
    for s in seeds:
        for q in questions:
            if recorded[q] and not np.isnan(values[s][q]):
                total += values[s][q] / counts[q]
                weight += 1 / counts[q]
    return total / weight


def compare(methods, clusters, comparisons, resamples, level, seed):
    names = sorted(set(clusters))
    members = [np.flatnonzero(np.array(clusters) == name) for name in names]
    draw = sfc32(seed)
    draws = [drawn(draw, members) for _ in range(resamples)]
    rows = []
    for id_, method, baseline, one_sided in comparisons:
        difference = pairs(methods[method], methods[baseline])
        mean = np.nanmean(np.array(list(difference.values())), axis=0)
        recorded = ~np.isnan(mean)
        used = [name for name, m in zip(names, members) if recorded[m].any()]
        correction = np.sqrt(len(used) / (len(used) - 1))
        fit = sm.OLS(mean[recorded], np.ones(recorded.sum())).fit(
            cov_type="cluster", cov_kwds={"groups": np.unique(np.array(clusters)[recorded], return_inverse=True)[1]}
        )
        d, se = fit.params[0], fit.bse[0]
        means, ts = [], []
        for sample in draws:
            values = np.concatenate([mean[m] for m in sample])
            copies = np.concatenate([[copy] * len(m) for copy, m in enumerate(sample)])
            values, copies = values[~np.isnan(values)], copies[~np.isnan(values)]
            means.append(values.mean())
            ts.append((values.mean() - d) / (correction * standard_error(values, copies)))
        ts = np.array(ts)
        greater = (1 + np.sum(ts >= d / se)) / (resamples + 1)
        less = (1 + np.sum(ts <= d / se)) / (resamples + 1)
        low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
        per_seed = [float(np.nanmean(values)) for values in difference.values()]
        rows.append(
            {
                "id": id_,
                "difference": d,
                "standardError": se,
                "low": low,
                "high": high,
                "pOneSided": greater,
                "pTwoSided": min(1, 2 * min(greater, less)),
                "perSeed": per_seed,
                "seedDeviation": float(np.std(per_seed, ddof=1)),
                "missingPairs": int(sum(np.isnan(v).sum() for v in difference.values())),
                "questions": int(recorded.sum()),
                "clusters": len(used),
                "t": (ts, d, se),
                "recorded": recorded,
                "differences": difference,
            }
        )
    chosen = [r["pOneSided"] if c[3] else r["pTwoSided"] for r, c in zip(rows, comparisons)]
    rejected, adjusted, _, _ = multipletests(chosen, alpha=1 - level, method="holm")
    for row, comparison, p, reject in zip(rows, comparisons, adjusted, rejected):
        ts, d, se = row.pop("t")
        chance = (1 - level) / len(rows) / (1 if comparison[3] else 2)
        # The smallest shift that a one-sided test at this chance does not refuse.
        inverted = [d - se * t for t in ts if (1 + np.sum(ts >= t)) / (resamples + 1) > chance]
        row.update(pHolm=p, rejected=bool(reject), bonferroniLow=min(inverted))
    two_level = [[] for _ in rows]
    for _ in range(resamples):
        questions = np.concatenate(drawn(draw, members))
        for row, (_, method, baseline, _), out in zip(rows, comparisons, two_level):
            if sorted(methods[method]) == sorted(methods[baseline]) or len(methods[baseline]) == 1:
                sides = [(1, row["differences"])]
            else:
                sides = [(1, methods[method]), (-1, methods[baseline])]
            value = 0
            for sign, table in sides:
                seeds = [int(draw() * len(table)) for _ in table]
                value += sign * seed_value(table, seeds, questions, row["recorded"])
            out.append(value)
    for row, out in zip(rows, two_level):
        low, high = np.quantile(out, [(1 - level) / 2, (1 + level) / 2])
        row["overSeeds"] = {"low": low, "high": high}
        del row["recorded"], row["differences"]
    return rows


def best_mixture(points, cost):
    """The best score of one static assignment, or of two mixed, of at most this mean cost."""
    affordable = [s for c, s in points if c <= cost]
    if not affordable:
        return max(s for c, s in points if c == min(c for c, _ in points))
    best = max(affordable)
    for c1, s1 in points:
        for c2, s2 in points:
            if c1 <= cost < c2:
                best = max(best, s1 + (cost - c1) / (c2 - c1) * (s2 - s1))
    return best


def hull(point, statics, clusters, resamples, level, seed):
    table = np.array([column for one in [point, *statics] for column in (one["cost"], one["score"])], dtype=float)
    complete = ~np.isnan(table).any(axis=0)
    clusters = np.array(clusters)
    names = sorted(set(clusters[complete]))
    members = [np.flatnonzero((clusters == name) & complete) for name in names]

    def advantage(questions):
        (cost, score), *others = table[:, questions].mean(axis=1).reshape(-1, 2)
        return score - best_mixture([tuple(one) for one in others], cost)

    draw = sfc32(seed)
    samples = [np.concatenate(drawn(draw, members)) for _ in range(resamples)]
    ends = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile([advantage(one) for one in samples], ends)
    everything = np.concatenate(members)
    result = {"advantage": advantage(everything), "low": low, "high": high, "questions": int(complete.sum())}
    return result


def main():
    g = np.random.default_rng(20251125)
    questions = 90
    clusters = [f"chain {c}" for c in g.integers(0, 16, questions)]
    effect = dict(zip(sorted(set(clusters)), g.normal(0, 0.12, 16)))
    base = np.array([0.45 + effect[c] for c in clusters]) + g.normal(0, 0.1, questions)

    def run(shift):
        values = np.round(np.clip(base + shift + g.normal(0, 0.18, questions), 0, 1), 3)
        values[g.choice(questions, 4, replace=False)] = np.nan
        return values

    shifts = {"haps": (0.1, [1, 2, 3]), "other": (0.05, [3, 1, 2]), "single": (0.03, [0]), "weak": (0.0, [7, 8])}
    methods = {name: {s: run(shift) for s in seeds} for name, (shift, seeds) in shifts.items()}
    # A question that nobody finished.
    for seeds in methods.values():
        for values in seeds.values():
            values[5] = np.nan
    cases = []
    for resamples, level, seed, sided in [(499, 0.9, 7, True), (299, 0.95, 2**40 + 5, False)]:
        comparisons = [
            ("by seed", "haps", "other", True),
            ("one run", "haps", "single", True),
            ("other seeds", "haps", "weak", sided),
        ]
        expected = compare(methods, clusters, comparisons, resamples, level, seed)
        cases.append(
            {"resamples": resamples, "level": level, "random": seed, "comparisons": comparisons, "expected": expected}
        )
    statics = []
    for name, cost, score in [("a", 1, 0.3), ("b", 2, 0.5), ("c", 3, 0.52), ("d", 4, 0.7), ("e", 5, 0.66)]:
        values = np.round(np.clip(score + 0.5 * (base - 0.45) + g.normal(0, 0.25, questions), 0, 1), 3)
        costs = np.round(cost * g.uniform(0.6, 1.4, questions), 3)
        statics.append({"id": name, "score": values, "cost": costs})
    statics[1]["score"][11] = np.nan
    hulls = []
    for cost in (0.8, 2.6, 6.0):
        point = {
            "score": np.round(np.clip(0.62 + g.normal(0, 0.25, questions), 0, 1), 3),
            "cost": np.round(cost * g.uniform(0.8, 1.2, questions), 3),
        }
        point["score"][[3, 60]] = np.nan
        hulls.append({"point": point, "expected": hull(point, statics, clusters, 200, 0.9, 3)})
    normal = g.normal(0.02, 0.1, 120)
    test = stats.ttest_1samp(normal, 0, alternative="greater")
    json.dump(
        {
            "clusters": clusters,
            "methods": {name: [{"seed": s, "score": v} for s, v in seeds.items()] for name, seeds in methods.items()},
            "cases": cases,
            "statics": statics,
            "hulls": hulls,
            "normal": {"differences": normal, "p": test.pvalue, "low": test.confidence_interval(0.95).low},
            "holm": [
                {"p": p, "adjusted": multipletests(p, method="holm")[1]}
                for p in ([0.01, 0.04, 0.03, 0.2, 0.005], [0.5, 0.5], [0.02], [0.9, 0.001, 0.011, 0.011, 1.0])
            ],
        },
        sys.stdout,
        default=plain,
        indent=1,
    )


def plain(value):
    if isinstance(value, np.ndarray):
        return [None if np.isnan(v) else float(v) for v in value]
    return value.item()


main()
