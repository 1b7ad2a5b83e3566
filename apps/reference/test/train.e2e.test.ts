import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { hashFolder } from "@haps/run";
import { loadBackend } from "@haps/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { Interrupted } from "../src/interrupted.ts";
import { loadCheckpoint } from "../src/training/router-checkpoint.ts";
import { type TrainRouterOptions, trainRouter } from "../src/training/train-router.ts";
import { type Kill, Killed, killableFiles } from "./killable-files.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";
import { tinyTable, writeTinyOutcomes } from "./tiny-outcomes.ts";

const table = tinyTable();
const STEPS = 20;

/** A short training: two members of ten steps, a checkpoint after every fourth. */
function shortTraining(folder: string): TrainRouterOptions {
  return {
    folder,
    experiment: "tiny",
    table,
    simulated: true,
    costWeights: [0, 0.1],
    seed: 3,
    checkpointEvery: 4,
    haps: { trainer: { members: 2, steps: STEPS / 2 } },
    manifest: { versions: { haps: "test" }, backend: "cpu", commit: null, dataHash: table.hash },
    source: { kind: "test" },
    signal: new AbortController().signal,
  };
}

/** Trains under the kills, one process after the other, then to the end. */
async function trainUnderKills(folder: string, kills: readonly Kill[]): Promise<void> {
  for (const [index, kill] of [...kills, undefined].entries()) {
    const { files } = killableFiles(kill);
    const process = { pid: index + 1, isAlive: (pid: number) => pid === index + 1 };
    try {
      await trainRouter({ ...shortTraining(folder), files, process });
    } catch (error) {
      const killed = error instanceof Killed || (error instanceof Error && error.cause instanceof Killed);
      if (kill === undefined || !killed) throw error;
    }
  }
}

/** Twenty points that a seed picks: kills in renames, torn appends and any operation, before, in and after it. */
function killPoints(log: readonly string[]): Kill[] {
  let state = 20_261;
  const draw = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const places = (name: string): number[] => log.flatMap((entry, index) => (entry === name ? [index + 1] : []));
  const pick = (from: readonly number[], mode: Kill["mode"]): Kill => ({ at: from[draw(from.length)] as number, mode });
  const any = log.map((_, index) => index + 1);
  const modes = ["before", "torn", "after"] as const;
  return [
    ...modes.map((mode) => pick(places("rename"), mode)),
    ...modes.map((mode) => pick(places("rename"), mode)),
    ...[1, 2, 3, 4].map(() => pick(places("append"), "torn")),
    ...Array.from({ length: 10 }, (_, index) => pick(any, modes[index % 3] as Kill["mode"])),
  ];
}

describe("a training that is killed and resumed", () => {
  beforeAll(async () => {
    await loadBackend(["cpu"]);
  });

  it("ends in the same bytes as an unbroken one, at twenty seeded points", async () => {
    const root = temporaryFolder();
    const { files, log } = killableFiles();
    await trainRouter({ ...shortTraining(join(root, "unbroken")), files });
    const expected = await hashFolder(join(root, "unbroken"));
    const points = killPoints(log);
    expect(points).toHaveLength(20);
    for (const [index, point] of points.entries()) {
      const folder = join(root, `killed-${index}`);
      await trainUnderKills(folder, [point]);
      expect(await hashFolder(folder), `killed ${point.mode} operation ${point.at}, ${log[point.at - 1]}`).toBe(
        expected,
      );
    }
  });

  it("ends in the same bytes after several kills", async () => {
    const root = temporaryFolder();
    await trainRouter(shortTraining(join(root, "unbroken")));
    const kills = [30, 11, 25, 3].map((at) => ({ at, mode: "torn" as const }));
    await trainUnderKills(join(root, "killed"), kills);
    expect(await hashFolder(join(root, "killed"))).toBe(await hashFolder(join(root, "unbroken")));
  });

  it("saves on Ctrl-C between checkpoints and ends in the same bytes", async () => {
    const root = temporaryFolder();
    await trainRouter(shortTraining(join(root, "unbroken")));
    const interruption = new AbortController();
    const stopped = trainRouter({
      ...shortTraining(join(root, "stopped")),
      signal: interruption.signal,
      onStep: ({ step }) => {
        if (step === 7) interruption.abort(new Interrupted());
      },
    });
    await expect(stopped).rejects.toThrow(Interrupted);
    const { resumedFrom } = await trainRouter(shortTraining(join(root, "stopped")));
    expect(resumedFrom).toBe(7);
    expect(await hashFolder(join(root, "stopped"))).toBe(await hashFolder(join(root, "unbroken")));
  });

  it("is not believed to be finished where its router is missing or another", async () => {
    const folder = join(temporaryFolder(), "finished");
    await trainRouter(shortTraining(folder));
    expect((await trainRouter(shortTraining(folder))).wasComplete).toBe(true);
    appendFileSync(join(folder, "router/README.md"), "!");
    await expect(trainRouter(shortTraining(folder))).rejects.toThrow(/README\.md: is not what the training wrote/);
    rmSync(join(folder, "router"), { recursive: true });
    await expect(trainRouter(shortTraining(folder))).rejects.toMatchObject({ code: "data" });
    expect((await trainRouter({ ...shortTraining(folder), fresh: true })).wasComplete).toBe(false);
  });

  it("goes on at another commit of the same code", async () => {
    const folder = join(temporaryFolder(), "finished");
    await trainRouter(shortTraining(folder));
    const { manifest } = shortTraining(folder);
    const again = await trainRouter({ ...shortTraining(folder), manifest: { ...manifest, commit: "abc" } });
    expect(again.wasComplete).toBe(true);
  });

  it("would differ without the resumption: a killed run is not complete", async () => {
    const root = temporaryFolder();
    await trainRouter(shortTraining(join(root, "unbroken")));
    const { files } = killableFiles({ at: 40, mode: "torn" });
    await expect(trainRouter({ ...shortTraining(join(root, "killed")), files })).rejects.toThrow();
    expect(await hashFolder(join(root, "killed"))).not.toBe(await hashFolder(join(root, "unbroken")));
  });

  it("loads into a router that decides as the one that was trained again", async () => {
    const root = temporaryFolder();
    const decide = async (name: string) => {
      const { routerFolder } = await trainRouter(shortTraining(join(root, name)));
      const { facts, router } = loadCheckpoint(routerFolder);
      const requests = table.rows.map(({ question }) => ({ question, task: facts.task, pool: facts.pool }));
      const decisions = await router.route(requests);
      router.dispose();
      return decisions;
    };
    expect(await decide("first")).toEqual(await decide("second"));
  });
});

