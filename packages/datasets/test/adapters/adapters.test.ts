import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  adapters,
  anytimeLoraBudget,
  conciseCot,
  hotpotqaHaps,
  llmrouterExample,
  misguidedAttention,
  routellmMmlu,
  temperature,
} from "@haps/datasets";
import { ConfigError, singleRoleArm } from "@haps/spec";
import { describe, expect, it } from "vitest";
import { dataErrorOf, jsonLines, scratchFiles } from "../scratch-files.ts";

// Invented files in the formats of the published sets.
const { folder: scratch } = scratchFiles();
let folders = 0;
function dataFolder(files: Readonly<Record<string, string>>): string {
  folders += 1;
  const folder = join(scratch, `${folders}`);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, `${name}.gz`), gzipSync(content));
  }
  return folder;
}

/** Ids of sources name exam, subject or split; routers see a hash. */
const opaque = (id: string): string => createHash("sha256").update(id).digest("hex").slice(0, 16);
const exam = (id: string, answer: string): object => ({
  id,
  dataset: "invented/exam",
  topic: "Maths",
  text: `Topic: Maths\nQuestion: what is\u2028${id}?`,
  answer,
});
const EXAM_HEADER = "query_id,exam,model,prompt,n_correct,cost_usd_1_sample,answers,error";

describe("conciseCot", () => {
  const files = {
    "concise_cot/queries.jsonl": jsonLines([exam("a", "A"), exam("b", "B")]),
    "concise_cot/outcomes.csv": [
      EXAM_HEADER,
      "a,exam-1,gpt-4,concise,6,0.002,AAAAABBBBA,",
      'a,exam-1,gpt-35-turbo,baseline,0,0,----------,"filtered,\nfor content"',
      "b,exam-1,gpt-4,concise,1,0.003,B??-------,time-out",
      "b,comprehensive-100,gpt-4,concise,10,0.003,BBBBBBBBBB,",
      "",
    ].join("\n"),
  };

  it("scores ten samples, gives halves, and keeps gold, topic and exam out of the question", async () => {
    const { table, report } = await conciseCot(dataFolder(files), { models: ["gpt-4"], prompts: ["concise"] });
    expect(table.arms).toEqual([singleRoleArm("gpt-4", { prompt: "concise" })]);
    expect([...table.score]).toEqual([0.6, 0.1]);
    expect([...(table.halves?.first ?? [])]).toEqual([1, 0.2]);
    expect([...(table.halves?.second ?? [])]).toEqual([0.2, 0]);
    expect([...table.samples]).toEqual([10, 10]);
    expect([table.cost?.[0], table.costUnit]).toEqual([0.002, "USD"]);
    expect(table.rows[0]?.question).toEqual({ id: opaque("a"), text: "Question: what is\u2028a?" });
    expect(table.rows[0]?.labels).toEqual({
      task: "exam-1",
      sourceId: "a",
      exam: "exam-1",
      dataset: "invented/exam",
      topic: "Maths",
      gold: "A",
    });
    expect(report).toEqual({
      read: 4,
      kept: 2,
      dropped: {
        "model gpt-35-turbo: not asked for": 1,
        "exam comprehensive-100: a second run of 100 of the questions": 1,
      },
    });
  });

  it("takes cells that were not run for empty, counts failed calls, and keeps the topic line when asked to", async () => {
    const { table } = await conciseCot(dataFolder(files), { topicLine: "keep" });
    expect(table.arms.length).toBe(8);
    expect(table.score.filter((score) => !Number.isNaN(score)).length).toBe(3);
    expect(table.rows[0]?.question.text).toMatch(/^Topic: Maths\n/);
    expect(table.warnings).toEqual([
      "texts begin with a line that names the topic, so routers see a label of the source",
      "1 cells hold no answer and 1 fewer than ten because calls failed (content filter or time-out); the source scores missing answers 0",
    ]);
  });

  it("refuses letters that do not add up, unknown questions and unknown options", async () => {
    const broken = (line: string): string =>
      dataFolder({ ...files, "concise_cot/outcomes.csv": `${EXAM_HEADER}\n${line}\n` });
    const letters = await dataErrorOf(conciseCot(broken("a,exam-1,gpt-4,concise,7,0.002,AAAAABBBBA,")));
    expect(letters.message).toMatch(/hold 6 times the gold answer "A", n_correct says 7/);
    expect(letters.location).toMatchObject({ line: 2, field: "answers" });
    const unknown = await dataErrorOf(conciseCot(broken("z,exam-1,gpt-4,concise,6,0.002,AAAAABBBBA,")));
    expect(unknown.location).toMatchObject({ line: 2, field: "query_id" });
    const cost = await dataErrorOf(conciseCot(broken("a,exam-1,gpt-4,concise,6,cheap,AAAAABBBBA,")));
    expect(cost.location).toMatchObject({ line: 2, field: "cost_usd_1_sample" });
    await expect(conciseCot(scratch, { model: "gpt-4" } as object)).rejects.toThrow(ConfigError);
  });
});

