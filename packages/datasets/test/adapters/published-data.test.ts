import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  adapters,
  anytimeLoraBudget,
  checkDataset,
  conciseCot,
  halfTables,
  hotpotqaHaps,
  llmrouterExample,
  misguidedAttention,
  routellmMmlu,
  type TableReading,
  temperature,
} from "@haps/datasets";
import { armLabel, type OutcomeTable } from "@haps/spec";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../../../..");
const folder =
  process.env.HAPS_DATA === undefined ? join(root, "../shared/data") : resolve(root, process.env.HAPS_DATA);
const absent = !existsSync(join(folder, "concise_cot"));
const reason = absent ? ` (skipped: no data in ${folder}; set HAPS_DATA)` : "";

/** Best mean score of one arm, and mean over questions of the best score, over cells that were run. */
function bestAndOracle(table: OutcomeTable): { readonly arm: string; readonly best: number; readonly oracle: number } {
  const width = table.arms.length;
  const column = (arm: number): readonly number[] =>
    Array.from(table.rows, (_, row) => table.score[row * width + arm] ?? Number.NaN).filter(
      (one) => !Number.isNaN(one),
    );
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const means = table.arms.map((_, arm) => mean(column(arm)));
  const best = Math.max(...means);
  const oracle = mean(
    table.rows.map((_, row) =>
      Math.max(...table.score.subarray(row * width, (row + 1) * width).filter((score) => !Number.isNaN(score))),
    ),
  );
  return { arm: armLabel(table.arms[means.indexOf(best)] ?? {}), best, oracle };
}

/** Counts of a reading, with everything that was dropped accounted for. */
function counts({ table, report }: TableReading): readonly [rows: number, arms: number, kept: number] {
  const dropped = Object.values(report.dropped).reduce((sum, count) => sum + count, 0);
  expect(report.read).toBe(report.kept + dropped);
  return [table.rows.length, table.arms.length, report.kept];
}

