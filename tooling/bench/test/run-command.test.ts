import { type Benchmark, runCommand } from "@haps/bench";
import { describe, expect, it } from "vitest";

function fake(name: string): Benchmark {
  return {
    name,
    description: `what ${name} measures`,
    run: (progress) => {
      progress("half way");
      const rows = [{ case: "a", median: 2, unit: "ms" }];
      return Promise.resolve({ name, backend: "wasm", rows, ratios: { "b / a": 3 } });
    },
  };
}

async function call(...words: string[]) {
  const out: string[] = [];
  const error: string[] = [];
  const broken: Benchmark = { ...fake("broken"), run: () => Promise.reject(new Error("the losses differ")) };
  const benchmarks = words.includes("broken") ? [fake("decoder"), broken] : [fake("decoder"), fake("decision")];
  const code = await runCommand(words, benchmarks, {
    out: (line) => out.push(line),
    error: (line) => error.push(line),
  });
  return { code, out: out.join("\n"), error };
}

describe("runCommand", () => {
  it("prints one result as JSON and the progress beside it", async () => {
    const { code, out, error } = await call("decoder", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      name: "decoder",
      backend: "wasm",
      rows: [{ case: "a", median: 2, unit: "ms" }],
      ratios: { "b / a": 3 },
    });
    expect(error).toEqual(["decoder: half way"]);
  });

  it("runs all without a name, as a list in JSON", async () => {
    const { out } = await call("--json");
    expect((JSON.parse(out) as { name: string }[]).map(({ name }) => name)).toEqual(["decoder", "decision"]);
  });

  it("prints a table without --json", async () => {
    const { code, out } = await call("decoder");
    expect(code).toBe(0);
    expect(out).toContain("decoder (backend wasm)");
    expect(out).toContain("b / a: 3.00x");
  });

  it("lists the names without running anything", async () => {
    const { out, error } = await call("--list");
    expect(out.split("\n")).toEqual(["decoder   what decoder measures", "decision  what decision measures"]);
    expect(error).toEqual([]);
    expect(JSON.parse((await call("--list", "--json")).out)).toHaveLength(2);
  });

  it("answers --help with how it is used", async () => {
    expect((await call("--help")).out).toMatch(/^usage: npm run -s bench/);
  });

  it.each([
    [["decodr"], 'bench: unknown benchmark "decodr"; did you mean "decoder"?'],
    [["something"], 'bench: unknown benchmark "something"; there are decoder, decision'],
    [["--jsn"], 'bench: unknown option "--jsn"; did you mean "--json"?'],
    [["decoder", "decision"], "bench: one name at most, got 2; usage: npm run -s bench -- [name] [--json] [--list]"],
  ])("ends %j with 2 and one line", async (words, line) => {
    expect(await call(...words)).toEqual({ code: 2, out: "", error: [line] });
  });

  it("ends with 1 and the reason when a benchmark fails, and prints no result", async () => {
    expect(await call("broken", "--json")).toEqual({ code: 1, out: "", error: ["broken: the losses differ"] });
  });
});
