import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writePeftAdapter } from "@haps/hypernetwork";
import type { LoraWeights } from "@haps/spec";
import { createRng, loadBackend } from "@haps/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Interrupted } from "../src/interrupted.ts";
import { main } from "../src/main.ts";
import { createColours } from "../src/terminal/terminal.ts";
import { ANSWERS, writeTrainedModel } from "./generate-fixture.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

let root = "";
let model = "";

/** A copy of the model's folder, to be spoilt. */
function copyOfModel(): string {
  const folder = join(temporaryFolder(), "copy");
  cpSync(model, folder, { recursive: true });
  return folder;
}

const run = (...args: readonly string[]) => runCli(["generate", ...args], { cwd: root });

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "haps-generate-"));
  model = join(root, "model");
  await loadBackend(["wasm"]);
  await writeTrainedModel(model);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("haps generate", () => {
  it("answers a message by the chat template, with progress and a summary on standard error", async () => {
    const { code, out, err } = await run("ping", "--model", "model");
    expect({ code, out }).toEqual({ code: 0, out: `${ANSWERS.ping}\n` });
    const lines = err.trimEnd().split("\n");
    expect(lines.slice(0, -1).join("\n")).toMatch(
      /^ {2}loading: [\d.]+\/([\d.]+) KiB after .*\n[\s\S]*\1\/\1 KiB after [\d.]+ s$/,
    );
    expect(lines.at(-1)).toMatch(/^\d+ tokens, [\d.]+ tokens\/s, ended by an end token \(eos\)$/);
  });

  it("puts the system message in front, and with --raw leaves the template out", async () => {
    expect((await run("ping", "--model", model, "--system", "Be loud.")).out).toBe(`${ANSWERS.loud}\n`);
    expect((await run("ding", "--model", model, "--raw")).out).toBe(`${ANSWERS.raw}\n`);
  });

  it("continues the bare prompt of a model without a chat template, and says so", async () => {
    const folder = copyOfModel();
    rmSync(join(folder, "chat_template.jinja"));
    const { code, out, err } = await run("ding", "--model", folder);
    expect({ code, out }).toEqual({ code: 0, out: `${ANSWERS.raw}\n` });
    expect(err).toMatch(/note: this model has no chat template; it continues the prompt as it is/);
    const refused = await run("ding", "--model", folder, "--system", "Be loud.");
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/haps: --system: this model has no chat template/);
  });

  it("ends before a stop text and at the limit of tokens", async () => {
    const stopped = await run("ding", "--model", model, "--raw", "--stop", "xyz", "--stop", " the");
    expect(stopped.out).toBe(" goes\n");
    expect(stopped.err).toMatch(/ended by a stop text \(stop\)\n$/);
    const short = await run("ding", "--model", model, "--raw", "--max-tokens", "1");
    expect(ANSWERS.raw.startsWith(short.out.trimEnd())).toBe(true);
    expect(short.err).toMatch(/^1 tokens?, .* \(length\)$/m);
  });

  it("says the same for the same seed, and something else for another", async () => {
    const sample = async (seed: string, ...more: readonly string[]) =>
      (await run("ping", "--model", model, "--temperature", "4", "--max-tokens", "30", "--seed", seed, ...more)).out;
    const first = await sample("7");
    expect(await sample("7")).toBe(first);
    expect(await sample("8")).not.toBe(first);
    expect(await sample("8", "--top-k", "1")).toBe(`${ANSWERS.ping}\n`);
    expect(await sample("8", "--top-p", "0.000001")).toBe(`${ANSWERS.ping}\n`);
  });

  it("writes control characters out on a terminal, and leaves them alone in a pipe", async () => {
    // So hot that bytes come as they like.
    const args = ["generate", "ping", "--model", model, "--temperature", "100", "--max-tokens", "60", "--seed", "3"];
    const piped = await runCli(args, { cwd: root });
    const shown = await runCli(args, { cwd: root, shown: true });
    const control = /[^\P{Cc}\t\n]/u;
    expect(piped.out).toMatch(control);
    expect(shown.out).not.toMatch(control);
    const back = shown.out.replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number(`0x${code}`)));
    expect(back).toBe(piped.out);
  });

  it("prints one JSON object with text, tokens, log-probabilities and times", async () => {
    const { code, out } = await run("ping", "--model", model, "--json");
    const printed = JSON.parse(out) as Record<string, unknown>;
    expect(code).toBe(0);
    expect(printed).toMatchObject({
      text: ANSWERS.ping,
      finishReason: "eos",
      timings: {
        loadSeconds: expect.any(Number),
        firstTokenSeconds: expect.any(Number),
        totalSeconds: expect.any(Number),
        tokensPerSecond: expect.any(Number),
      },
    });
    const { tokens, logProbs } = printed as { tokens: number[]; logProbs: Record<string, number[]> };
    expect(logProbs.full).toHaveLength(tokens.length);
    expect(Math.min(...(logProbs.full as number[]))).toBeGreaterThan(Math.log(0.5)); // it knows this by heart
  });

  it("runs with an adapter of PEFT", async () => {
    const adapter = join(temporaryFolder(), "adapter");
    const target = { layer: 0, projection: "down", in: 24, out: 16, rank: 2 } as const;
    const rng = createRng(9);
    const lora = (scale: number): LoraWeights => ({
      id: "test",
      scale,
      targets: [{ target, down: rng.normals(48), up: rng.normals(32) }],
    });
    await writePeftAdapter(lora(3), adapter);
    const { code, out } = await run("ping", "--model", model, "--lora", adapter, "--max-tokens", "8");
    expect(code).toBe(0);
    expect(out).not.toBe(`${ANSWERS.ping}\n`);
    await writePeftAdapter(lora(0), `${adapter}-idle`);
    expect((await run("ping", "--model", model, "--lora", `${adapter}-idle`)).out).toBe(`${ANSWERS.ping}\n`);
    const wrong = {
      ...lora(1),
      targets: [{ target: { ...target, in: 23 }, down: new Float32Array(46), up: new Float32Array(32) }],
    };
    await writePeftAdapter(wrong, `${adapter}-wrong`);
    const refused = await run("ping", "--model", model, "--lora", `${adapter}-wrong`);
    expect([refused.code, refused.out]).toEqual([1, ""]);
    expect(refused.err).toMatch(/layer 0 down.*expected in 24/);
  });

  it("notes options that change nothing", async () => {
    const { err } = await run("ping", "--model", model, "--top-p", "0.5");
    expect(err).toMatch(/^note: at --temperature 0 the likeliest token is taken/);
  });
});