// The figures are those that the data's own README states, and counts made with another program.
describe.skipIf(absent)(`the published data${reason}`, () => {
  it("concise_cot: 1,000 questions, without the exam that was asked again", async () => {
    const gpt35 = await conciseCot(folder, { models: ["gpt-35-turbo"] });
    expect(counts(gpt35)).toEqual([1000, 4, 4000]);
    expect(bestAndOracle(gpt35.table).best).toBeCloseTo(0.5731, 9);
    const joint = await conciseCot(folder);
    expect(counts(joint)).toEqual([1000, 8, 8000]);
    expect(joint.report.dropped).toEqual({ "exam comprehensive-100: a second run of 100 of the questions": 700 });
    const { arm, best, oracle } = bestAndOracle(joint.table);
    expect(arm).toBe("gpt-4 · prompt=composite");
    expect([best, oracle]).toEqual([expect.closeTo(0.7615, 9), expect.closeTo(0.8635, 9)]);
    expect(new Set(joint.table.rows.map(({ group }) => group)).size).toBe(1000);
    expect(joint.table.warnings[1]).toMatch(/^26 cells hold no answer and 8 fewer than ten/);
  });

  it("concise_cot: the halves average to the score, and choosing by one half is not inflated", async () => {
    const { table } = await conciseCot(folder);
    const [first, second] = halfTables(table);
    for (const [cell, score] of table.score.entries()) {
      expect(((first.score[cell] ?? 0) + (second.score[cell] ?? 0)) / 2).toBeCloseTo(score, 12);
    }
    const chosen = table.rows.map((_, row) => {
      const cells = first.score.subarray(row * 8, (row + 1) * 8);
      return second.score[row * 8 + cells.indexOf(Math.max(...cells))] ?? 0;
    });
    const honest = chosen.reduce((sum, score) => sum + score, 0) / 1000;
    const inflated = bestAndOracle(first).oracle;
    expect(inflated - honest).toBeGreaterThan(0.02);
    expect(honest).toBeGreaterThan(0.7615);
  });

  it("temperature: 1,000 questions at eleven temperatures, 100 for the other models", async () => {
    const gpt35 = await temperature(folder);
    expect(counts(gpt35)).toEqual([1000, 11, 11_000]);
    const { best, oracle } = bestAndOracle(gpt35.table);
    expect([best, oracle]).toEqual([expect.closeTo(0.585, 3), expect.closeTo(0.755, 3)]);
    expect(gpt35.report.read).toBe(26_100);
    expect(counts(await temperature(folder, { model: "llama-2-7b-chat" }))).toEqual([100, 11, 1100]);
  });

  it("anytime_lora_budget: 28 arms, one sample per cell", async () => {
    const reading = await anytimeLoraBudget(folder);
    expect(counts(reading)).toEqual([1319, 28, 36_932]);
    const { best, oracle } = bestAndOracle(reading.table);
    expect([best, oracle]).toEqual([expect.closeTo(0.734, 3), expect.closeTo(0.929, 3)]);
    expect(reading.table.samples.every((samples) => samples === 1)).toBe(true);
  });

  it("routellm_mmlu: two models, duplicate texts in one group", async () => {
    const reading = await routellmMmlu(folder);
    expect(counts(reading)).toEqual([14_042, 2, 28_084]);
    const { best, oracle } = bestAndOracle(reading.table);
    expect([best, oracle]).toEqual([expect.closeTo(0.8058, 4), expect.closeTo(0.8586, 4)]);
    expect(new Set(reading.table.rows.map(({ group }) => group)).size).toBe(13_937);
  });

  it("llmrouter_example: train rows by default, with the warning of swapped columns", async () => {
    const train = await llmrouterExample(folder);
    expect(counts(train)).toEqual([5608, 9, 50_472]);
    expect(new Set(train.table.rows.map(({ labels }) => labels.task)).size).toBe(14);
    expect(bestAndOracle(train.table).best).toBeCloseTo(0.6213, 4);
    expect(bestAndOracle((await llmrouterExample(folder, { split: "both" })).table).best).toBeCloseTo(0.5923, 4);
    expect(train.table.warnings[0]).toMatch(/three pairs of model columns are swapped/);
  });

  it("misguided_attention: 58 of 59 model settings", async () => {
    const reading = await misguidedAttention(folder);
    expect(counts(reading)).toEqual([52, 58, 9101]);
    expect(counts(await misguidedAttention(folder, { minimumQuestions: 0 }))).toEqual([52, 59, 9104]);
  });

  it("shows a router nothing of a question but its text: ids say nothing, labels stand beside", async () => {
    for (const adapter of Object.values(adapters)) {
      const { table } = await adapter.read(folder);
      const telling = table.rows.filter(
        ({ question }) => !/^[0-9a-f]{16}$/.test(question.id) || Object.keys(question).join() !== "id,text",
      );
      expect(telling).toEqual([]);
    }
  });

  it("hotpotqa_haps: 300, 100 and 100 questions with ten paragraphs", async () => {
    for (const [split, count] of [
      ["train", 300],
      ["validation", 100],
      ["test", 100],
    ] as const) {
      const questions = await hotpotqaHaps(folder, { split });
      expect(questions.length).toBe(count);
      expect(questions.filter(({ context }) => context?.length === 10).length).toBeGreaterThan(0.9 * count);
    }
  });

  it("finds the three swapped pairs of llmrouter_example, and no swap, contradiction or error elsewhere", async () => {
    for (const name of Object.keys(adapters) as (keyof typeof adapters)[]) {
      const { findings } = await checkDataset(name, folder);
      const errors = findings.filter(({ severity }) => severity === "error");
      if (name !== "llmrouter_example") {
        expect(errors).toEqual([]);
        continue;
      }
      expect(errors.map(({ code, facts }) => [code, facts.columns, facts.texts])).toEqual([
        ["swapped-columns", ["qwen2.5-7b-instruct", "llama3-chatqa-1.5-8b"], 119],
        ["swapped-columns", ["llama-3.1-nemotron-51b-instruct", "llama3-chatqa-1.5-70b"], 119],
        ["swapped-columns", ["codegemma-7b", "llama-3.1-8b-instruct"], 119],
      ]);
      expect(findings.map(({ code }) => code)).toContain("shared-texts");
    }
  });
});
