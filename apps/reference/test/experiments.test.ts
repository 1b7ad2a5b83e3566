import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, DataError } from "@haps/spec";
import { describe, expect, it } from "vitest";
import { findData, repositoryRoot } from "../src/experiments/find-data.ts";
import { listExperiments, loadExperiment } from "../src/experiments/load-experiment.ts";
import { openTable } from "../src/experiments/open-table.ts";
import { ownSplits, resolveSubject } from "../src/experiments/resolve-subject.ts";
import { experimentSource } from "../src/experiments/table-source.ts";
import { temporaryFolder } from "./run-cli.ts";

const valid = { schemaVersion: 1, title: "Mine", question: "Which?", data: { set: "concise_cot" } };

/** A folder of experiments with one whose config is the given text or value. */
function experimentsWith(config: unknown): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "mine"));
  writeFileSync(join(folder, "mine", "config.json"), typeof config === "string" ? config : JSON.stringify(config));
  return folder;
}

describe("ownSplits", () => {
  it("counts the rows of every split of somebody's own file, and is silent where there are none", async () => {
    const cwd = temporaryFolder();
    const line = (text: string, split?: string): string =>
      ["a", "b"].map((candidate) => `${JSON.stringify({ text, candidate, score: 1, split })}\n`).join("");
    writeFileSync(join(cwd, "split.jsonl"), line("Why?", "train") + line("How?", "train") + line("Who?", "test"));
    writeFileSync(join(cwd, "plain.jsonl"), line("Why?") + line("How?"));
    const subject = (outcomes: string) =>
      resolveSubject({ experiment: undefined, outcomes, env: {}, cwd, root: join(cwd, "checkout") });
    expect(ownSplits(await subject("split.jsonl"))).toBe("train 2, test 1");
    expect(ownSplits(await subject("plain.jsonl"))).toBeUndefined();
  });
});

describe("loadExperiment", () => {
  it("accepts every experiment that comes with the command", () => {
    expect(listExperiments()).toEqual([
      "joint-routing",
      "lora-budget",
      "nine-models",
      "prompt-routing",
      "strong-weak",
      "temperature-control",
    ]);
    for (const name of listExperiments()) expect(loadExperiment(name, ".").config.folds).toBe(5);
  });

  it("fills in the defaults", () => {
    const { config } = loadExperiment("mine", ".", experimentsWith(valid));
    expect(config).toEqual({
      ...valid,
      data: { set: "concise_cot", options: {} },
      label: "task",
      folds: 5,
      costWeights: [0],
      operatingPoint: false,
      notes: [],
    });
  });

  it("loads an experiment of one's own by its folder or its file", () => {
    const folder = experimentsWith(valid);
    for (const path of ["./mine", "mine/config.json"]) {
      expect(loadExperiment(path, folder, join(folder, "none")).name).toBe("mine");
    }
  });

  it.each([
    [{ ...valid, fold: 3 }, /fold: unknown key "fold"; did you mean "folds"\?/],
    [{ ...valid, data: { set: "concise_cot", opitons: {} } }, /data\.opitons: .*did you mean "options"\?/],
    [{ ...valid, folds: 1, costWeights: [] }, /folds: .*; costWeights: /],
  ])("refuses %j and says what to write", (config, message) => {
    const folder = experimentsWith(config);
    expect(() => loadExperiment("mine", ".", folder)).toThrow(ConfigError);
    expect(() => loadExperiment("mine", ".", folder)).toThrow(message);
  });

  it("names the file that is not JSON", () => {
    const folder = experimentsWith('{"schemaVersion": 1,');
    expect(() => loadExperiment("mine", ".", folder)).toThrow(DataError);
    expect(() => loadExperiment("mine", ".", folder)).toThrow(/mine\/config\.json: is not JSON/);
  });
});

describe("experiments on recorded outcomes", () => {
  const data = findData(process.env, process.cwd(), repositoryRoot);
  const sizes = {
    "prompt-routing": [1000, 4],
    "joint-routing": [1000, 8],
    "temperature-control": [1000, 11],
    "nine-models": [5608, 9],
    "lora-budget": [1319, 28],
    "strong-weak": [14_042, 2],
  } as const;

  // Without the sets there is nothing to read: HAPS_DATA or ../shared/data has them.
  it.skipIf(data === undefined).each(Object.entries(sizes))("%s reads %j questions and arms", async (name, size) => {
    const source = experimentSource(loadExperiment(name, ".").config, data as NonNullable<typeof data>);
    if (source.kind !== "set" || !existsSync(join(source.folder, source.set))) return;
    const { table, simulated } = await openTable(source);
    expect([table.rows.length, table.arms.length]).toEqual(size);
    expect(simulated).toBe(false);
  });
});
