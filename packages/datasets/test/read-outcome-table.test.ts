import { gzipSync } from "node:zlib";
import { readOutcomeTable } from "@haps/datasets";
import { type Pool, singleRoleArm } from "@haps/spec";
import { describe, expect, it } from "vitest";
import { dataErrorOf, jsonLines, scratchFiles } from "./scratch-files.ts";

const files = scratchFiles();
const fine = { text: "What is 2 + 2?", candidate: "small", settings: { prompt: "short" }, score: 1 };

describe("readOutcomeTable", () => {
  it("reads the same table from JSON Lines and CSV, plain and gzipped, with every optional field", async () => {
    const record = { ...fine, id: "q1", cost: 0.002, currency: "USD", split: "train", samples: 4, propensity: 0.25 };
    const json = jsonLines([record, { ...record, settings: { prompt: "long" }, score: 0.5 }]);
    const csv =
      "id,text,candidate,settings,score,cost,currency,split,samples,propensity\r\n" +
      'q1,What is 2 + 2?,small,"{""prompt"":""short""}",1,0.002,USD,train,4,0.25\r\n' +
      'q1,What is 2 + 2?,small,"{""prompt"":""long""}",0.5,2e-3,USD,train,4,.25\r\n';
    const readings = [
      await readOutcomeTable(files.write("all.jsonl", json)),
      await readOutcomeTable(files.write("all.jsonl.gz", gzipSync(json))),
      await readOutcomeTable(files.write("all.csv", `\uFEFF${csv}`)),
      await readOutcomeTable(files.write("all.csv.gz", gzipSync(csv))),
    ];
    expect(new Set(readings.map(({ table }) => table.hash)).size).toBe(1);
    for (const { table, report } of readings) {
      expect(table.id).toBe("all");
      expect(report).toEqual({ read: 2, kept: 2, dropped: {} });
      expect(table.arms).toEqual([
        singleRoleArm("small", { prompt: "short" }),
        singleRoleArm("small", { prompt: "long" }),
      ]);
      expect([...table.score]).toEqual([1, 0.5]);
      expect([...(table.cost ?? [])]).toEqual([0.002, 0.002]);
      expect([table.costUnit, table.rows[0]?.split, table.samples[0], table.propensity?.[1]]).toEqual([
        "USD",
        "train",
        4,
        0.25,
      ]);
      expect(table.warnings).toEqual([]);
    }
  });

  it("reads settings and labels from columns of their own, where a setting that looks like a number is one", async () => {
    const csv = "text,candidate,settings.temperature,settings.prompt,score,labels.task\na,m,0.5,short,1,7\n";
    const { table } = await readOutcomeTable(files.write("columns.csv", csv));
    expect(table.arms).toEqual([singleRoleArm("m", { temperature: 0.5, prompt: "short" })]);
    expect(table.rows[0]?.labels).toEqual({ task: "7" });
  });

  it("takes empty cells, null scores and failed calls as not run, and counts each with its reason", async () => {
    const { table, report } = await readOutcomeTable(
      files.write(
        "not-run.jsonl",
        jsonLines([
          { ...fine, id: "a" },
          { ...fine, id: "b", score: null },
          { ...fine, id: "c", score: 0, status: "failed" },
          { ...fine, id: "d", score: undefined, status: "not-recorded" },
          { ...fine, id: "e", score: undefined, status: "no-answer" },
        ]),
      ),
    );
    expect([...table.score]).toEqual([1, Number.NaN, Number.NaN, Number.NaN, 0]);
    expect([...table.samples]).toEqual([1, 0, 0, 0, 1]);
    expect(report).toEqual({
      read: 5,
      kept: 2,
      dropped: { "not run: no score": 1, "not run: status failed": 1, "not run: status not-recorded": 1 },
    });
    const csv = await readOutcomeTable(files.write("not-run.csv", "text,candidate,score\na,m,\na,n,1\n"));
    expect([...csv.table.score]).toEqual([Number.NaN, 1]);
    expect(csv.report.dropped).toEqual({ "not run: no score": 1 });
  });

  it("averages records of one question and arm as samples", async () => {
    const records = [0, 1, 1].map((score, index) => ({ ...fine, score, cost: index + 1, currency: "USD" }));
    const { table } = await readOutcomeTable(files.write("samples.jsonl", jsonLines(records)));
    expect([table.score[0], table.samples[0], table.cost?.[0]]).toEqual([2 / 3, 3, 2]);
  });

  it("takes arms of several roles, and tokens as cost where asked to", async () => {
    const arm = { teacher: { candidate: "big" }, student: { candidate: "small", settings: { temperature: 0 } } };
    const path = files.write("roles.jsonl", jsonLines([{ text: "a", arm, score: 1, tokens: 120, latency: 5 }]));
    const { table } = await readOutcomeTable(path, { costFrom: "tokens" });
    expect(table.task.roles.map(({ id }) => id)).toEqual(["teacher", "student"]);
    expect([table.cost?.[0], table.costUnit]).toEqual([120, "tokens"]);
    expect(table.warnings).toEqual(["latency of 1 records is not kept: a table has one cost (option costFrom)"]);
  });

  it("keeps further fields as labels, never in the question, and names those it cannot keep", async () => {
    const records = [
      { ...fine, exam: "sat", run: 1, trace: [1], latency_ms: 3 },
      { ...fine, exam: "sat", run: 2, trace: [2], latency_ms: 4 },
    ];
    const { table } = await readOutcomeTable(files.write("further.jsonl", jsonLines(records)));
    expect(table.rows[0]?.labels).toEqual({ exam: "sat" });
    expect(Object.keys(table.rows[0]?.question ?? {}).sort()).toEqual(["id", "text"]);
    expect(table.warnings).toEqual([
      'field "trace" is not kept: it holds a list or an object',
      'field "run" is not kept: it differs between records of one question',
      'field "latency_ms" is not kept: it differs between records of one question; is the field "latency" meant?',
    ]);
  });

  it("takes other fields for labels even where they are near a defined one that the record has", async () => {
    const records = [{ ...fine, samples: 2, sample: 7, source: "log", test: "x", kind: "y", score2: "z" }];
    const { table } = await readOutcomeTable(files.write("near.jsonl", jsonLines(records)));
    expect(table.rows[0]?.labels).toEqual({ sample: "7", source: "log", test: "x", kind: "y", score2: "z" });
  });
});

