import { createKnnRouterFactory } from "@haps/baselines";
import { createRng } from "@haps/tensor";
import { expectClose } from "@haps/testing";
import { describe, expect, it } from "vitest";
import { ask, chosenArm, contextOf, decide, meanScore, numberFeatures, scoresOf, tableOf } from "./fixture.ts";

const rng = createRng(3);
const DIMENSION = 4;
const vector = (): number[] => Array.from({ length: DIMENSION }, () => Math.fround(rng.normal() + 2));
const textOf = (x: readonly number[]): string => x.join(" ");
const features = numberFeatures(DIMENSION);

/** The formula in double precision over all rows: centred cosine, k nearest, similarity-weighted deviations, shrinkage. */
function bruteForce(
  x: readonly (readonly number[])[],
  cells: readonly (readonly number[])[],
  query: readonly number[],
  vote: { readonly neighbours: number; readonly shrinkage: number },
): number[] {
  const centre = query.map((_, j) => x.reduce((sum, row) => sum + (row[j] ?? 0), 0) / x.length);
  const minus = (row: readonly number[]): number[] => row.map((value, j) => value - (centre[j] ?? 0));
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, j) => sum + value * (b[j] ?? 0), 0);
  const cosine = (a: readonly number[], b: readonly number[]): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const near = x
    .map((row, index) => ({ index, similarity: cosine(minus(row), minus(query)) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, vote.neighbours);
  return (cells[0] ?? []).map((_, arm) => {
    const recorded = cells.map((row) => row[arm] ?? Number.NaN).filter((value) => !Number.isNaN(value));
    const mean = recorded.reduce((sum, value) => sum + value, 0) / recorded.length;
    let above = 0;
    let below = vote.shrinkage;
    for (const { index, similarity } of near) {
      const value = cells[index]?.[arm] ?? Number.NaN;
      if (Number.isNaN(value) || similarity <= 0) continue;
      above += similarity * (value - mean);
      below += similarity;
    }
    return below > 0 ? mean + above / below : mean;
  });
}

describe("createKnnRouterFactory", () => {
  const x = Array.from({ length: 60 }, vector);
  const scores = x.map(() => [0, 1, 2].map(() => (rng.uniform() < 0.25 ? Number.NaN : rng.uniform())));
  const costs = scores.map((row) =>
    row.map((value, arm) => (Number.isNaN(value) ? Number.NaN : arm + 1 + rng.uniform())),
  );
  const queries = Array.from({ length: 10 }, vector);

  it.each([
    { neighbours: 1, shrinkage: 0 },
    { neighbours: 7, shrinkage: 0 },
    { neighbours: 7, shrinkage: 2.5 },
    { neighbours: 500, shrinkage: 1 },
  ])("agrees with brute force: %o", async (vote) => {
    const table = tableOf({ scores, texts: x.map(textOf) });
    const factory = createKnnRouterFactory({ features }, { ...vote, temperature: 1 });
    const decisions = await decide(
      factory,
      contextOf(table),
      queries.map((query) => ask(table, textOf(query))),
    );
    decisions.forEach((decision, index) => {
      const expected = bruteForce(x, scores, queries[index] ?? [], vote);
      expectClose(
        scoresOf(decision, 1),
        expected.map((value) => value - (expected[0] ?? 0)),
        { rtol: 1e-5, atol: 1e-6 },
      );
    });
  });

  it("estimates cost apart and combines it at the request's weight", async () => {
    const table = tableOf({ scores, costs, texts: x.map(textOf) });
    const vote = { neighbours: 9, shrinkage: 1 };
    const factory = createKnnRouterFactory({ features }, { ...vote, temperature: 1 });
    const decisions = await decide(
      factory,
      contextOf(table),
      queries.map((query) => ask(table, textOf(query), { costWeight: 0.3 })),
    );
    const meanOf = (cells: readonly (readonly number[])[], arm: number): number => {
      const recorded = cells.map((row) => row[arm] ?? Number.NaN).filter((value) => !Number.isNaN(value));
      return recorded.reduce((sum, value) => sum + value, 0) / recorded.length;
    };
    const quality = [0, 1, 2].map((arm) => meanOf(scores, arm));
    const unit = meanOf(costs, quality.indexOf(Math.max(...quality)));
    decisions.forEach((decision, index) => {
      const gain = bruteForce(x, scores, queries[index] ?? [], vote);
      const price = bruteForce(x, costs, queries[index] ?? [], vote);
      const reward = gain.map((value, arm) => value - (0.3 * (price[arm] ?? 0)) / unit);
      expectClose(
        scoresOf(decision, 1),
        reward.map((value) => value - (reward[0] ?? 0)),
        { rtol: 1e-5, atol: 1e-6 },
      );
    });
  });

  it("gives a question unlike all others the means of the arms", async () => {
    const table = tableOf({
      scores: [
        [0.2, 0.9],
        [0.4, 0.3],
        [0.3, 0.3],
      ],
      texts: ["1 0 0 0", "1 0 0 0", "1 0 0 0"],
    });
    const factory = createKnnRouterFactory({ features }, { neighbours: 2, shrinkage: 0, temperature: 1 });
    const [decision] = await decide(factory, contextOf(table), [ask(table, "1 0 0 0")]);
    expectClose(scoresOf(decision, 1), [0, 0.2], { atol: 1e-9 });
  });

  it("chooses votes that find a planted rule, and lose next to nothing on noise (simulated)", async () => {
    const random = createRng(8);
    const points = Array.from({ length: 300 }, () => Array.from({ length: DIMENSION }, () => random.normal()));
    const rule = (point: readonly number[] | undefined, arm: number): number =>
      arm === 0 ? 0.55 : arm === 1 ? 0.5 + 0.3 * Math.sign(point?.[0] ?? 0) : 0.3;
    const fresh = Array.from({ length: 200 }, () => Array.from({ length: DIMENSION }, () => random.normal()));
    const noisy = (rows: readonly (readonly number[])[]) =>
      tableOf({
        scores: rows.map((point) => [0, 1, 2].map((arm) => rule(point, arm) + 0.3 * random.normal())),
        texts: points.map(textOf),
      });
    const signal = noisy(points);
    const requests = fresh.map((point) => ask(signal, textOf(point)));
    const factory = createKnnRouterFactory({ features });
    const found = meanScore(await decide(factory, contextOf(signal), requests), (index, arm) =>
      rule(fresh[index], arm),
    );
    // The best single arm has 0.55, the oracle 0.675 on average.
    expect(found).toBeGreaterThan(0.63);
    let loss = 0;
    for (let repeat = 0; repeat < 5; repeat += 1) {
      const decisions = await decide(factory, contextOf(noisy(random.shuffle(points))), requests);
      loss += decisions.filter((decision) => chosenArm(decision) !== 0).length / requests.length;
    }
    // Without a signal arm 1 is worth 0.05 less and arm 2 is worth 0.25 less.
    expect(loss / 5).toBeLessThan(0.1);
  });
});
