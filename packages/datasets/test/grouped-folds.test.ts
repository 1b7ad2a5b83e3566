import { groupedFolds, innerFolds, OutcomeTableBuilder, plantedSignal } from "@haps/datasets";
import { ConfigError, HapsError, type OutcomeTable, singleRoleArm } from "@haps/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** A table whose row i has the text number `texts[i]`. */
function tableOf(texts: readonly number[], names: readonly string[] = texts.map((_, row) => `q${row}`)): OutcomeTable {
  const builder = new OutcomeTableBuilder({ id: "folds" });
  texts.forEach((text, row) => {
    const id = names[row] ?? "";
    // Case and white space differ between rows of a text: they are still one group.
    builder.addRow({ id, text: row % 2 === 0 ? `Text ${text}` : ` TEXT  ${text}` });
    builder.addOutcome({ questionId: id, arm: singleRoleArm("m"), score: 1 });
  });
  return builder.build();
}

const cases = fc
  .record({
    texts: fc.array(fc.nat(30), { minLength: 2, maxLength: 60 }),
    folds: fc.integer({ min: 2, max: 6 }),
    seed: fc.integer(),
  })
  .filter(({ texts, folds }) => new Set(texts).size >= folds);

describe("groupedFolds", () => {
  it("tests every row once, trains on all others and puts no text into two folds", () => {
    fc.assert(
      fc.property(cases, ({ texts, folds, seed }) => {
        const cut = groupedFolds(tableOf(texts), { folds, seed });
        const all = texts.map((_, row) => row);
        expect(cut.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual(all);
        const foldOf = new Map<number, number>();
        cut.forEach(({ train, test }, fold) => {
          expect(test.length).toBeGreaterThan(0);
          expect([...train, ...test].sort((a, b) => a - b)).toEqual(all);
          for (const part of [train, test]) expect(part).toEqual([...part].sort((a, b) => a - b));
          for (const row of test) {
            const text = texts[row] as number;
            expect(foldOf.get(text) ?? fold).toBe(fold);
            foldOf.set(text, fold);
          }
        });
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("makes folds of equal sizes up to the largest group, where no group is larger than a fold", () => {
    fc.assert(
      fc.property(cases, ({ texts, folds, seed }) => {
        const largest = Math.max(...texts.map((text) => texts.filter((other) => other === text).length));
        fc.pre(largest <= texts.length / folds);
        for (const { test } of groupedFolds(tableOf(texts), { folds, seed })) {
          expect(Math.abs(test.length - texts.length / folds)).toBeLessThanOrEqual(largest);
        }
      }),
      { seed: 2, numRuns: 200 },
    );
    const sizes = groupedFolds(tableOf(Array.from({ length: 103 }, (_, row) => row)), { folds: 5, seed: 3 }).map(
      ({ test }) => test.length,
    );
    expect(sizes.every((size) => size === 20 || size === 21)).toBe(true);
  });

  it("gives the same folds for the same seed, whatever the order, the ids and the outcomes of the rows", () => {
    fc.assert(
      fc.property(cases, ({ texts, folds, seed }) => {
        const textsOf = (table: OutcomeTable, order: readonly number[]): readonly (readonly number[])[] =>
          groupedFolds(table, { folds, seed }).map(({ test }) =>
            test.map((row) => order[row] as number).sort((a, b) => a - b),
          );
        const reversed = [...texts].reverse();
        const other = reversed.map((_, row) => `other-${row}`);
        expect(textsOf(tableOf(reversed, other), reversed)).toEqual(textsOf(tableOf(texts), texts));
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it("gives other folds for another seed", () => {
    const table = tableOf(Array.from({ length: 40 }, (_, row) => row));
    expect(groupedFolds(table, { seed: 1 })).not.toEqual(groupedFolds(table, { seed: 2 }));
  });

  it("moves few of the earlier rows when rows are added", () => {
    const before = groupedFolds(tableOf(Array.from({ length: 500 }, (_, row) => row)), { seed: 4 });
    const after = groupedFolds(tableOf(Array.from({ length: 510 }, (_, row) => row)), { seed: 4 });
    const moved = before.map(({ test }, fold) => test.filter((row) => !after[fold]?.test.includes(row)).length);
    // Ten new texts push at most ten old ones over each of the four cuts.
    expect(moved.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(40);
  });

  it("spreads texts over folds independently of what they say", () => {
    const { table } = plantedSignal({ questions: 1200, arms: 4, effect: 0.2, noise: 0.1, seed: 9 });
    const test = new Set(groupedFolds(table, { seed: 5 })[0]?.test);
    const counts = [0, 1, 2, 3].map((kind) => [...test].filter((row) => row % 4 === kind).length);
    // Hypergeometric: 60 of each kind expected, standard deviation 6.
    for (const count of counts) expect(Math.abs(count - 60)).toBeLessThan(24);
  });

  it("cuts the rows of a training part on their own", () => {
    const table = tableOf([0, 0, 1, 2, 3, 3, 4, 5, 6, 7]);
    const [fold] = groupedFolds(table, { folds: 3, seed: 6 });
    const rows = fold?.train ?? [];
    const inner = innerFolds(table, rows, { folds: 2, seed: 7 });
    expect(inner.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual(rows);
    expect(inner[0]?.train).toEqual(inner[1]?.test);
  });

  it("refuses fewer texts than folds, unknown rows, rows that come twice and unknown options", () => {
    const table = tableOf([0, 0, 1]);
    const errorOf = (run: () => unknown): unknown => {
      try {
        return run();
      } catch (error) {
        return error;
      }
    };
    const few = errorOf(() => groupedFolds(table, { folds: 3, seed: 1 }));
    expect(few).toBeInstanceOf(HapsError);
    expect((few as HapsError).message).toBe(
      "groupedFolds: got 2 distinct texts for 3 folds; expected at least one text per fold; use fewer folds or more questions",
    );
    expect(() => innerFolds(table, [0, 2, 3], { folds: 2, seed: 1 })).toThrow(/row 3 does not exist/);
    expect(() => innerFolds(table, [0, 2, 0], { folds: 2, seed: 1 })).toThrow(/row 0 comes twice/);
    expect(() => groupedFolds(table, { fold: 2, seed: 1 } as never)).toThrow(ConfigError);
    expect(() => groupedFolds(table, { folds: 1, seed: 1 })).toThrow(ConfigError);
  });
});