describe("readOutcomeTable on bad input", () => {
  const pool: Pool = {
    candidates: [
      {
        id: "small",
        weights: "open",
        parameters: { settings: { prompt: { kind: "categorical", values: ["short"] } } },
      },
    ],
  };
  interface Case {
    readonly name: string;
    readonly content: string | Buffer;
    readonly line?: number;
    readonly field?: string;
    readonly message: RegExp;
    readonly pool?: Pool;
  }
  const json = (...records: readonly object[]): string => jsonLines([fine, ...records]);
  const bad: readonly Case[] = [
    { name: "empty.jsonl", content: "", message: /the file is empty; expected at least one record/ },
    { name: "blank.jsonl", content: "\n \n", message: /the file holds no record; expected at least one outcome/ },
    { name: "header-only.csv", content: "text,candidate,score\n", message: /the file holds no record/ },
    {
      name: "truncated.jsonl.gz",
      content: gzipSync(json()).subarray(0, 20),
      line: 1,
      message: /the gzip data ends early, after 0 whole lines; fetch or write the file again/,
    },
    {
      name: "broken.jsonl",
      content: `${json()}{"text":\n${json()}`,
      line: 2,
      message: /the line is not JSON .*write one JSON value per line/,
    },
    {
      name: "torn.jsonl",
      content: `${json()}{"text": "a", "sc`,
      line: 2,
      message: /the last line is torn.*delete this line/,
    },
    { name: "list.jsonl", content: `${json()}[1, 2]\n`, line: 2, message: /got \[1,2\]; expected object/ },
    {
      name: "missing-text.jsonl",
      content: json({ ...fine, text: undefined, txt: "a" }),
      line: 2,
      field: "text",
      message: /the field is missing; is "txt" meant\?; add it/,
    },
    {
      name: "blank-text.jsonl",
      content: json({ ...fine, text: " \n" }),
      line: 2,
      field: "text",
      message: /is blank; every question needs a text/,
    },
    {
      name: "missing-column.csv",
      content: "text,candidate,scores\na,m,1\n",
      line: 1,
      field: "score",
      message: /the column is missing.*rename "scores"\?/,
    },
    {
      name: "duplicate-column.csv",
      content: "text,candidate,score,text\na,m,1,a\n",
      line: 1,
      field: "text",
      message: /names it twice; rename or remove one/,
    },
    {
      name: "quoting.csv",
      content: 'text,candidate,score\n"a,m,1\nb,m,1\n',
      line: 2,
      message: /opens a quote that the file never closes/,
    },
    {
      name: "missing-candidate.csv",
      content: "text,model,score\na,m,1\n",
      line: 2,
      field: "candidate",
      message: /the field is missing.*give either `candidate` or `arm`/,
    },
    {
      name: "missing-score.jsonl",
      content: json({ ...fine, score: undefined, Score: 1 }),
      line: 2,
      field: "score",
      message: /the field is missing; is "Score" meant\?/,
    },
    {
      name: "text-score.jsonl",
      content: json({ ...fine, score: "0.5" }),
      line: 2,
      field: "score",
      message: /got "0.5"; expected number, received string/,
    },
    {
      name: "text-score.csv",
      content: "text,candidate,score\na,m,1\nb,m,good\n",
      line: 3,
      field: "score",
      message: /got "good"; expected a number such as 0.5/,
    },
    { name: "hex.csv", content: "text,candidate,score\na,m,0x1\n", line: 2, field: "score", message: /got "0x1"/ },
    {
      name: "text-cost.jsonl",
      content: json({ ...fine, cost: "$1" }),
      line: 2,
      field: "cost",
      message: /got "\$1"; expected number/,
    },
    {
      name: "percent.jsonl",
      content: json({ ...fine, score: 85 }),
      line: 2,
      field: "score",
      message: /got 85; expected a number from 0 to 1; divide percents by 100/,
    },
    {
      name: "negative-cost.jsonl",
      content: json({ ...fine, cost: -1 }),
      line: 2,
      field: "cost",
      message: /got -1; Too small: expected number to be >=0/,
    },
    {
      name: "half-sample.jsonl",
      content: json({ ...fine, samples: 1.5 }),
      line: 2,
      field: "samples",
      message: /got 1.5; expected int/,
    },
    {
      name: "settings.csv",
      content: "text,candidate,settings,score\na,m,{bad},1\n",
      line: 2,
      field: "settings",
      message: /is not JSON; write JSON such as/,
    },
    {
      name: "setting-kinds.jsonl",
      content: json({ ...fine, settings: { prompt: 1 } }),
      line: 2,
      field: "settings",
      message: /give all records of a candidate the same settings/,
    },
    {
      name: "both.jsonl",
      content: json({ ...fine, arm: { answerer: { candidate: "m" } } }),
      line: 2,
      field: "candidate",
      message: /has a candidate and an arm; give either/,
    },
    {
      name: "roles.jsonl",
      content: json({ ...fine, candidate: undefined, settings: undefined, arm: { judge: { candidate: "m" } } }),
      line: 2,
      message: /the arm has the roles \["judge"\]; expected \["answerer"\]/,
    },
    {
      name: "label-twice.jsonl",
      content: json({ ...fine, label: "x", labels: { task: "y" } }),
      line: 2,
      field: "label",
      message: /which mean the same; give one of them/,
    },
    {
      name: "unknown-candidate.jsonl",
      content: json({ ...fine, candidate: "smal" }),
      pool,
      line: 2,
      field: "candidate",
      message: /unknown candidate "smal"; did you mean "small"\?/,
    },
    {
      name: "far-candidate.jsonl",
      content: json({ ...fine, candidate: "gigantic" }),
      pool,
      line: 2,
      field: "candidate",
      message: /unknown candidate "gigantic"; the pool has \["small"\]/,
    },
    {
      name: "unknown-setting.jsonl",
      content: json({ ...fine, settings: { prompt: "long" } }),
      pool,
      line: 2,
      field: "settings",
      message: /"long" is no value of setting "prompt" of "small"; expected one of \["short"\]/,
    },
    {
      name: "misspelt.jsonl",
      content: json({ ...fine, propensty: 0.5 }),
      line: 2,
      field: "propensty",
      message: /unknown field; rename it to "propensity", or put it into labels/,
    },
    {
      name: "capital.csv",
      content: "text,candidate,score,Cost\na,m,1,2\n",
      line: 2,
      field: "Cost",
      message: /unknown field; rename it to "cost"/,
    },
    {
      name: "swapped-letters.jsonl",
      content: json({ ...fine, latnecy: 3 }),
      line: 2,
      field: "latnecy",
      message: /rename it to "latency"/,
    },
    {
      name: "two-texts.jsonl",
      content: jsonLines([
        { ...fine, id: "q" },
        { ...fine, id: "q", text: "other" },
      ]),
      line: 2,
      field: "text",
      message: /had "What is 2 \+ 2\?" before and has "other" here; use one id per question/,
    },
    {
      name: "two-splits.jsonl",
      content: jsonLines([
        { ...fine, split: "train" },
        { ...fine, split: "test" },
      ]),
      line: 2,
      field: "split",
      message: /had "train" before and has "test" here/,
    },
    {
      name: "two-currencies.jsonl",
      content: jsonLines([
        { ...fine, cost: 1, currency: "USD" },
        { ...fine, cost: 1, currency: "EUR" },
      ]),
      line: 2,
      field: "currency",
      message: /got "EUR", line 1 has "USD"; convert all costs to one currency/,
    },
    {
      name: "table.parquet",
      content: "x",
      message: /the name does not say the format; expected .jsonl, .ndjson or .csv/,
    },
  ];

  it.each(bad)("refuses $name", async ({ name, content, line, field, message, pool: given }) => {
    const path = files.write(name, content);
    const error = await dataErrorOf(readOutcomeTable(path, given === undefined ? {} : { pool: given }));
    expect(error.message).toMatch(message);
    expect(error.code).toBe("data");
    expect(error.location).toEqual({
      file: path,
      ...(line === undefined ? {} : { line }),
      ...(field === undefined ? {} : { field }),
    });
  });

  it("reads a line of a million characters and carriage returns before line feeds", async () => {
    const text = "long ".repeat(200_000).trim();
    const { table } = await readOutcomeTable(
      files.write("wide.jsonl", jsonLines([{ ...fine, text }]).replace("\n", "\r\n")),
    );
    expect(table.rows[0]?.question.text.length).toBe(text.length);
  });

  it("refuses unknown options with the path of the option", async () => {
    const path = files.write("options.jsonl", json());
    await expect(readOutcomeTable(path, { costfrom: "cost" } as object)).rejects.toThrow(
      /readOutcomeTable: .*costfrom/,
    );
  });
});
