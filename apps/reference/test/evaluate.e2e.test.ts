import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Interrupted } from "../src/interrupted.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";
import { writeTinyOutcomes } from "./tiny-outcomes.ts";

const customRouter = join(import.meta.dirname, "../examples/custom-router.mjs");
const quick = ["--seeds", "1", "--folds", "2", "--workers", "0"];

interface Printed {
  readonly experiment: string;
  readonly questions: number;
  readonly folds: number;
  readonly seeds: readonly number[];
  readonly methods: readonly {
    readonly name: string;
    readonly score: number;
    readonly versusBestSingle: { readonly difference: number } | null;
    readonly versusHaps: { readonly difference: number } | null;
  }[];
  readonly permutation: { readonly permutations: number; readonly runs: readonly unknown[] } | null;
  readonly folder: string;
  readonly report: string;
  readonly provenance: { readonly jobs: number; readonly openings: number };
}

async function evaluateTiny(cwd: string, ...args: string[]): Promise<Printed> {
  const file = existsSync(join(cwd, "outcomes.jsonl")) ? "outcomes.jsonl" : await writeTinyOutcomes(cwd);
  const { code, out, err } = await runCli(["evaluate", "--outcomes", file, ...quick, ...args, "--json"], { cwd });
  expect(code, err).toBe(0);
  return JSON.parse(out) as Printed;
}

