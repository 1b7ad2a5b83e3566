import { createRidgeRouterFactory } from "@haps/baselines";
import { createRng } from "@haps/tensor";
import { expectClose } from "@haps/testing";
import { describe, expect, it } from "vitest";
import { choleskyFactor, choleskySolve } from "../src/cholesky.ts";
import { ask, chosenArm, contextOf, decide, meanScore, numberFeatures, scoresOf, tableOf } from "./fixture.ts";

const DIMENSION = 5;
const features = numberFeatures(DIMENSION);
const textOf = (x: readonly number[]): string => x.join(" ");

/** Solves a linear system by Gaussian elimination with pivoting. */
function eliminate(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, index) => [...row, right[index] ?? 0]);
  const size = rows.length;
  for (let column = 0; column < size; column += 1) {
    const pivot = rows
      .slice(column)
      .reduce(
        (best, row, offset) =>
          Math.abs(row[column] ?? 0) > Math.abs(rows[best]?.[column] ?? 0) ? column + offset : best,
        column,
      );
    [rows[column], rows[pivot]] = [rows[pivot] ?? [], rows[column] ?? []];
    for (let row = 0; row < size; row += 1) {
      if (row === column) continue;
      const factor = (rows[row]?.[column] ?? 0) / (rows[column]?.[column] ?? 1);
      rows[row] = (rows[row] ?? []).map((value, index) => value - factor * (rows[column]?.[index] ?? 0));
    }
  }
  return rows.map((row, index) => (row[size] ?? 0) / (row[index] ?? 1));
}

/**
 * The normal equations of `[1, x]` with the penalty on the slopes alone: another way to the same minimum than centring.
 * `lambda = penalty * trace of the centred Gram matrix / dimension`.
 */
function normalEquations(x: readonly (readonly number[])[], y: readonly number[], penalty: number): number[] {
  const used = y
    .map((value, row) => ({ value, row: [1, ...(x[row] ?? [])] }))
    .filter(({ value }) => !Number.isNaN(value));
  const width = DIMENSION + 1;
  const at = (row: readonly number[], index: number): number => row[index] ?? 0;
  let trace = 0;
  for (let j = 1; j < width; j += 1) {
    const mean = used.reduce((sum, { row }) => sum + at(row, j), 0) / used.length;
    trace += used.reduce((sum, { row }) => sum + (at(row, j) - mean) ** 2, 0);
  }
  const lambda = (penalty * trace) / DIMENSION;
  const gram = Array.from({ length: width }, (_, i) =>
    Array.from(
      { length: width },
      (_, j) => used.reduce((sum, { row }) => sum + at(row, i) * at(row, j), 0) + (i === j && i > 0 ? lambda : 0),
    ),
  );
  return eliminate(
    gram,
    Array.from({ length: width }, (_, i) => used.reduce((sum, { row, value }) => sum + at(row, i) * value, 0)),
  );
}

