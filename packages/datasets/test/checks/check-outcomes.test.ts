import { gzipSync } from "node:zlib";
import { checkDataset, checkOutcomes, type DataCheck } from "@haps/datasets";
import { ConfigError } from "@haps/spec";
import { describe, expect, it } from "vitest";
import { jsonLines, scratchFiles } from "../scratch-files.ts";

const files = scratchFiles();
const record = (question: number, candidate: string, fields: object = {}): object => ({
  text: `text ${question}`,
  candidate,
  score: (question + candidate.length) % 2,
  cost: 1 + (question % 5) / 10,
  currency: "USD",
  ...fields,
});
const grid = (count: number): readonly object[] =>
  Array.from({ length: count }, (_, question) => [record(question, "m"), record(question, "nn")]).flat();
const check = async (name: string, content: string | Buffer): Promise<DataCheck> =>
  checkOutcomes(files.write(name, content));

describe("checkOutcomes", () => {
  it("finds nothing in a file without fault and says what it holds", async () => {
    const result = await check("fine.jsonl.gz", gzipSync(jsonLines(grid(40))));
    expect(result.findings).toEqual([]);
    expect(result.counts).toEqual({ error: 0, warning: 0, note: 0 });
    expect(result.report).toEqual({ read: 80, kept: 80, dropped: {} });
    expect(result.table).toMatchObject({
      questions: 40,
      texts: 40,
      candidates: 2,
      arms: 2,
      run: 80,
      samples: 80,
      splits: {},
      costUnit: "USD",
    });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it("goes on after broken records, gathers them by field and counts each", async () => {
    const broken = [
      ...[1, 2, 3, 4, 5, 6, 7].map((question) => record(question, "m", { score: 85 })),
      record(1, "m", { cost: "free" }),
      record(1, "m", { settings: { prompt: "x" } }),
    ];
    const result = await check("broken.jsonl", `${jsonLines([...grid(30), ...broken])}{"text"\n`);
    expect(result.report).toEqual({ read: 70, kept: 60, dropped: { "broken record": 10 } });
    expect(result.findings.map(({ severity, code, facts }) => [severity, code, facts])).toEqual([
      ["error", "score-out-of-range", { field: "score", records: 7, lines: [61, 62, 63, 64, 65] }],
      ["error", "broken-records", { field: "cost", records: 1, lines: [68] }],
      ["error", "broken-records", { field: "settings", records: 1, lines: [69] }],
      ["error", "broken-records", { field: null, records: 1, lines: [70] }],
    ]);
    expect(result.findings[0]?.message).toMatch(
      /broken.jsonl:61, field "score": got 85; .*divide percents by 100 \(and 6 more records like it\)$/,
    );
  });

  it("finds two currencies", async () => {
    const result = await check("currencies.jsonl", jsonLines([...grid(30), record(31, "m", { currency: "EUR" })]));
    expect(result.findings[0]).toMatchObject({
      severity: "error",
      code: "mixed-currencies",
      facts: { records: 1, lines: [61] },
    });
  });

  it("reports what ends the reading as a finding, with what stood before it", async () => {
    const whole = gzipSync(jsonLines(grid(4000)), { level: 0 });
    const result = await check("cut.jsonl.gz", whole.subarray(0, whole.length - 5000));
    expect(result.findings[0]).toMatchObject({ severity: "error", code: "unreadable" });
    expect(result.findings[0]?.message).toMatch(/the gzip data ends early, after \d+ whole lines/);
    expect(result.report.kept).toBeGreaterThan(7000);
    expect(result.table?.run).toBe(result.report.kept);
    for (const [name, content] of [
      ["empty.csv", ""],
      ["header.csv", "text,candidate,score\n"],
      ["columns.csv", "a,b\n1,2\n"],
    ] as const) {
      const bad = await check(name, content);
      expect(bad.findings.map(({ severity, code }) => [severity, code])).toEqual([["error", "unreadable"]]);
      expect([bad.table, bad.report.read]).toEqual([null, 0]);
    }
    expect((await checkOutcomes(`${files.folder}/absent.csv`)).findings[0]?.message).toMatch(/no such file/);
  });

  it("takes records of one question and arm for samples where most have several, without alarm", async () => {
    const samples = [...grid(20), ...grid(20).map((one) => ({ ...one, score: 1 })), ...grid(20)];
    const result = await check("samples.jsonl", jsonLines(samples));
    expect(result.findings.map(({ severity, code }) => [severity, code])).toEqual([["note", "repeated-records"]]);
    expect(result.table?.samples).toBe(120);
  });

  it("finds contradicting rows: a few repeated cells with other scores, means beyond their samples, costs far apart", async () => {
    const few = await check(
      "few.jsonl",
      jsonLines([...grid(30), record(3, "m", { score: 1 }), record(4, "m", { score: 1 })]),
    );
    expect(few.findings.map(({ severity, code, facts }) => [severity, code, facts])).toEqual([
      ["warning", "contradicting-rows", { pairs: 2, differing: 1, contradicting: 0, costs: 0, lines: [] }],
    ]);
    const means = await check(
      "means.jsonl",
      jsonLines([record(1, "m", { score: 0.1, samples: 50 }), record(1, "m", { score: 0.9, samples: 50 })]),
    );
    expect(means.findings[0]).toMatchObject({
      code: "contradicting-rows",
      facts: { contradicting: 1, lines: [[1, 2]] },
    });
    const costs = await check(
      "costs.jsonl",
      jsonLines([...grid(10), ...grid(10).map((one) => ({ ...one, cost: 900 }))]),
    );
    expect(costs.findings[0]).toMatchObject({ code: "contradicting-rows", facts: { costs: 20, differing: 0 } });
  });

  it("finds copies of records that were measured too finely to agree by chance", async () => {
    const timed = grid(20).map((one, index) => ({ ...one, latency: 100 + index * 0.37 }));
    const result = await check("copies.jsonl", jsonLines([...timed, ...timed.slice(0, 3)]));
    expect(result.findings.filter(({ code }) => code === "repeated-records")).toMatchObject(
      [
        { severity: "note", facts: { pairs: 3 } },
        { severity: "warning", facts: { records: 3, lines: [41, 42, 43] } },
      ].reverse(),
    );
  });

  it("refuses wrong options instead of reporting them", async () => {
    const path = files.write("options.jsonl", jsonLines(grid(2)));
    await expect(checkOutcomes(path, { costFrom: "price" as "cost" })).rejects.toThrow(ConfigError);
  });
});

describe("checkDataset", () => {
  it("refuses unknown sets with the nearest name and reports missing files", async () => {
    await expect(checkDataset("concise_cott" as "concise_cot", files.folder)).rejects.toThrow(
      /checkDataset: name: unknown set "concise_cott"; did you mean "concise_cot"\?/,
    );
    const result = await checkDataset("concise_cot", files.folder);
    expect(result.findings).toMatchObject([{ severity: "error", code: "unreadable" }]);
    expect(result.findings[0]?.message).toMatch(/queries.jsonl.gz: no such file; check the path/);
  });
});
