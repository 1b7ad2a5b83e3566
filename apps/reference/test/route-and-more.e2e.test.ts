import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type LoggedDemoOptions, loggedDemo } from "../src/commands/logged-demo.ts";
import { Interrupted } from "../src/interrupted.ts";
import { createColours, type Terminal } from "../src/terminal/terminal.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";
import { writeTinyOutcomes } from "./tiny-outcomes.ts";

describe("haps train and haps route", () => {
  it("train a router, refuse to train over it, and route with reasons", async () => {
    const cwd = temporaryFolder();
    const file = await writeTinyOutcomes(cwd);
    const trained = await runCli(["train", "--outcomes", file], { cwd });
    expect(trained.code, trained.err).toBe(0);
    expect(trained.out).toMatch(/trained: \.haps\/train\/outcomes\/router\nroute a question: /);

    const again = await runCli(["train", "--outcomes", file], { cwd });
    expect(again).toMatchObject({ code: 2, out: "" });
    expect(again.err).toMatch(/holds a finished training; add --fresh to train anew, or choose another --out/);
    const resumed = await runCli(["train", "--outcomes", file, "--resume", "--json"], { cwd });
    const result = readFileSync(join(cwd, ".haps/train/outcomes/result.json"), "utf8");
    const { steps } = JSON.parse(result) as { readonly steps: number };
    expect(JSON.parse(resumed.out)).toMatchObject({ wasComplete: true, steps });

    const question = "What is 12 plus 7?";
    const routed = await runCli(["route", ".haps/train/outcomes", question, "--json"], { cwd });
    const decision = JSON.parse(routed.out) as {
      readonly chosen: { readonly label: string };
      readonly ranking: readonly { readonly label: string; readonly probability: number }[];
      readonly reason: string;
      readonly total: number;
    };
    expect(decision.total).toBe(4);
    expect(decision.ranking.map(({ label }) => label)).toContain(decision.chosen.label);
    expect(decision.ranking.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 6);
    expect(decision.reason).toMatch(/\.$/);

    const shown = await runCli(["route", ".haps/train/outcomes/router", question], { cwd });
    expect(shown.out).toContain(`question  ${question}\n`);
    expect(shown.out).toContain(`chosen    ${decision.chosen.label}\n`);
    expect(shown.out).toMatch(/because {3}\S/);
    expect(shown.out).toMatch(/1 {2}.* \d+\.\d %/);

    const beyond = await runCli(["route", ".haps/train/outcomes", question, "--cost-weight", "50"], { cwd });
    expect(beyond.err).toMatch(/note: --cost-weight 50 lies beyond 2, the largest that this router was trained at/);
    expect(beyond.code).toBe(0);

    const configFile = join(cwd, ".haps/train/outcomes/router/config.json");
    const saved = JSON.parse(readFileSync(configFile, "utf8")) as { readonly router: { readonly model: object } };
    const rewrite = async (change: object) => {
      const model = { ...saved.router.model, ...change };
      writeFileSync(configFile, JSON.stringify({ ...saved, router: { ...saved.router, model } }));
      return runCli(["route", ".haps/train/outcomes", question, "--cost-weight", "1"], { cwd });
    };
    const unpriced = await rewrite({ costScale: null });
    expect(unpriced.err).toMatch(/--cost-weight: this router was trained without costs/);
    expect(unpriced.code).toBe(2);
    const damaged = await rewrite({ means: {} });
    expect(damaged.err).toMatch(/^haps: .*config\.json, field "router\.model\.means\.quality": is damaged/);
    expect(damaged.code).toBe(1);
    const halved = await rewrite({ featureDimension: 3 });
    expect(halved.err).toMatch(/^haps: .*router: holds no router that can be loaded \(/);
    expect(halved.code).toBe(1);

    writeFileSync(join(cwd, ".haps/train/outcomes/router/config.json"), "{");
    const broken = await runCli(["route", ".haps/train/outcomes", question], { cwd });
    expect(broken).toMatchObject({ code: 1, out: "" });
    expect(broken.err).toMatch(/config\.json: is not JSON; restore the checkpoint/);
  });
});

describe("haps data", () => {
  it("lists sets and says that there is no data folder", async () => {
    const { code, out } = await runCli(["data", "list"], { cwd: temporaryFolder() });
    expect(code).toBe(0);
    expect(out).toMatch(/^no data folder: set HAPS_DATA/);
    expect(out).toMatch(/concise_cot +absent +outcomes/);
    expect(out).toMatch(/hotpotqa_haps +absent +questions only/);
    const json = JSON.parse((await runCli(["data", "list", "--json"], { cwd: temporaryFolder() })).out) as object;
    expect(json).toMatchObject({ folder: null, experiments: expect.arrayContaining(["simulated"]) as unknown });
  });

  it("shows what a file holds", async () => {
    const cwd = temporaryFolder();
    const file = await writeTinyOutcomes(cwd);
    const { out } = await runCli(["data", "show", file], { cwd });
    expect(out).toMatch(/48 questions, 48 distinct texts, 4 arms; 192 records read, 192 kept/);
    const json = JSON.parse((await runCli(["data", "show", file, "--json"], { cwd })).out) as {
      readonly arms: unknown[];
    };
    expect(json.arms).toHaveLength(4);
  });

  it("labels what is simulated", async () => {
    const { out } = await runCli(["data", "show", "simulated", "--json"], { cwd: temporaryFolder() });
    expect(JSON.parse(out)).toMatchObject({ simulated: true, id: "simulated/planted-1" });
  });

  it("finds every broken record and ends with code 1", async () => {
    const cwd = temporaryFolder();
    const good = '{"text":"Why?","candidate":"a","score":1}';
    writeFileSync(join(cwd, "mine.jsonl"), `${good}\n{"text":"How?","candidate":"a","score":7}\n{"text":"Who?",\n`);
    const { code, out } = await runCli(["data", "check", "mine.jsonl", "--json"], { cwd });
    expect(code).toBe(1);
    const checked = JSON.parse(out) as { readonly ok: boolean; readonly counts: { readonly error: number } };
    expect(checked.ok).toBe(false);
    expect(checked.counts.error).toBeGreaterThanOrEqual(2);
    expect((await runCli(["data", "check", "mine.jsonl"], { cwd })).out).toMatch(/error +score-out-of-range/);
  });
});

describe("haps doctor", () => {
  it("looks at everything and finds it usable without data", async () => {
    const cwd = temporaryFolder();
    const { code, out } = await runCli(["doctor", "--json"], { cwd });
    const found = JSON.parse(out) as {
      readonly ok: boolean;
      readonly checks: readonly { name: string; status: string }[];
    };
    expect(found.checks.map(({ name }) => name)).toEqual([
      "node",
      "program",
      "machine",
      "backend",
      "data",
      "experiments",
      "runs folder",
    ]);
    expect(found.checks.find(({ name }) => name === "data")?.status).toBe("warning");
    expect({ ok: found.ok, code }).toEqual({ ok: true, code: 0 });
    expect((await runCli(["doctor"], { cwd })).out).toMatch(/backend {6}/);
  });

  it("ends with code 1 where the data folder is named wrongly", async () => {
    const { code, out } = await runCli(["doctor", "--json"], { cwd: temporaryFolder(), env: { HAPS_DATA: "nowhere" } });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false });
  });
});

