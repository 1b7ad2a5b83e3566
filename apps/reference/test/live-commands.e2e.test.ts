import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type LiveDemoOptions, liveDemo } from "../src/commands/live-demo.ts";
import { Interrupted } from "../src/interrupted.ts";
import { createColours, type Terminal } from "../src/terminal/terminal.ts";
import { useTinyPlace } from "./live/live-fixture.ts";
import { type CliOptions, type CliResult, runCli } from "./run-cli.ts";
import { tinyStudy } from "./study/tiny-study.ts";

const place = useTinyPlace();
const STUDY = ["experiment", "tiny.json", "--seeds", "1", "--pool", "pool"];

/** Runs a command where the study's file and its pool lie. */
function run(args: readonly string[], options: Partial<CliOptions> = {}): Promise<CliResult> {
  return runCli(args, { cwd: place().root, ...options });
}

beforeAll(() => {
  writeFileSync(join(place().root, "tiny.json"), JSON.stringify(tinyStudy()));
});

function studyFolder(): string {
  const [name] = readdirSync(join(place().root, ".haps/studies"));
  return join(".haps/studies", name ?? "absent");
}

describe("haps experiment", () => {
  it("keeps what has finished when it is stopped, and says how to go on", async () => {
    const interruption = new AbortController();
    const onNote = (text: string): void => {
      if (text.includes("haps.seed-1:")) interruption.abort(new Interrupted());
    };
    const stopped = await run([...STUDY, "--workers", "1"], { signal: interruption.signal, onNote });
    expect(stopped).toMatchObject({ code: 130, out: "" });
    expect(stopped.err).toMatch(/stopped; run the same command again to go on from here\n$/);
    const units = join(place().root, studyFolder(), "units");
    expect([existsSync(join(units, "haps.seed-1.json")), existsSync(join(units, "knn.seed-1.json"))]).toEqual([
      true,
      false,
    ]);
    const unfinished = await run(["trace", studyFolder(), "1", "--method", "warm-up"]);
    expect(unfinished).toMatchObject({ code: 2, out: "" });
    expect(unfinished.err).toMatch(/warm-up with seed 1 has not finished; run the study first/);

    const finished = await run([...STUDY, "--workers", "0"]);
    expect(finished.code, finished.err).toBe(0);
    expect(finished.err).not.toMatch(/haps\.seed-1:/);
    expect(finished.err).toMatch(/knn\.seed-1:/);
    expect(finished.out).toMatch(/results: \.haps\/studies\/tiny-\w+\/results\.md\nreport: .*report\.html\n$/);

    const json = await run([...STUDY, "--workers", "0", "--json"]);
    expect(JSON.parse(json.out)).toEqual(
      JSON.parse(readFileSync(join(place().root, studyFolder(), "result.json"), "utf8")),
    );
  });

  it("refuses methods, studies and pools that are not there", async () => {
    const unknown = await run([...STUDY, "--methods", "haps,hasp"]);
    expect(unknown).toMatchObject({ code: 2, out: "" });
    expect(unknown.err).toMatch(/the study tiny has no method hasp; its methods: haps, warm-up, knn/);
    expect((await run(["experiment", "tin"])).err).toMatch(/there is no study "tin"; studies: none/);
    const poolless = await run(["experiment", "tiny.json", "--pool-seed", "7"]);
    expect(poolless.code).toBe(2);
    expect(poolless.err).toMatch(/no pool of seed 7 for atlas-hop .*haps pretrain --pool-seed 7.* --pool/);
    const empty = await run(["experiment", "tiny.json", "--pool", "nowhere"]);
    expect(empty.code).toBe(1);
    expect(empty.err).toMatch(/nowhere\/small holds no model; expected the models small, large and router/);
  });
});