describe("haps generate on what cannot be used", () => {
  it.each([
    [["ping"], /required option '--model <folder>' not specified/],
    [["--model", "model"], /missing required argument 'prompt'/],
    [[" \n", "--model", "model"], /the prompt is blank/],
    [["ping", "--model", "absent"], /--model: no folder at .*absent; give a Hugging Face folder/],
    [["ping", "--model", "."], /--model: no config\.json in/],
    [["ping", "--model", "model", "--lora", "absent"], /--lora: no folder at .*absent/],
    [["ping", "--model", "model", "--raw", "--system", "x"], /--raw and --system exclude each other/],
    [["ping", "--model", "model", "--temperature", "-1"], /expected a number of 0 or more/],
    [["ping", "--model", "model", "--top-p", "0"], /expected a number above 0 and at most 1/],
    [["ping", "--model", "model", "--top-k", "0"], /expected a whole number from 1/],
    [["ping", "--model", "model", "--stop", ""], /expected a text of at least one character/],
    [["ping", "--model", "model", "--max-token", "3"], /unknown option '--max-token' \(Did you mean --max-tokens\?\)/],
  ])("ends %j with code 2 and one line", async (args, reason) => {
    const { code, out, err } = await run(...args);
    expect(err).toMatch(reason);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });

  const spoilt: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
    [
      "a truncated file of weights",
      (folder) => truncateSync(join(folder, "model.safetensors"), 3000),
      /model\.safetensors/,
    ],
    ["a missing tokenizer", (folder) => rmSync(join(folder, "tokenizer.json")), /tokenizer\.json/],
    ["a damaged configuration", (folder) => writeFileSync(join(folder, "config.json"), "{"), /config\.json/],
    [
      "a model that does not fit into memory",
      (folder) => {
        const file = join(folder, "config.json");
        const config = JSON.parse(readFileSync(file, "utf8")) as object;
        writeFileSync(file, JSON.stringify({ ...config, vocab_size: 4_000_000, hidden_size: 8192 }));
      },
      /has 65\.5 billion parameters and needs \d+ GiB \(.*there are [\d.]+ [GM]iB \(.*\); use a smaller model$/,
    ],
    [
      "a chat template that answers in escape sequences",
      (folder) => writeFileSync(join(folder, "chat_template.jinja"), "{{ raise_exception('\u001b[2Jno') }}"),
      /refuses these messages: \\x1b\[2Jno/,
    ],
    [
      "a broken chat template",
      (folder) => writeFileSync(join(folder, "chat_template.jinja"), "{% if %}"),
      /chat_template/,
    ],
  ];

  it.each(spoilt)("ends with code 1 and one line for %s", async (_, spoil, reason) => {
    const folder = copyOfModel();
    spoil(folder);
    const { code, out, err } = await run("ping", "--model", folder, "--json");
    const last = err.trimEnd().split("\n").at(-1);
    expect(last).toMatch(reason);
    expect(last).toMatch(/^haps: /);
    expect({ code, out }).toEqual({ code: 1, out: "" });
  });
});

describe("haps generate when it is interrupted", () => {
  it("keeps what was printed and ends with code 130", async () => {
    const interruption = new AbortController();
    let out = "";
    let err = "";
    const args = ["generate", "ding", "--raw", "--model", model, "--temperature", "4", "--max-tokens", "80"];
    const code = await main(args, {
      out: (text) => {
        out += text;
        interruption.abort(new Interrupted());
      },
      note: (text) => {
        err += text;
      },
      shown: false,
      interactive: false,
      colours: createColours(false),
      env: {},
      cwd: root,
      root,
      signal: interruption.signal,
      now: Date.now,
    });
    expect(code).toBe(130);
    expect(out).not.toBe("");
    expect(err).toMatch(/\nstopped after [1-9]\d* tokens?\n$/);
  });

  it("stops while it loads, without a word on standard output", async () => {
    const interruption = new AbortController();
    const { code, out } = await runCli(["generate", "ping", "--model", model], {
      cwd: root,
      signal: interruption.signal,
      onNote: () => interruption.abort(new Interrupted()),
    });
    expect({ code, out }).toEqual({ code: 130, out: "" });
  });
});

/** The command in a process of its own, from source, with a prompt on standard input. */
function startCli(args: readonly string[], input: string): { child: ChildProcess; ended: Promise<string> } {
  const bin = join(import.meta.dirname, "../src/bin.ts");
  // The folder of the app, so that its own tsx and source entries are found; paths of arguments are absolute.
  const child = spawn(process.execPath, ["--import", "tsx", "--conditions=@haps/source", bin, ...args], {
    cwd: join(import.meta.dirname, ".."),
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin?.end(input);
  let out = "";
  child.stdout?.on("data", (bytes: Buffer) => {
    out += bytes.toString();
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(`${code} ${out}`));
  });
  return { child, ended };
}

describe("haps generate as a process", () => {
  it("reads the prompt from standard input", async () => {
    const { ended } = startCli(["generate", "-", "--raw", "--model", model], "ding");
    expect(await ended).toBe(`0 ${ANSWERS.raw}\n`);
  });
});