describe("temperature", () => {
  const row = (examName: string, model: string, value: string): string =>
    `a,${examName},${model},chain_of_thought,10,0.001,AAAAAAAAAA,,${value}`;
  const folder = dataFolder({
    "temperature/queries.jsonl": jsonLines([exam("a", "A")]),
    "temperature/outcomes.csv": [
      `${EXAM_HEADER},temperature`,
      row("exam-1", "gpt-35-turbo", "0.0"),
      row("exam-1", "gpt-35-turbo", "1.0"),
      row("comprehensive-100", "gpt-35-turbo", "1.6"),
      row("comprehensive-100", "gpt-4", "0.3"),
      row("comprehensive-100", "gpt-4", "1.2"),
    ].join("\n"),
  });

  it("reads eleven temperatures as an ordinal setting, all questions for gpt-35-turbo", async () => {
    const { table, report } = await temperature(folder);
    expect(table.pool.candidates[0]?.parameters.settings?.temperature).toEqual({
      kind: "ordinal",
      values: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    });
    expect([table.score[0], table.score[1], table.score[10]]).toEqual([1, Number.NaN, 1]);
    expect(report.read).toBe(report.kept + Object.values(report.dropped).reduce((sum, count) => sum + count, 0));
  });

  it("reads the comprehensive questions for the other models and leaves temperatures above 1 out", async () => {
    const { table, report } = await temperature(folder, { model: "gpt-4" });
    expect(table.score[3]).toBe(1);
    expect(report.dropped["temperature above 1: tried on 100 questions only"]).toBe(1);
    expect(table.rows[0]?.labels.task).toBe("invented/exam");
  });
});

describe("anytimeLoraBudget", () => {
  const files = {
    "anytime_lora_budget/queries.jsonl": jsonLines([{ id: "g", dataset: "gsm8k", text: "a", answer: "4" }]),
    "anytime_lora_budget/outcomes.csv":
      "query_id,base_model,lora_adapter,max_new_tokens,score,response_chars\ng,base,b1,96,1,240\ng,base,b2,320,0,900\n",
  };

  it("takes adapter and token budget as settings and the budget as cost", async () => {
    const { table } = await anytimeLoraBudget(dataFolder(files));
    expect(table.arms[1]).toEqual(singleRoleArm("base", { adapter: "b2", tokenBudget: 320 }));
    expect([...(table.cost ?? [])]).toEqual([96, 320]);
    expect(table.pool.candidates[0]?.weights).toBe("open");
    expect([...((await anytimeLoraBudget(dataFolder(files), { cost: "characters" })).table.cost ?? [])]).toEqual([
      240, 900,
    ]);
  });

  it("refuses an arm without a model", async () => {
    const csv = files["anytime_lora_budget/outcomes.csv"].replace("g,base,b2", "g,,b2");
    const error = await dataErrorOf(
      anytimeLoraBudget(dataFolder({ ...files, "anytime_lora_budget/outcomes.csv": csv })),
    );
    expect(error.location).toMatchObject({ line: 3, field: "candidate" });
  });
});