describe("haps trace", () => {
  const trace = (question: string, ...flags: string[]): Promise<CliResult> =>
    run(["trace", studyFolder(), question, ...flags]);

  it("plays a question by its number or its id, with every call", async () => {
    const [first] = place().setting.benchmark.splits.test;
    const question = first?.question;
    const numbered = await trace("1");
    expect(numbered.code, numbered.err).toBe(0);
    expect(numbered.out).toContain(question?.text);
    expect(numbered.out).toMatch(/teacher[\s\S]*student/);
    expect((await trace(question?.id ?? "")).out).toBe(numbered.out);
    const prompts = await trace("1", "--prompts");
    expect(prompts.out.length).toBeGreaterThan(numbered.out.length);
    const trained = place().setting.benchmark.splits.train[0]?.question;
    expect((await trace(trained?.id ?? "")).out).toContain(trained?.text);
  });

  it("plays a question of one's own, and notes words that the pool has never read", async () => {
    const own = await trace("Which zyzzyva, or zyzzyva, is a Title?");
    expect(own.code, own.err).toBe(0);
    expect(own.out).toContain("zyzzyva");
    expect(own.err).toMatch(/note: the pool has never read (?:"\w+", )*"zyzzyva"(?:, "\w+")*\n$/);
    expect(own.err.match(/zyzzyva/g)).toHaveLength(1);
  });

  it("tells as JSON what was decided, with and without weights", async () => {
    const parse = ({ out }: CliResult) =>
      JSON.parse(out) as {
        readonly candidates: object;
        readonly trace: { readonly players?: object };
        readonly outcome: object;
      };
    const withLora = parse(await trace("2", "--json"));
    expect(Object.keys(withLora.candidates)).toEqual(["teacher", "student"]);
    const without = parse(await trace("2", "--json", "--no-lora"));
    expect(without.candidates).toEqual(withLora.candidates);
    expect(JSON.stringify(withLora.trace)).toContain('"lora":"played/');
    expect(JSON.stringify(without.trace)).not.toContain('"lora"');
  });

  it("refuses what it cannot play", async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["7"], /there is no question 7; give 1 to 6, an id, or a text/],
      [[" "], /the question is blank/],
      [["1", "--method", "knn"], /the study has no live method "knn"; its live methods: haps, warm-up/],
      [["1", "--method", "toString"], /no live method "toString"/],
      [["1", "--seed", "2"], /haps with seed 2 has not finished/],
    ];
    for (const [args, message] of cases) {
      const { code, err } = await trace(...(args as [string, ...string[]]));
      expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    }
    expect(await run(["trace", "pool", "1"])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no study in/) as unknown,
    });
  });
});

describe("haps demo", () => {
  let out = "";
  let notes = "";
  const terminal = (changes: Partial<Terminal> = {}): Terminal => {
    out = "";
    notes = "";
    return {
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
      cwd: place().root,
      root: join(place().root, "checkout"),
      signal: new AbortController().signal,
      now: Date.now,
      ...changes,
    };
  };
  // The folder in which the study above has finished: nothing is trained again.
  const options: LiveDemoOptions = { workers: 0, runs: ".haps", study: "tiny.json", pool: "pool" };

  it("trains, compares, shows and plays a question of one's own", async () => {
    const asked: string[] = [];
    const ask = (question: string): Promise<string> => {
      asked.push(question);
      return Promise.resolve(" Who is zyzzyva? ");
    };
    await liveDemo(terminal({ ask }), options);
    const sections = out.split(/^\d {2}(?=[A-Z])/m).slice(1);
    expect(sections).toHaveLength(4);
    expect(sections[0]).toMatch(/learning curve: .*\n {2}step +2 /);
    expect(asked).toHaveLength(1);
    expect(sections[3]).toMatch(/teacher: (?:small|large), student: (?:small|large)\nanswer: /);
    expect(sections[3]).toMatch(/another question +npm run -s haps -- trace \.haps\/studies\/tiny-\w+ "What is/);
    expect(notes).toContain('"zyzzyva"');
    expect(existsSync(join(place().root, studyFolder(), "report.html"))).toBe(true);
  });

  it("shows how questions went that were wrong without its weights, here and in the report", async () => {
    // Untrained models are never right: the record is made to say that they were, twice.
    const file = join(place().root, studyFolder(), "units/haps.seed-1.json");
    const record = JSON.parse(readFileSync(file, "utf8")) as { readonly test: { readonly score: readonly number[] } };
    const score = record.test.score.map((_, row) => Number(row === 1 || row === 4));
    writeFileSync(file, JSON.stringify({ ...record, test: { ...record.test, score } }));
    await liveDemo(terminal(), options);
    const shown = (out.split(/^\d {2}(?=[A-Z])/m)[3] ?? "").split("without its generated weights the answer was");
    expect(shown).toHaveLength(3);
    const { test } = place().setting.benchmark.splits;
    expect(shown[0]).toContain(test[1]?.question.text);
    expect(shown[1]).toContain(test[4]?.question.text);
    expect(readFileSync(join(place().root, studyFolder(), "report.html"), "utf8")).toContain(
      "without its generated weights the answer was",
    );
  });

  it("asks nobody and prints one value with --json", async () => {
    const ask = (): Promise<string> => Promise.reject(new Error("nobody is there"));
    await liveDemo(terminal({ ask }), { ...options, json: true });
    const printed = JSON.parse(out) as Readonly<Record<string, unknown>>;
    expect(Object.keys(printed)).toEqual(["result", "curve", "traces", "question"]);
    expect(printed.curve).toEqual([expect.objectContaining({ step: 2 })]);
    expect(printed.question).toMatchObject({ outcome: { trialId: expect.any(String) as unknown } });
  });

  it("keeps what was trained when it is stopped at its question", async () => {
    const stopped = liveDemo(terminal({ ask: () => Promise.reject(new Interrupted()) }), options);
    await expect(stopped).rejects.toThrow(Interrupted);
    expect(notes).toMatch(/\nstopped; what was trained and the comparison are kept\n$/);
  });
});