/** The command in a process of its own, from source. */
function startCli(
  args: readonly string[],
  cwd: string,
): { readonly child: ChildProcess; readonly ended: Promise<string> } {
  const bin = join(import.meta.dirname, "../src/bin.ts");
  // The folder of the app, so that its own tsx and source entries are found; paths of arguments are absolute.
  const child = spawn(process.execPath, ["--conditions=@haps/source", "--import", "tsx", bin, ...args], {
    cwd: join(import.meta.dirname, ".."),
    env: { PATH: process.env.PATH, HOME: cwd },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<string>((resolve, reject) => {
    let err = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(`${signal ?? code} ${err}`));
  });
  return { child, ended };
}

/** Waits for the condition; a process that ends before it is met fails the test with what it said. */
async function until(condition: () => boolean, ended: Promise<string>): Promise<void> {
  let said: string | undefined;
  void ended.then((text) => {
    said = text;
  });
  while (!condition()) {
    if (said !== undefined) throw new Error(`the process ended too early: ${said}`);
    await new Promise((next) => setTimeout(next, 5));
  }
}

describe("haps train in a process of its own", () => {
  it("survives SIGKILL and Ctrl-C and ends in the same bytes", async () => {
    const cwd = temporaryFolder();
    const outcomes = join(cwd, await writeTinyOutcomes(cwd));
    mkdirSync(join(cwd, "runs"));
    const folder = join(cwd, "runs/broken");
    const args = ["train", "--outcomes", outcomes, "--checkpoint-every", "40", "--out", folder];
    const metrics = join(folder, "metrics.jsonl");
    const grown = (bytes: number) => () => existsSync(metrics) && statSync(metrics).size > bytes;

    const first = startCli(args, cwd);
    await until(grown(10_000), first.ended);
    first.child.kill("SIGKILL");
    expect(await first.ended).toMatch(/^SIGKILL/);

    const second = startCli([...args, "--resume"], cwd);
    await until(grown(16_000), second.ended);
    second.child.kill("SIGINT");
    const said = await second.ended;
    expect(said).toMatch(/^130 /);
    expect(said).toMatch(/stopped and saved; run the same command again with --resume/);

    const resumed = await runCli([...args, "--resume", "--json"], { cwd });
    expect(resumed.code, resumed.err).toBe(0);
    expect(JSON.parse(resumed.out)).toMatchObject({ questions: 48, arms: 4, wasComplete: false });
    const unbroken = join(cwd, "runs/unbroken");
    const other = await runCli([...args.slice(0, -1), unbroken], { cwd });
    expect(other.code, other.err).toBe(0);
    expect(await hashFolder(folder)).toBe(await hashFolder(unbroken));
    expect(readFileSync(join(unbroken, "router/README.md"), "utf8")).toContain("it has no measured score");
  }, 120_000);
});