describe("haps evaluate", () => {
  it("prints the promised JSON and nothing else, and keeps a report", async () => {
    const cwd = temporaryFolder();
    const printed = await evaluateTiny(cwd, "--methods", "haps,ridge,task-table");
    expect(printed).toMatchObject({ experiment: "outcomes", questions: 48, folds: 2, seeds: [1] });
    expect(printed.methods.map((method) => method.name)).toEqual([
      "haps",
      "ridge",
      "task-table",
      "best-single",
      "cheapest",
      "random",
      "oracle",
    ]);
    const keys = ["name", "score", "interval", "cost", "costRatio", "entropy", "versusBestSingle", "versusHaps"];
    for (const method of printed.methods) expect(Object.keys(method)).toEqual(expect.arrayContaining(keys));
    const [haps, ridge] = printed.methods;
    expect(haps?.versusHaps?.difference).toBe(0);
    // "Versus HAPS" is this method minus HAPS.
    expect(ridge?.versusHaps?.difference).toBeCloseTo((ridge?.score ?? 0) - (haps?.score ?? 0), 10);
    expect(readFileSync(printed.report, "utf8")).toMatch(/^<!doctype html>/i);
  });

  it("writes a table without colours for people, with colours where they are wanted", async () => {
    const cwd = temporaryFolder();
    const file = await writeTinyOutcomes(cwd);
    const args = ["evaluate", "--outcomes", file, ...quick, "--methods", "knn"];
    const plain = await runCli(args, { cwd });
    expect(plain.out).toMatch(/knn +0\.\d{4}/);
    expect(plain.out).toMatch(/report: \.haps\/evaluate\//);
    expect(plain.out + plain.err).not.toContain("\u001b");
    expect((await runCli(args, { cwd, colours: true })).out).toContain("\u001b[");
  });

  it("keeps finished fits, and runs only what is missing when asked for more", async () => {
    const cwd = temporaryFolder();
    expect((await evaluateTiny(cwd, "--methods", "ridge")).provenance).toMatchObject({ jobs: 2, openings: 1 });
    expect((await evaluateTiny(cwd, "--methods", "ridge,knn")).provenance).toMatchObject({ jobs: 2, openings: 2 });
    const again = await evaluateTiny(cwd, "--methods", "ridge,knn");
    expect(again.provenance).toMatchObject({ jobs: 0, openings: 3 });
    const fresh = await evaluateTiny(cwd, "--methods", "ridge,knn", "--fresh");
    expect(fresh.provenance.jobs).toBe(4);
    expect(fresh.methods).toEqual(again.methods);
  });

  it("drops no fits of a folder that another process has open", async () => {
    const cwd = temporaryFolder();
    const { folder } = await evaluateTiny(cwd, "--methods", "ridge");
    const run = join(folder, "../..");
    // The process that runs the tests lives; its own number would be taken for that of an earlier process.
    writeFileSync(join(run, "lock"), `{"pid":${process.ppid}}\n`);
    const args = ["evaluate", "--outcomes", "outcomes.jsonl", ...quick, "--methods", "ridge", "--fresh"];
    const { code, err } = await runCli(args, { cwd });
    expect(err).toMatch(/is in use by process/);
    expect(code).toBe(1);
    expect(readdirSync(join(run, "jobs"))).toHaveLength(2);
  });

  it("stops on Ctrl-C with code 130, says how to go on, and goes on from there", async () => {
    const cwd = temporaryFolder();
    const file = await writeTinyOutcomes(cwd);
    const args = ["evaluate", "--outcomes", file, ...quick, "--methods", "ridge,knn"];
    const interruption = new AbortController();
    const stopped = await runCli(args, {
      cwd,
      signal: interruption.signal,
      onNote: (text) => {
        if (text.includes("1/4 fits")) interruption.abort(new Interrupted());
      },
    });
    expect(stopped).toMatchObject({ code: 130, out: "" });
    expect(stopped.err).toMatch(/1 of 4 fits are kept\nstopped; run the same command again to go on from here\n$/);
    const resumed = await runCli([...args, "--json"], { cwd });
    expect(resumed.err).toMatch(/4 fits, 1 of them kept from earlier/);
    const unbroken = await evaluateTiny(temporaryFolder(), "--methods", "ridge,knn");
    expect((JSON.parse(resumed.out) as Printed).methods).toEqual(unbroken.methods);
  });

  it("gives the same table from worker processes as in one process", async () => {
    const cwd = temporaryFolder();
    const one = await evaluateTiny(cwd, "--methods", "ridge,mlp");
    const two = await evaluateTiny(cwd, "--methods", "ridge,mlp", "--fresh", "--workers", "2");
    expect(two.provenance.jobs).toBe(4);
    expect(two.methods).toEqual(one.methods);
  });

  it("compares a router module of one's own, also one that fails", async () => {
    const cwd = temporaryFolder();
    const own = await evaluateTiny(cwd, "--methods", "ridge", "--router", customRouter);
    expect(own.methods.slice(0, 2).map((method) => method.name)).toEqual(["ridge", "own-router"]);
    const again = await evaluateTiny(cwd, "--methods", "ridge", "--router", customRouter);
    // What the module imports may have changed: its two fits run again, those of ridge are kept.
    expect(again.provenance.jobs).toBe(2);
    writeFileSync(
      join(cwd, "wrong.mjs"),
      "export default () => ({ contractVersion: 1, id: 'mine', route: async () => [] });\n",
    );
    const args = [
      "evaluate",
      "--outcomes",
      "outcomes.jsonl",
      ...quick,
      "--methods",
      "own-router",
      "--router",
      "wrong.mjs",
    ];
    const wrong = await runCli(args, { cwd });
    expect(wrong).toMatchObject({ code: 2, out: "" });
    expect(wrong.err).toMatch(
      /haps: --router: createRouter of .*wrong\.mjs returned no router: dispose wrong or missing/,
    );
  });

  it("measures HAPS where texts say nothing about outcomes", async () => {
    const printed = await evaluateTiny(temporaryFolder(), "--methods", "haps", "--permute", "1");
    expect(printed.permutation?.permutations).toBe(1);
    expect(printed.permutation?.runs).toHaveLength(1);
    expect(printed.provenance.jobs).toBe(4);
  });

  it("notes every opening of outer folds, also after a line that was torn", async () => {
    const cwd = temporaryFolder();
    await evaluateTiny(cwd, "--methods", "ridge");
    const log = join(cwd, ".haps/openings.jsonl");
    writeFileSync(log, `${readFileSync(log, "utf8")}{"time": "20`);
    expect((await evaluateTiny(cwd, "--methods", "ridge")).provenance.openings).toBe(2);
    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(Object.keys(JSON.parse(lines[2] as string) as object)).toEqual(
      expect.arrayContaining(["time", "experiment", "commit", "program", "configHash", "dataHash"]),
    );
  });

  it("names file, line and field of broken outcomes and keeps nothing", async () => {
    const cwd = temporaryFolder();
    const record = '{"text":"Why?","candidate":"a","score":1}';
    writeFileSync(join(cwd, "broken.jsonl"), `${record}\n{"text":"How?","candidate":"a","score":"good"}\n`);
    const { code, out, err } = await runCli(["evaluate", "--outcomes", "broken.jsonl", ...quick], { cwd });
    expect(err).toMatch(/^haps: .*broken\.jsonl:2, field "score": got "good"/);
    expect({ code, out, kept: existsSync(join(cwd, ".haps")) }).toEqual({ code: 1, out: "", kept: false });
  });

  it("says of a damaged fit which file to delete", async () => {
    const cwd = temporaryFolder();
    const { folder } = await evaluateTiny(cwd, "--methods", "ridge");
    const jobs = join(folder, "../../jobs");
    const [job] = readdirSync(jobs);
    const args = ["evaluate", "--outcomes", "outcomes.jsonl", ...quick, "--methods", "ridge"];
    for (const [content, problem] of [
      ["{", ": it is not JSON"],
      ["{}", ', field ".*": is damaged'],
    ] as const) {
      writeFileSync(join(jobs, job as string), content);
      const { code, err } = await runCli(args, { cwd });
      expect(err).toMatch(new RegExp(`ridge\\.seed-1\\.fold-0\\.json${problem}.*; delete it, and the fit runs again`));
      expect(code).toBe(1);
    }
  });
});

describe("haps report", () => {
  it("writes the page of a result anew, wherever it is wanted", async () => {
    const cwd = temporaryFolder();
    const { folder } = await evaluateTiny(cwd, "--methods", "ridge");
    for (const target of [folder, join(folder, "../..")]) {
      const { code, out } = await runCli(["report", target, "--out", "pages/mine.html", "--json"], { cwd });
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ experiment: "outcomes", report: join(cwd, "pages/mine.html") });
      expect(readFileSync(join(cwd, "pages/mine.html"), "utf8")).toMatch(/<\/html>\s*$/);
    }
  });

  it("says that a result is damaged", async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, "result.json"), '{"kind": "evaluation", "schemaVersion": 1}');
    const { code, err } = await runCli(["report", "."], { cwd });
    expect(err).toMatch(/^haps: .*result\.json, field "experiment": is damaged \(.*\); evaluate again/);
    expect(code).toBe(1);
  });
});