describe("createRidgeRouterFactory", () => {
  const rng = createRng(11);
  const vector = (): number[] => Array.from({ length: DIMENSION }, (_, j) => Math.fround(rng.normal() * (j + 1) + j));
  const x = Array.from({ length: 50 }, vector);
  const scores = x.map((row, index) =>
    [0, 1, 2].map((arm) => (arm === 2 && index % 3 === 0 ? Number.NaN : 0.1 * arm * (row[arm] ?? 0) + rng.uniform())),
  );
  const queries = Array.from({ length: 8 }, vector);

  it.each([1e-3, 0.3, 20])(
    "agrees with the normal equations at penalty %d, cells that were not run left out",
    async (penalty) => {
      const table = tableOf({ scores, texts: x.map(textOf) });
      const factory = createRidgeRouterFactory({ features }, { penalties: [penalty], temperature: 1 });
      const decisions = await decide(
        factory,
        contextOf(table),
        queries.map((query) => ask(table, textOf(query))),
      );
      const models = [0, 1, 2].map((arm) =>
        normalEquations(
          x,
          scores.map((row) => row[arm] ?? Number.NaN),
          penalty,
        ),
      );
      decisions.forEach((decision, index) => {
        const predicted = models.map((model) =>
          [1, ...(queries[index] ?? [])].reduce((sum, value, j) => sum + value * (model[j] ?? 0), 0),
        );
        expectClose(
          scoresOf(decision, 1),
          predicted.map((value) => value - (predicted[0] ?? 0)),
          { rtol: 1e-8, atol: 1e-8 },
        );
      });
    },
  );

  it("finds a planted linear rule, and loses next to nothing on noise (simulated)", async () => {
    const random = createRng(21);
    const draw = (count: number): number[][] =>
      Array.from({ length: count }, () => Array.from({ length: DIMENSION }, () => random.normal()));
    const points = draw(400);
    const fresh = draw(200);
    const rule = (point: readonly number[] | undefined, arm: number): number =>
      arm === 0 ? 0.55 : 0.5 + 0.1 * arm * (point?.[arm] ?? 0);
    const noisy = (rows: readonly (readonly number[])[]) =>
      tableOf({
        scores: rows.map((point) => [0, 1, 2].map((arm) => rule(point, arm) + 0.4 * random.normal())),
        texts: points.map(textOf),
      });
    const signal = noisy(points);
    const requests = fresh.map((point) => ask(signal, textOf(point)));
    const factory = createRidgeRouterFactory({ features });
    const oracle =
      fresh.reduce((sum, point) => sum + Math.max(...[0, 1, 2].map((arm) => rule(point, arm))), 0) / fresh.length;
    const found = meanScore(await decide(factory, contextOf(signal), requests), (index, arm) =>
      rule(fresh[index], arm),
    );
    expect(oracle - 0.55).toBeGreaterThan(0.05);
    expect(found - 0.55).toBeGreaterThan(0.8 * (oracle - 0.55));
    let loss = 0;
    for (let repeat = 0; repeat < 10; repeat += 1) {
      const decisions = await decide(factory, contextOf(noisy(random.shuffle(points))), requests);
      loss += decisions.filter((decision) => chosenArm(decision) !== 0).length / requests.length;
    }
    // Without a signal the other arms are worth 0.05 less, so this is a mean loss of 0.005.
    expect(loss / 10).toBeLessThan(0.1);
  });

  it("routes by the means where features are all the same", async () => {
    const table = tableOf({
      scores: [
        [0.2, 0.4],
        [0.1, 0.6],
        [0.3, 0.5],
      ],
      texts: ["1 1 1 1 1", "1 1 1 1 1", "1 1 1 1 1"],
    });
    const [decision] = await decide(createRidgeRouterFactory({ features }, { temperature: 1 }), contextOf(table), [
      ask(table, "1 1 1 1 1"),
    ]);
    expectClose(scoresOf(decision, 1), [0, 0.3], { atol: 1e-9 });
  });

  it("keeps texts of one group in one inner fold, and refuses a single text, code data", async () => {
    const twice = tableOf({
      scores: [
        [0, 1],
        [1, 0],
      ],
      texts: ["1 1 1 1 1", "1 1 1 1 1"],
    });
    const same = { ...twice, rows: twice.rows.map((row) => ({ ...row, group: "one" })) };
    await expect(createRidgeRouterFactory({ features }).createRouter(contextOf(same))).rejects.toMatchObject({
      code: "data",
      facts: { table: "hand-made", texts: 1 },
    });
  });

  it.each([
    ["shape", Float32Array.of(1, 2, 3)],
    ["non-finite", new Float32Array(2 * DIMENSION).fill(Number.NaN)],
  ])("refuses a featurizer that gives bad features, code %s", async (code, bad) => {
    const table = tableOf({
      scores: [
        [0, 1],
        [1, 0],
      ],
    });
    const broken = { kind: "broken", fit: () => ({ kind: "broken", dimension: DIMENSION, transform: () => bad }) };
    await expect(createRidgeRouterFactory({ features: broken }).createRouter(contextOf(table))).rejects.toMatchObject({
      code,
    });
  });
});

describe("choleskyFactor", () => {
  it("multiplies back to the matrix and solves with it", () => {
    const matrix = Float64Array.of(4, 9, 9, 2, 5, 9, 0.5, 1, 3);
    const factor = choleskyFactor(matrix, 3);
    const full = [
      [4, 2, 0.5],
      [2, 5, 1],
      [0.5, 1, 3],
    ];
    const back = full.map((_, i) =>
      full.map((_, j) => [0, 1, 2].reduce((sum, k) => sum + (factor[i * 3 + k] ?? 0) * (factor[j * 3 + k] ?? 0), 0)),
    );
    expectClose(back.flat(), full.flat(), { rtol: 1e-14, atol: 1e-14 });
    expectClose(choleskySolve(factor, [1, -2, 3], 3), eliminate(full, [1, -2, 3]), { rtol: 1e-12, atol: 1e-12 });
  });

  it("refuses a matrix that is not positive definite, code non-finite", () => {
    expect(() => choleskyFactor(Float64Array.of(1, 0, 2, 1), 2)).toThrow(
      expect.objectContaining({ code: "non-finite", facts: { pivot: 1, value: -3 } }),
    );
  });
});
