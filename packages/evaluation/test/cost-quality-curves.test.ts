import {
  costQualityCurves,
  createRandomSource,
  type JobRecord,
  mixtureAt,
  type SeedFolds,
  singleArmHull,
} from "@haps/evaluation";
import type { OutcomeTable } from "@haps/spec";
import { describe, expect, it } from "vitest";
import { foldsOf, tableOf } from "./fixture.ts";
import { recordsOf, simulatedTable } from "./simulated-outcomes.ts";

const arms = [
  { chance: 0.45, cost: 1 },
  { chance: 0.55, cost: 3 },
  { chance: 0.5, cost: 9 },
  { chance: 0.75, cost: 20 },
];
const weights = [0, 0.5, 2];

function simulated(questions = 60, groups = questions) {
  const random = createRandomSource(77);
  const table = simulatedTable(random, questions, arms, groups);
  const seeds: SeedFolds[] = [0, 1].map((seed) => ({ seed, folds: foldsOf(table, 3, seed) }));
  const draws = Float64Array.from({ length: questions * 2 }, () => random());
  const rule = (row: number, weight: number, seed: number): number => {
    const draw = draws[row * 2 + seed] as number;
    return weight === 0 ? (draw < 0.7 ? 3 : 1) : weight === 0.5 ? (draw < 0.3 ? 3 : 1) : draw < 0.2 ? 1 : 0;
  };
  return { table, seeds, records: recordsOf(table, seeds, "haps", weights, rule), rule };
}

/** Mean height of one drawing of rows, from the definition: nothing is shared with the code but the fitted hulls. */
function heightOfRows(
  { table, seeds, rule }: ReturnType<typeof simulated>,
  rows: readonly number[],
  budgets: readonly number[],
): number {
  const cell = (row: number, arm: number) => ({
    cost: table.cost?.[row * arms.length + arm] as number,
    score: table.score[row * arms.length + arm] as number,
  });
  const mean = (choose: (row: number, seed: number, fold: number) => readonly { arm: number; weight: number }[]) => {
    let [cost, score] = [0, 0];
    for (const row of rows) {
      seeds.forEach(({ seed, folds }, index) => {
        const fold = folds.findIndex(({ test }) => test.includes(row));
        for (const { arm, weight } of choose(row, seed, index * 10 + fold)) {
          cost += (weight * cell(row, arm).cost) / (rows.length * seeds.length);
          score += (weight * cell(row, arm).score) / (rows.length * seeds.length);
        }
      });
    }
    return { cost, score };
  };
  const hullOf = new Map(
    seeds.flatMap(({ folds }, index) =>
      folds.map(({ train }, fold) => [index * 10 + fold, singleArmHull(table, train) ?? []] as const),
    ),
  );
  const hull = budgets.map((budget) => mean((_, __, fold) => mixtureAt(hullOf.get(fold) ?? [], budget)));
  const unit = mean((_, __, fold) => mixtureAt(hullOf.get(fold) ?? [], 1)).cost;
  const curve = weights.map((weight) => mean((row, seed) => [{ arm: rule(row, weight, seed), weight: 1 }]));
  const byCost = (a: { cost: number }, b: { cost: number }) => a.cost - b.cost;
  hull.sort(byCost);
  curve.sort(byCost);
  const at = (points: readonly { cost: number; score: number }[], cost: number): number => {
    const above = points.findIndex((point) => point.cost >= cost);
    if (above <= 0) return (above === 0 ? points[0]?.score : points.at(-1)?.score) as number;
    const [left, right] = [points[above - 1], points[above]] as [
      { cost: number; score: number },
      { cost: number; score: number },
    ];
    return left.score + ((cost - left.cost) / (right.cost - left.cost)) * (right.score - left.score);
  };
  const first = { hull: hull[0], curve: curve[0] } as Record<"hull" | "curve", { cost: number; score: number }>;
  const steps = 4_000;
  let sum = 0;
  for (let step = 0; step < steps; step += 1) {
    const cost = (0.05 + ((step + 0.5) / steps) * 0.45) * unit;
    if (cost < first.hull.cost) continue;
    if (cost >= first.curve.cost) sum += at(curve, cost) - at(hull, cost);
    else {
      const part = (cost - first.hull.cost) / (first.curve.cost - first.hull.cost);
      sum += Math.min(0, first.hull.score + part * (first.curve.score - first.hull.score) - at(hull, cost));
    }
  }
  return sum / steps;
}

