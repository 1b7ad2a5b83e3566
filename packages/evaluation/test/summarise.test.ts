import { collectOutcomes, createRandomSource, crossValidate, pairedBootstrap, summarise } from "@haps/evaluation";
import { describe, expect, it } from "vitest";
import { foldsOf, ruleFactory, tableOf } from "./fixture.ts";
import { recordsOf, simulatedTable } from "./simulated-outcomes.ts";

const rows = Array.from({ length: 40 }, (_, index) => ({
  id: `q${String(index).padStart(2, "0")}`,
  text: index % 2 === 0 ? "even" : "odd",
  scores: index % 2 === 0 ? [1, 0.2] : [0.4, 0.6],
  costs: [4, 1],
}));
const bootstrap = { resamples: 500 };

/** Arm `a` scores 0.5 everywhere, arm `b` one value where it was run: not on the first `gaps` questions. */
function partial(questions: number, gaps: number, second = 0.9) {
  const table = tableOf(
    Array.from({ length: questions }, (_, index) => ({
      id: `q${index}`,
      scores: [0.5, index < gaps ? Number.NaN : second],
    })),
  );
  const seeds = [{ seed: 0, folds: foldsOf(table, 2) }];
  const figures = (rule: (row: number) => number) =>
    summarise({ experiment: "e", table, seeds, records: recordsOf(table, seeds, "haps", [0], rule), bootstrap })
      .methods[0];
  return { figures };
}

