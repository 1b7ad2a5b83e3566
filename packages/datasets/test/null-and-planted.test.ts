import { groupedFolds, halfTables, OutcomeTableBuilder, permuteTexts, plantedSignal } from "@haps/datasets";
import { ConfigError, HapsError, type OutcomeTable, singleRoleArm } from "@haps/spec";
import { describe, expect, it } from "vitest";

describe("plantedSignal", () => {
  const shapes = [
    { questions: 401, arms: 4, effect: 0.3, noise: 0.2, kinds: 4, columns: 4 },
    { questions: 50, arms: 9, effect: 0.1, noise: 0, kinds: 6, columns: 9 },
    { questions: 90, arms: { candidates: 2, settings: 3 }, effect: 0, noise: 0.5, kinds: 6, columns: 6 },
    { questions: 7, arms: 2, effect: 1, noise: 0, kinds: 2, columns: 2 },
  ] as const;

  it.each(shapes)("plants exactly the effect asked for: %o", ({ kinds, columns, ...options }) => {
    const { table, expected, preferred, gain } = plantedSignal({ ...options, seed: 11 });
    const { questions, effect, noise } = options;
    expect([table.rows.length, table.arms.length, Object.keys(preferred).length]).toEqual([questions, columns, kinds]);
    // From the definition: arm a of kind a scores (1 + effect) / 2, every other arm (1 - effect) / 2.
    let best = 0;
    const sums = Array.from({ length: columns }, () => 0);
    table.rows.forEach(({ labels }, row) => {
      const wanted = preferred[labels.task?.replace("simulated-", "") ?? ""];
      for (let arm = 0; arm < columns; arm += 1) {
        const mean = arm === wanted ? (1 + effect) / 2 : (1 - effect) / 2;
        expect(expected[row * columns + arm]).toBe(mean);
        expect(Math.abs(Math.abs((table.score[row * columns + arm] ?? 0) - mean) - noise)).toBeLessThan(1e-12);
        sums[arm] = (sums[arm] ?? 0) + mean;
      }
      best += (1 + effect) / 2;
    });
    expect(gain).toBeCloseTo((best - Math.max(...sums)) / questions, 12);
    // In closed form: the best single arm misses all but the largest kind.
    expect(gain).toBeCloseTo(effect * (1 - Math.ceil(questions / kinds) / questions), 12);
  });

  it("has noise without bias, independent between cells", () => {
    const { table, expected } = plantedSignal({ questions: 4000, arms: 3, effect: 0.2, noise: 0.3, seed: 5 });
    const signs = table.score.map((score, cell) => (score - (expected[cell] ?? 0)) / 0.3);
    const mean = signs.reduce((sum, sign) => sum + sign, 0) / signs.length;
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(signs.length));
    const products = signs.subarray(1).map((sign, cell) => sign * (signs[cell] ?? 0));
    expect(Math.abs(products.reduce((sum, one) => sum + one, 0) / products.length)).toBeLessThan(
      4 / Math.sqrt(signs.length),
    );
  });

  it("has distinct texts, says that it is simulated and is the same for the same seed", () => {
    const options = { questions: 3000, arms: 2, effect: 0.1, noise: 0.1, seed: 3 };
    const { table } = plantedSignal(options);
    expect(new Set(table.rows.map(({ group }) => group)).size).toBe(3000);
    expect([table.id, table.warnings[0], table.costUnit]).toEqual([
      "simulated/planted-3",
      "simulated: 2 kinds of made-up questions, planted effect 0.1, noise 0.1",
      "simulated",
    ]);
    expect(plantedSignal(options).table.hash).toBe(table.hash);
    expect(plantedSignal({ ...options, seed: 4 }).table.hash).not.toBe(table.hash);
  });

  it("refuses an effect and noise that leave 0 to 1", () => {
    expect(() => plantedSignal({ questions: 10, arms: 2, effect: 0.6, noise: 0.3, seed: 1 })).toThrow(
      /effect \+ 2 noise is 1.2; expected at most 1/,
    );
    expect(() => plantedSignal({ questions: 10, arms: 1, effect: 0.6, noise: 0, seed: 1 })).toThrow(ConfigError);
  });
});

