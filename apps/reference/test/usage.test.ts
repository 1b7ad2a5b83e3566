import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli, temporaryFolder } from "./run-cli.ts";

describe("wrong use", () => {
  it.each([
    [["evalute"], /unknown command 'evalute' \(Did you mean evaluate\?\)/],
    [["evaluate", "simulated", "--sedes", "3"], /unknown option '--sedes' \(Did you mean --seeds\?\)/],
    [["evaluate", "prompt-ruting"], /unknown experiment "prompt-ruting"; did you mean "prompt-routing"\?/],
    [["evaluate", "simulated", "--methods", "haps,kn"], /unknown method "kn"; did you mean "knn"\?/],
    [["evaluate"], /name an experiment or give --outcomes/],
    [["evaluate", "simulated", "--outcomes", "x.jsonl"], /exclude each other/],
    [["evaluate", "--outcomes", "absent.jsonl"], /--outcomes: no file at absent\.jsonl/],
    [["evaluate", "simulated", "--seeds", "none"], /expected a whole number from 1 to 100/],
    [["evaluate", "simulated", "--methods", "random"], /names only methods that are always computed/],
    [["evaluate", "simulated", "--methods", "knn", "--permute", "2"], /add haps to --methods/],
    [["evaluate", "simulated", "--methods", "own-router"], /give its module with --router/],
    [["evaluate", "simulated", "--router", "./absent.mjs"], /--router: no file at .*absent\.mjs/],
    [["help", "trian"], /help: unknown command "trian"; did you mean "train"\?/],
    [["train"], /name an experiment or give --outcomes/],
    [["train", "simulated", "--resume", "--fresh"], /--resume and --fresh exclude each other/],
    [["train", "simulated", "--resume"], /--resume: no training in .*simulated; leave --resume out/],
    [["route", "absent", "Why?"], /no folder at .*absent; "haps train <experiment>" makes a checkpoint/],
    [["route", ".", "Why?"], /no router in/],
    [["route", ".", "Why?", "--cost-weight", "-1"], /expected a number of 0 or more/],
    [["route", "."], /missing required argument 'question'/],
    [["route", ".", " "], /the question is blank/],
    [["report", "absent"], /nothing at .*absent/],
    [["report", "."], /no finished evaluation in/],
    [["data"], /a sub-command is missing/],
    [["data", "show", "concise_kot"], /unknown set, experiment or file "concise_kot"; did you mean "concise_cot"\?/],
    [["data", "check", "hotpotqa_haps"], /hotpotqa_haps holds questions without outcomes/],
    [["data", "show", "hotpotqa_haps"], /hotpotqa_haps holds questions without outcomes/],
    [["data", "check", "concise_cot"], /there is no data folder; set HAPS_DATA/],
    [["data", "show", "absent.csv"], /no file at absent\.csv/],
    [["evaluate", "prompt-routing"], /needs recorded outcomes; set HAPS_DATA .* or try the experiment "simulated"/],
  ])("ends %j with code 2 and one line", async (args, reason) => {
    const { code, out, err } = await runCli([...args], { cwd: temporaryFolder() });
    expect(err).toMatch(reason);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(err).toMatch(/^haps: /);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });

  it("refuses a data folder that is none, instead of taking it for no data", async () => {
    const { code, err } = await runCli(["data", "list"], { cwd: temporaryFolder(), env: { HAPS_DATA: "nowhere" } });
    expect(err).toMatch(/HAPS_DATA names .*nowhere, which is not a folder/);
    expect(code).toBe(2);
  });

  it("never trains over, or removes, a folder that is no training", async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, "config.json"), '{"kind":"training"}');
    writeFileSync(join(cwd, "thesis.txt"), "years of work");
    for (const flags of [["--fresh"], []]) {
      const { code, err } = await runCli(["train", "simulated", "--out", ".", ...flags], { cwd });
      expect(err).toMatch(/holds a config\.json that is not of a training; choose another --out/);
      expect(code).toBe(2);
    }
    expect(readFileSync(join(cwd, "thesis.txt"), "utf8")).toBe("years of work");
  });

  it("refuses router modules that are none, before any data are read", async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, "nothing.mjs"), "export const router = 1;\n");
    writeFileSync(join(cwd, "broken.mjs"), "import 'a-package-that-is-not-there';\n");
    const nothing = await runCli(["evaluate", "prompt-routing", "--router", "nothing.mjs"], { cwd });
    expect(nothing.err).toMatch(/no default export that is a function/);
    const broken = await runCli(["evaluate", "prompt-routing", "--router", "broken.mjs"], { cwd });
    expect(broken.err).toMatch(/broken\.mjs cannot be imported/);
    expect([nothing.code, broken.code]).toEqual([2, 2]);
  });

  it("tells its version", async () => {
    const { code, out, err } = await runCli(["--version"], { cwd: temporaryFolder() });
    expect(out).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
    expect({ code, err }).toEqual({ code: 0, err: "" });
  });

  it("shows help, and is content with that, where help is asked for or nothing is", async () => {
    const cwd = temporaryFolder();
    for (const args of [[], ["--help"], ["evaluate", "--help"], ["help"], ["help", "data", "list"]]) {
      const { code, out, err } = await runCli(args, { cwd });
      expect(out).toMatch(/^Usage: haps/);
      expect({ code, err }).toEqual({ code: 0, err: "" });
    }
  });
});