describe("haps demo --logged without data", () => {
  it("says so, and labels every part as simulated", async () => {
    const cwd = temporaryFolder();
    let out = "";
    let notes = "";
    const terminal: Terminal = {
      out: (text) => {
        out += text;
      },
      note: (text) => {
        notes += text;
      },
      shown: false,
      interactive: false,
      colours: createColours(false),
      env: {},
      cwd,
      root: join(cwd, "checkout"),
      signal: new AbortController().signal,
      now: Date.now,
    };
    const options: LoggedDemoOptions = {
      seeds: 1,
      workers: 0,
      runs: ".haps",
      methods: ["ridge"],
      simulated: { kind: "simulated", questions: 60, arms: 3, effect: 0.4, noise: 0.2, seed: 2 },
    };
    await loggedDemo(terminal, options);
    expect(out).toMatch(/No recorded outcomes found .*: everything below is simulated\.\n/);
    const sections = out.split(/^\d {2}(?=[A-Z])/m).slice(1);
    expect(sections).toHaveLength(3);
    for (const section of sections) expect(section.split("\n", 1)[0]).toMatch(/\[simulated\]$/);
    expect(out).toMatch(/A generated pool \(simulated\) \[simulated\]/);
    expect(out).toMatch(/chosen +simulated-\d .*\[simulated\]/);
    expect(out).toMatch(/report +\.haps\/evaluate\/.*report\.html \[simulated\]/);

    notes = "";
    const stopped = loggedDemo({ ...terminal, ask: () => Promise.reject(new Interrupted()) }, options);
    await expect(stopped).rejects.toThrow(Interrupted);
    expect(notes).toMatch(/\nstopped; the router and the comparison are kept\n$/);
  });
});