describe("permuteTexts", () => {
  /** Row i has text `texts[i]`, and i as score and label. */
  function tableOf(texts: readonly string[]): OutcomeTable {
    const builder = new OutcomeTableBuilder({ id: "source" });
    texts.forEach((text, row) => {
      builder.addRow({ id: `q${row}`, text, labels: { row: `${row}` } });
      builder.addOutcome({ questionId: `q${row}`, arm: singleRoleArm("m"), score: row / texts.length });
    });
    return builder.build();
  }

  it("moves whole questions, keeps every outcome in place and every question once", () => {
    const table = tableOf(Array.from({ length: 200 }, (_, row) => `text ${row}`));
    const permuted = permuteTexts(table, 1);
    expect(permuted.score).toEqual(table.score);
    const ids = permuted.rows.map(({ question }) => question.id);
    expect([...ids].sort()).toEqual(table.rows.map(({ question }) => question.id).sort());
    for (const { question, labels } of permuted.rows) expect(question.id).toBe(`q${labels.row}`);
    // A random permutation leaves one question in place on average; 8 or more have a chance below 1e-5.
    expect(ids.filter((id, row) => id === `q${row}`).length).toBeLessThan(8);
    expect(permuted.hash).not.toBe(table.hash);
    expect(permuted.id).toBe("source/permuted-1");
    expect(permuted.warnings[0]).toBe("simulated: texts permuted against outcomes with seed 1");
  });

  it("moves groups as a whole, among groups of their size, so that folds keep their sizes", () => {
    const texts = ["a", "a", "b", "b", "c", "d", "e", "f", "g", "g", "g"];
    const permuted = permuteTexts(tableOf(texts), 2);
    const groups = (table: OutcomeTable, of: string): readonly number[] =>
      table.rows.flatMap(({ question }, row) => (question.text === of ? [row] : []));
    expect(groups(permuted, "g")).toEqual([8, 9, 10]);
    expect([groups(permuted, "a"), groups(permuted, "b")].sort((x, y) => (x[0] ?? 0) - (y[0] ?? 0))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(permuted.warnings[0]).toMatch(/1 groups of a size of their own stayed in place/);
  });

  it("destroys a planted signal: the kind of a text no longer tells the best arm", () => {
    const { table, preferred } = plantedSignal({ questions: 2000, arms: 2, effect: 0.9, noise: 0, seed: 1 });
    const agreeing = (one: OutcomeTable): number =>
      one.rows.filter(({ labels }, row) => {
        const arm = preferred[labels.task?.replace("simulated-", "") ?? ""] ?? 0;
        return (one.score[row * 2 + arm] ?? 0) > 0.5;
      }).length;
    expect(agreeing(table)).toBe(2000);
    expect(Math.abs(agreeing(permuteTexts(table, 7)) - 1000)).toBeLessThan(4 * Math.sqrt(500));
  });

  it("gives the same permutation for the same seed and others for others", () => {
    const table = tableOf(Array.from({ length: 30 }, (_, row) => `text ${row}`));
    expect(permuteTexts(table, 1).hash).toBe(permuteTexts(table, 1).hash);
    expect(permuteTexts(table, 2).hash).not.toBe(permuteTexts(table, 1).hash);
    expect(groupedFolds(permuteTexts(table, 1), { seed: 1 }).map(({ test }) => test.length)).toEqual([6, 6, 6, 6, 6]);
  });
});

describe("halfTables", () => {
  const builder = new OutcomeTableBuilder({ id: "halves", costUnit: "USD" });
  builder.addRow({ id: "q", text: "a" });
  builder.addOutcome({ questionId: "q", arm: singleRoleArm("m"), score: 0.6, samples: 5, halves: [1, 0.2], cost: 3 });
  builder.addArm(singleRoleArm("n"));
  const table = builder.build();

  it("gives one table per half, with its share of the samples and the cost of one call", () => {
    const [first, second] = halfTables(table);
    expect([...first.score]).toEqual([1, Number.NaN]);
    expect([...second.score]).toEqual([0.2, Number.NaN]);
    expect([...first.samples]).toEqual([3, 0]);
    expect([...second.samples]).toEqual([2, 0]);
    expect([first.cost?.[0], first.costUnit, first.halves, second.id]).toEqual([
      3,
      "USD",
      undefined,
      "halves/second-half",
    ]);
    expect(new Set([table.hash, first.hash, second.hash]).size).toBe(3);
    expect(first.warnings[0]).toBe("scores are the first half of the samples");
  });

  it("does not share cells with the table", () => {
    const [first] = halfTables(table);
    first.score[0] = 0;
    expect(table.halves?.first[0]).toBe(1);
  });

  it("refuses a table without halves", () => {
    const { table: without } = plantedSignal({ questions: 2, arms: 2, effect: 0, noise: 0, seed: 1 });
    expect(() => halfTables(without)).toThrow(HapsError);
    expect(() => halfTables(without)).toThrow(/has no halves; use a table whose every cell has `halves`/);
  });
});