describe("costQualityCurves", () => {
  it("agrees with a plain bootstrap that recomputes curve and hull from the drawn rows", () => {
    const evaluation = simulated();
    const { table, seeds, records } = evaluation;
    const resamples = 60;
    const curves = costQualityCurves({ table, seeds, records, bootstrap: { resamples, random: 5, level: 0.8 } });
    const area = curves?.methods[0]?.areaAboveHull;
    const budgets = [
      ...new Set(
        seeds.flatMap(({ folds }) =>
          folds.flatMap(({ train }) => (singleArmHull(table, train) ?? []).map(({ costRatio }) => costRatio)),
        ),
      ),
    ];
    const all = table.rows.map((_, row) => row);
    expect(area?.difference).toBeCloseTo(heightOfRows(evaluation, all, budgets), 4);
    const random = createRandomSource(5);
    const heights = Array.from({ length: resamples }, () =>
      heightOfRows(
        evaluation,
        all.map(() => Math.floor(random() * all.length)),
        budgets,
      ),
    ).sort((a, b) => a - b);
    const quantile = (part: number): number => {
      const place = part * (resamples - 1);
      const below = heights[Math.floor(place)] as number;
      return below + (place - Math.floor(place)) * ((heights[Math.ceil(place)] as number) - below);
    };
    expect(area?.low).toBeCloseTo(quantile(0.1), 4);
    expect(area?.high).toBeCloseTo(quantile(0.9), 4);
  });

  it("gives closed-form points, ratios and area on a table without noise", () => {
    // Even questions: the cheap arm is as good as the dear one. Odd ones: it fails.
    const table = tableOf(
      Array.from({ length: 24 }, (_, index) => ({
        id: `q${index}`,
        scores: index % 2 === 0 ? [1, 1] : [0, 1],
        costs: [1, 100],
      })),
    );
    const seeds = [{ seed: 0, folds: foldsOf(table, 4) }];
    const isEven = (row: number) => Number(table.rows[row]?.question.id.slice(1)) % 2 === 0;
    const records = recordsOf(table, seeds, "haps", [0, 1], (row, weight) => (weight === 0 && !isEven(row) ? 1 : 0));
    const curves = costQualityCurves({ table, seeds, records, bootstrap: { resamples: 50 } });
    expect(curves).toMatchObject({
      unit: "tokens",
      bestSingleCost: 100,
      singleArms: [
        { label: "a", cost: 1, score: 0.5 },
        { label: "b", cost: 100, score: 1 },
      ],
    });
    expect(curves?.hull).toEqual([
      { cost: 1, costRatio: 0.01, score: 0.5 },
      { cost: 100, costRatio: 1, score: 1 },
    ]);
    expect(curves?.methods[0]?.points).toEqual([
      { costWeight: 1, cost: 1, costRatio: 0.01, score: 0.5 },
      { costWeight: 0, cost: 50.5, costRatio: 0.505, score: 1 },
    ]);
    // Both start at (0.01, 0.5); slopes are 0.5 / 0.495 and 0.5 / 0.99, so the gap at c is (c - 0.01) * 0.5 / 0.99.
    expect(curves?.methods[0]?.areaAboveHull?.difference).toBeCloseTo(((0.275 - 0.01) * 0.5) / 0.99, 12);
    expect(JSON.parse(JSON.stringify(curves))).toEqual(curves);
  });

  it("finds no height for mixtures of single arms that follow the hull, in simulated outcomes without signal", () => {
    const random = createRandomSource(13);
    const table = simulatedTable(random, 900, arms);
    const seeds = [0, 1, 2].map((seed) => ({ seed, folds: foldsOf(table, 3, seed) }));
    const records = recordsOf(table, seeds, "coin", [0, 1, 2, 3], (_, weight) =>
      random() < ([1, 0.3, 0, 0][weight] as number) ? 3 : random() < ([0, 1, 1, 0][weight] as number) ? 1 : 0,
    );
    const area = costQualityCurves({ table, seeds, records, bootstrap: { resamples: 1000 } })?.methods[0]
      ?.areaAboveHull;
    expect(area?.low).toBeLessThan(0);
    expect(area?.high).toBeGreaterThan(0);
    expect(Math.abs(area?.difference ?? 1)).toBeLessThan(0.015);
  });

  it("fits the hull on the training part: an arm that shines in the test part only is not in it", () => {
    const rows = ["t0", "t1", "u0", "u1"].map((id) => ({
      id,
      scores: id.startsWith("t") ? [0.2, 0.9, 0.1] : [0.2, 0.1, 0.9],
      costs: [1, 4, 2],
    }));
    const table = tableOf(rows);
    const folds = [
      { train: [0, 1], test: [2, 3] },
      { train: [2, 3], test: [0, 1] },
    ];
    const seeds = [{ seed: 0, folds }];
    const records = recordsOf(table, seeds, "haps", [0, 1], () => 0);
    const curves = costQualityCurves({ table, seeds, records, bootstrap: { resamples: 20 } });
    // Each fold's best arm, b at 4 and c at 2, gives 0.1 in the other part.
    expect(curves?.bestSingleCost).toBe(3);
    expect(curves?.hull.at(-1)?.score).toBeCloseTo(0.1, 15);
    expect(Math.max(...(curves?.hull ?? []).map(({ score }) => score))).toBeCloseTo(0.2, 15);
  });

  it("gives the same bytes for records and rows in any order", () => {
    const { table, seeds, records } = simulated(60, 40);
    const other = recordsOf(table, seeds, "alpha", [1, 0.25], (row, weight) => (row + (weight < 1 ? 1 : 0)) % 4);
    const bootstrap = { resamples: 40 };
    const straight = costQualityCurves({ table, seeds, records: [...records, ...other], bootstrap });
    const shuffled = [...other, ...records].reverse().map((record) => ({
      ...record,
      questions: [...record.questions].reverse(),
      choices: record.choices.map((row) => [...row].reverse()),
    }));
    const turned = turnedAround(table, seeds);
    expect(JSON.stringify(costQualityCurves({ ...turned, records: shuffled, bootstrap }))).toBe(
      JSON.stringify(straight),
    );
  });

  it("keeps the order of the methods asked for", () => {
    const { table, seeds, records } = simulated();
    const other = recordsOf(table, seeds, "alpha", [0], () => 3);
    const input = { table, seeds, records: [...records, ...other], bootstrap: { resamples: 20 } };
    const namesOf = (methods?: string[]) =>
      costQualityCurves({ ...input, ...(methods === undefined ? {} : { methods }) })?.methods.map(({ name }) => name);
    expect(namesOf()).toEqual(["alpha", "haps"]);
    expect(namesOf(["haps", "alpha"])).toEqual(["haps", "alpha"]);
    expect(namesOf(["haps"])).toEqual(["haps"]);
  });

  it("compares on the questions where everything compared was run, and never scores a missing cell 0", () => {
    const rows = Array.from({ length: 20 }, (_, index) => ({
      id: `q${String(index).padStart(2, "0")}`,
      scores: [0.5, index === 3 ? Number.NaN : 1],
      costs: [1, index === 3 ? Number.NaN : 10],
    }));
    const table = tableOf(rows);
    const seeds = [{ seed: 0, folds: foldsOf(table, 2) }];
    const records = recordsOf(table, seeds, "haps", [0, 1], (_, weight) => (weight === 0 ? 1 : 0));
    const curves = costQualityCurves({ table, seeds, records, bootstrap: { resamples: 50 } });
    expect(curves?.methods[0]?.points.map(({ score }) => score)).toEqual([0.5, 1]);
    expect(curves?.methods[0]?.areaAboveHull).toEqual({ difference: 0, low: 0, high: 0 });
  });

  it("has no points where nothing that is compared was run together", () => {
    const rows = Array.from({ length: 8 }, (_, index) => ({
      id: `q${index}`,
      scores: [0.5, 1, index < 4 ? Number.NaN : 0.2],
      costs: [1, 10, index < 4 ? Number.NaN : 5],
    }));
    const table = tableOf(rows);
    const seeds = [{ seed: 0, folds: foldsOf(table, 2) }];
    const records = recordsOf(table, seeds, "blind", [0, 1], () => -1);
    const curves = costQualityCurves({ table, seeds, records, bootstrap: { resamples: 20 } });
    expect(curves?.methods).toEqual([{ name: "blind", points: [], areaAboveHull: null }]);
  });

  it("has no area where no single arm is cheap enough", () => {
    const table = tableOf(["a", "b", "c", "d"].map((id) => ({ id, scores: [0.5, 1], costs: [8, 10] })));
    const seeds = [{ seed: 0, folds: foldsOf(table, 2) }];
    const records = recordsOf(table, seeds, "haps", [0, 1], (_, weight) => (weight === 0 ? 1 : 0));
    const input = { table, seeds, records, bootstrap: { resamples: 20 } };
    expect(costQualityCurves(input)?.methods[0]?.areaAboveHull).toBeNull();
    expect(costQualityCurves({ ...input, range: { from: 0.8, to: 1 } })?.methods[0]?.areaAboveHull?.difference).toBe(0);
  });

  it.each([
    [0.5, 0.5],
    [-0.1, 0.5],
    [0.1, Number.POSITIVE_INFINITY],
    [Number.NaN, 1],
  ])("refuses the range %d to %d", (from, to) => {
    const { table, seeds, records } = simulated();
    const ask = () => costQualityCurves({ table, seeds, records, range: { from, to } });
    expect(ask).toThrow(expect.objectContaining({ code: "config", facts: { from, to } }));
  });

  it("is null without costs, and when no method was asked at two cost weights", () => {
    const { table, seeds, records } = simulated();
    const { cost: _, ...free } = table;
    expect(costQualityCurves({ table: free, seeds, records })).toBeNull();
    const once = records.map(
      (record): JobRecord => ({ ...record, costWeights: [0], choices: record.choices.slice(0, 1) }),
    );
    expect(costQualityCurves({ table, seeds, records: once })).toBeNull();
  });
});

/** The same table with its rows in reverse order. */
function turnedAround(table: OutcomeTable, seeds: readonly SeedFolds[]): { table: OutcomeTable; seeds: SeedFolds[] } {
  const last = table.rows.length - 1;
  const width = table.arms.length;
  const turn = (cells: Float64Array) =>
    Float64Array.from(cells, (_, cell) => cells[(last - Math.floor(cell / width)) * width + (cell % width)] as number);
  return {
    table: {
      ...table,
      rows: [...table.rows].reverse(),
      score: turn(table.score),
      samples: turn(table.samples),
      ...(table.cost === undefined ? {} : { cost: turn(table.cost) }),
    },
    seeds: seeds.map(({ seed, folds }) => ({
      seed,
      folds: folds.map(({ train, test }) => ({
        train: train.map((row) => last - row),
        test: test.map((row) => last - row),
      })),
    })),
  };
}