describe("summarise", () => {
  it("gives the figures of routed and reference methods", async () => {
    const table = tableOf(rows);
    const seeds = [0, 1, 2].map((seed) => ({ seed, folds: foldsOf(table, 4, seed) }));
    const haps = ruleFactory("haps", ({ question }) => (question.text === "even" ? 0 : 1));
    const other = ruleFactory("always-b", () => 1);
    const records = await crossValidate({ table, seeds, factories: [haps, other] });
    const methods = ["haps", "always-b"];
    const summary = summarise({ experiment: "fixture", table, seeds, records, methods, bootstrap });
    expect(summary.methods.map((method) => method.name)).toEqual([
      "haps",
      "always-b",
      "best-single",
      "cheapest",
      "random",
      "oracle",
    ]);
    const [routed, second, single] = summary.methods;
    expect(routed?.score).toBeCloseTo(0.8, 12);
    expect(single?.score).toBeCloseTo(0.7, 12);
    expect(routed?.versusBestSingle?.difference).toBeCloseTo(0.1, 12);
    expect(routed?.costRatio).toBeCloseTo(2.5 / 4, 12);
    expect(second?.versusHaps?.difference).toBeCloseTo(-0.4, 12);
    expect(routed?.entropyNormalised).toBeCloseTo(1, 12);
    expect(routed?.oracleShare).toBeCloseTo(1, 12);
    expect(routed?.versusHaps).toEqual({ difference: 0, low: 0, high: 0 });
    expect(summary).toMatchObject({ questions: 40, texts: 40, folds: 4, seeds: [0, 1, 2], costUnit: "tokens" });
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });

  it("averages over seeds first: five equal seeds give the interval of one", () => {
    const table = simulatedTable(createRandomSource(2), 80, [
      { chance: 0.5, cost: 1 },
      { chance: 0.6, cost: 2 },
    ]);
    const rule = (row: number) => row % 2;
    const figures = (count: number) => {
      const seeds = Array.from({ length: count }, (_, seed) => ({ seed, folds: foldsOf(table, 4) }));
      return summarise({
        experiment: "e",
        table,
        seeds,
        records: recordsOf(table, seeds, "haps", [0], rule),
        bootstrap,
      }).methods[0];
    };
    const [one, five] = [figures(1), figures(5)];
    expect(five?.versusBestSingle?.low).toBeCloseTo(one?.versusBestSingle?.low as number, 12);
    expect(five?.versusBestSingle?.high).toBeCloseTo(one?.versusBestSingle?.high as number, 12);
    expect(five?.interval[0]).toBeCloseTo(one?.interval[0] as number, 12);
    expect([one?.seedDeviation, five?.seedDeviation]).toEqual([null, 0]);
  });

  it("pairs each question with itself and its own seed, then resamples its text", () => {
    const table = simulatedTable(
      createRandomSource(8),
      60,
      [
        { chance: 0.5, cost: 1 },
        { chance: 0.55, cost: 2 },
      ],
      45,
    );
    const seeds = [0, 1, 2].map((seed) => ({ seed, folds: foldsOf(table, 3, seed) }));
    const rule = (row: number, _: number, seed: number) => (row * 7 + seed * 3) % 2;
    const records = recordsOf(table, seeds, "haps", [0], rule);
    const summary = summarise({ experiment: "e", table, seeds, records, bootstrap });
    const single = collectOutcomes({ table, seeds, records }).methods.find(({ name }) => name === "best-single");
    const differences = table.rows.map((_, row) => {
      const perSeed = seeds.map(
        ({ seed }, index) =>
          (table.score[row * 2 + rule(row, 0, seed)] as number) - (single?.perSeed[index]?.score[row] as number),
      );
      return perSeed.reduce((sum, difference) => sum + difference, 0) / 3;
    });
    const plain = pairedBootstrap(
      Float64Array.from(differences),
      table.rows.map(({ group }) => group),
      bootstrap,
    );
    const got = summary.methods[0]?.versusBestSingle;
    expect(summary.texts).toBe(45);
    expect(got?.difference).toBeCloseTo(plain.difference, 12);
    expect(got?.low).toBeCloseTo(plain.low, 12);
    expect(got?.high).toBeCloseTo(plain.high, 12);
  });

  it("reports the deviation over seeds beside the interval", () => {
    const table = tableOf(Array.from({ length: 4 }, (_, index) => ({ id: `q${index}`, scores: [1, 0] })));
    const seeds = [0, 1, 2].map((seed) => ({ seed, folds: foldsOf(table, 2) }));
    // Means over the questions are 1, 0.75 and 0.5: standard deviation 0.25.
    const records = recordsOf(table, seeds, "haps", [0], (row, _, seed) => (row < seed ? 1 : 0));
    expect(summarise({ experiment: "e", table, seeds, records, bootstrap }).methods[0]?.seedDeviation).toBeCloseTo(
      0.25,
      14,
    );
  });

  it("chooses the best single arm without the test rows", () => {
    // Each arm is right on one half: whoever looks at the other half chooses the wrong one.
    const table = tableOf(
      Array.from({ length: 8 }, (_, index) => ({ id: `q${index}`, scores: index < 4 ? [1, 0] : [0, 1] })),
    );
    const folds = [
      { train: [0, 1, 2, 3], test: [4, 5, 6, 7] },
      { train: [4, 5, 6, 7], test: [0, 1, 2, 3] },
    ];
    const seeds = [{ seed: 0, folds }];
    const records = recordsOf(table, seeds, "haps", [0], () => 0);
    const single = summarise({ experiment: "e", table, seeds, records, bootstrap }).methods.find(
      ({ name }) => name === "best-single",
    );
    expect(single?.score).toBe(0);
  });

  it("never scores a cell that was not run 0: it is left out of the pair and counted", () => {
    const { figures } = partial(24, 4);
    expect(figures(() => 1)).toMatchObject({ score: 0.9, notRecorded: 4 });
    expect(figures((row) => (row === 0 ? -1 : 0))).toMatchObject({ score: 0.5, notRecorded: 1 });
  });

  it("gives no difference for fewer than 10 recorded texts, and an interval as wide as the range allows", () => {
    const few = partial(24, 15).figures(() => 1);
    expect(few).toMatchObject({ score: 0.9, notRecorded: 15, versusBestSingle: null, versusHaps: null });
    // 9 texts of weight 1/9: half width sqrt(ln(2 / 0.05) / (2 * 9)), cut at 1.
    expect(few?.interval[0]).toBeCloseTo(0.9 - Math.sqrt(Math.log(40) / 18), 12);
    expect(few?.interval[1]).toBe(1);
    expect(partial(24, 14).figures(() => 1)?.versusBestSingle).not.toBeNull();
  });

  it("has no zero width where equal values leave questions unrecorded, but for a method against itself", () => {
    const { figures } = partial(40, 4, 0.3);
    const haps = figures(() => 1);
    const single = figures(() => 0);
    // Differences lie in [-1, 1], so that the reach is twice that of a score.
    const reach = 2 * Math.sqrt(Math.log(40) / (2 * 36));
    expect(haps?.versusBestSingle?.difference).toBeCloseTo(-0.2, 12);
    expect(haps?.versusBestSingle?.low).toBeCloseTo(-0.2 - reach, 12);
    expect(haps?.versusBestSingle?.high).toBeCloseTo(-0.2 + reach, 12);
    expect(haps?.versusHaps).toEqual({ difference: 0, low: 0, high: 0 });
    const level = partial(40, 4, 0.5).figures(() => 1)?.versusBestSingle;
    expect(level?.difference).toBe(0);
    expect(level?.low).toBeCloseTo(-reach, 12);
    expect(level?.high).toBeCloseTo(reach, 12);
    expect(single).toMatchObject({ interval: [0.5, 0.5], versusBestSingle: { difference: 0, low: 0, high: 0 } });
  });

  it("gives the same bytes for records in any order", () => {
    const table = simulatedTable(createRandomSource(4), 30, [
      { chance: 0.5, cost: 1 },
      { chance: 0.6, cost: 2 },
    ]);
    const seeds = [3, 1].map((seed) => ({ seed, folds: foldsOf(table, 3, seed) }));
    const records = ["haps", "flat", "zeta"].flatMap((name, index) =>
      recordsOf(table, seeds, name, [0, 1], (row, weight) => (row + index + weight) % 2),
    );
    const figures = (all: typeof records) =>
      JSON.stringify(summarise({ experiment: "e", table, seeds, records: all, bootstrap }));
    const turned = [...records].reverse().map((record) => ({
      ...record,
      questions: [...record.questions].reverse(),
      choices: record.choices.map((choices) => [...choices].reverse()),
    }));
    expect(figures(turned)).toBe(figures(records));
  });

  it("carries privileged marks of a single fold to the table", () => {
    const table = tableOf(rows);
    const seeds = [{ seed: 0, folds: foldsOf(table, 4) }];
    const records = recordsOf(table, seeds, "haps", [0], () => 0).map((record, fold) => ({
      ...record,
      privileged: fold === 2,
    }));
    const { methods } = summarise({ experiment: "e", table, seeds, records, bootstrap });
    expect(methods.filter(({ privileged }) => privileged).map(({ name }) => name)).toEqual(["haps", "oracle"]);
    expect(methods.filter(({ reference }) => reference)).toHaveLength(4);
  });

  it("has no cost figures without costs, and no HAPS to compare with where there is none", () => {
    const table = tableOf(rows.map(({ costs: _, ...row }) => row));
    const seeds = [{ seed: 0, folds: foldsOf(table, 4) }];
    const records = recordsOf(table, seeds, "flat", [0], () => 0);
    const [flat] = summarise({ experiment: "e", table, seeds, records, bootstrap }).methods;
    expect(flat).toMatchObject({ cost: null, costRatio: null, costRatioInterval: null, versusHaps: null });
  });
});