describe("wide sets", () => {
  it("reads llmrouter_example by split, warns of its swapped columns, and takes empty cells as not run", async () => {
    const query = (id: string, split: string): object => ({ id, split, dataset: "d", metric: "em", text: "same text" });
    const folder = dataFolder({
      "llmrouter_example/queries.jsonl": jsonLines([query("train/0", "train"), query("test/0", "test")]),
      "llmrouter_example/score.csv": "query_id,m,n\ntrain/0,0.5,\ntest/0,1,0\n",
    });
    const train = await llmrouterExample(folder);
    expect([...train.table.score]).toEqual([0.5, Number.NaN]);
    expect(train.report).toEqual({
      read: 4,
      kept: 1,
      dropped: { "empty cell: not run": 1, "split test: not asked for": 2 },
    });
    expect(train.table.warnings[0]).toMatch(/three pairs of model columns are swapped .* it is not repaired here/);
    const both = await adapters.llmrouter_example.read(folder, adapters.llmrouter_example.checkOptions);
    expect(both.table.rows.map(({ split }) => split)).toEqual(["train", "test"]);
    expect(both.table.rows[0]?.group).toBe(both.table.rows[1]?.group);
  });

  it("reads routellm_mmlu with assumed costs and refuses other columns", async () => {
    const queries = jsonLines([{ id: "q", dataset: "mmlu", subject: "law", text: "a" }]);
    const columns = "query_id,mistralai/Mixtral-8x7B-Instruct-v0.1,gpt-4-1106-preview";
    const files = { "routellm_mmlu/queries.jsonl": queries, "routellm_mmlu/outcomes.csv": `${columns}\nq,0,1\n` };
    const { table } = await routellmMmlu(dataFolder(files), { weakCost: 0.1 });
    expect([...(table.cost ?? [])]).toEqual([0.1, 1]);
    expect([table.costUnit, table.rows[0]?.labels]).toEqual([
      "assumed",
      { task: "law", dataset: "mmlu", sourceId: "q" },
    ]);
    expect(table.rows[0]?.question).toEqual({ id: opaque("q"), text: "a" });
    const other = dataFolder({ ...files, "routellm_mmlu/outcomes.csv": "query_id,gpt-5\nq,1\n" });
    expect((await dataErrorOf(routellmMmlu(other))).location).toMatchObject({ line: 1, field: "gpt-5" });
  });
});

describe("misguidedAttention", () => {
  it("averages runs, joins settings of one model and leaves out arms that hardly ran", async () => {
    const folder = dataFolder({
      "misguided_attention/queries.jsonl": jsonLines(["p", "q"].map((id) => ({ id, dataset: "misguided", text: id }))),
      "misguided_attention/outcomes.csv": [
        "query_id,model,run,score,response_chars,reasoning_chars",
        "p,claude-sonnet-4,0,1,100,",
        "p,claude-sonnet-4,1,0,300,",
        "q,claude-sonnet-4,0,0.5,,",
        "p,claude-4-sonnet-0522-thinking,0,1,100,50",
        "q,claude-4-sonnet-0522-thinking,0,1,100,150",
        "p,other,0,1,1,",
      ].join("\n"),
    });
    const { table, report } = await misguidedAttention(folder, { minimumQuestions: 2 });
    expect(table.pool.candidates.map(({ id }) => id)).toEqual(["claude-sonnet-4"]);
    expect(table.arms.map((arm) => arm.answerer?.settings)).toEqual([{ thinking: "off" }, { thinking: "on" }]);
    expect([...table.score]).toEqual([0.5, 1, 0.5, 1]);
    expect([...table.samples]).toEqual([2, 1, 1, 1]);
    expect([...(table.cost ?? [])]).toEqual([200, 150, Number.NaN, 250]);
    expect(report.dropped).toEqual({ "model other: ran on fewer than 2 questions": 1 });
  });
});

describe("hotpotqaHaps", () => {
  const question = {
    _id: "h",
    question: "Who?",
    answer: "Ada",
    context: [["Title", ["One. ", " Two."]]],
    supporting_facts: [],
  };

  it("reads questions with gold and paragraphs, without supporting facts", async () => {
    const folder = dataFolder({ "hotpotqa_haps/test.jsonl": jsonLines([question]) });
    expect(await hotpotqaHaps(folder, { split: "test" })).toEqual([
      { id: "h", text: "Who?", context: ["Title\nOne. Two."], gold: { answer: "Ada" } },
    ]);
  });

  it("refuses ids that come twice and broken contexts", async () => {
    const twice = dataFolder({ "hotpotqa_haps/test.jsonl": jsonLines([question, question]) });
    expect((await dataErrorOf(hotpotqaHaps(twice, { split: "test" }))).location).toMatchObject({
      line: 2,
      field: "_id",
    });
    const broken = dataFolder({ "hotpotqa_haps/test.jsonl": jsonLines([{ ...question, context: ["x"] }]) });
    expect((await dataErrorOf(hotpotqaHaps(broken, { split: "test" }))).location).toMatchObject({
      line: 1,
      field: "context",
    });
  });
});

describe("adapters", () => {
  it("describe themselves and take no options as valid ones", () => {
    for (const [name, adapter] of Object.entries(adapters)) {
      expect(adapter.files.every((file) => file.startsWith(`${name}/`))).toBe(true);
      expect(adapter.options.safeParse({}).success).toBe(true);
      expect(adapter.options.safeParse(adapter.checkOptions ?? {}).success).toBe(true);
      expect(adapter.options.safeParse({ unknown: 1 }).success).toBe(false);
    }
  });
});