describe("collectOutcomes", () => {
  const table = tableOf(rows.slice(0, 8));
  const seeds = [{ seed: 0, folds: foldsOf(table, 2) }];
  const records = recordsOf(table, seeds, "haps", [0], () => 0);
  const [first, second] = records as [(typeof records)[number], (typeof records)[number]];

  it.each([
    ["missing", [first], "data", /job haps\.seed-0\.fold-1 has no record/],
    ["doubled", [first, second, first], "data", /given twice/],
    ["of another table", [first, { ...second, tableHash: "other" }], "data", /table other/],
    ["of another fold", [first, { ...second, questions: first.questions }], "data", /does not belong/],
    ["short of choices", [first, { ...second, choices: [[0]] }], "data", /does not belong/],
    ["not asked at the cost weight", [first, { ...second, costWeights: [1] }], "config", /cost weight 0/],
    ["named like a reference", records.map((record) => ({ ...record, method: "oracle" })), "config", /rename/],
  ])("refuses a record that is %s", (_, wrong, code, message) => {
    const collect = () => collectOutcomes({ table, seeds, records: wrong });
    expect(collect).toThrow(expect.objectContaining({ code }));
    expect(collect).toThrow(message);
  });

  it("refuses a method asked for that has no records", () => {
    expect(() => collectOutcomes({ table, seeds, records, methods: ["flat"] })).toThrowErrorMatchingInlineSnapshot(
      `[HapsError: collectOutcomes: job flat.seed-0.fold-0 has no record; run it first]`,
    );
  });

  it("refuses a method that chose nothing that was run", () => {
    const blind = recordsOf(table, seeds, "haps", [0], () => -1);
    expect(() => summarise({ experiment: "e", table, seeds, records: blind, bootstrap })).toThrow(/chose no cell/);
  });

  it("refuses two rows of one id", () => {
    const twins = {
      ...table,
      rows: table.rows.map((row, index) => (index === 1 ? { ...row, question: { id: "q00", text: "t" } } : row)),
    };
    expect(() => collectOutcomes({ table: twins, seeds, records })).toThrow(/"q00" occurs twice/);
  });
});
