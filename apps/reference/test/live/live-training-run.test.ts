import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createLiveTraining, type LiveTraining, type ResumableTrainer, type TrainingEvent } from "@haps/orchestrator";
import { hashFolder } from "@haps/run";
import { HapsError } from "@haps/spec";
import { createVariables, loadBackend, type PromptPolicy, readVariables, writeVariables } from "@haps/tensor";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { Interrupted } from "../../src/interrupted.ts";
import { type LiveTrainingRunOptions, runLiveTraining } from "../../src/live/live-training-run.ts";
import { type Kill, Killed, killableFiles } from "../killable-files.ts";
import { temporaryFolder } from "../run-cli.ts";

interface ToyStep {
  readonly step: number;
  readonly loss: number;
}
interface ToyProgress {
  readonly step: number;
}

const STEPS = 12;
const disposals: (() => void)[] = [];

interface Toy {
  readonly policy: PromptPolicy;
  readonly training: LiveTraining<ToyStep, ToyProgress>;
  /** Steps that this process did. */
  readonly done: number[];
}

/** A training whose only weight halves its distance to 8 in every step, and is best on valid where it is nearest to 7. */
function toy({ diverges = false, steps = STEPS }: { readonly diverges?: boolean; readonly steps?: number } = {}): Toy {
  const variables = createVariables([["w", { shape: [1], values: Float32Array.of(0) }]]);
  disposals.push(() => variables.dispose());
  const forward = (): never => {
    throw new Error("nobody asks");
  };
  const policy: PromptPolicy = { variables, candidates: ["a"], roles: 1, forward };
  const weight = (): number => readVariables(variables).get("w")?.values[0] as number;
  let step = 0;
  const done: number[] = [];
  const trainer: ResumableTrainer<ToyStep, ToyProgress> = {
    get completedSteps() {
      return step;
    },
    step({ signal } = {}) {
      if (signal?.aborted === true) throw new HapsError("aborted", "toy: aborted");
      if (diverges && step === 7) throw new HapsError("non-finite", "toy: the loss is NaN at step 7");
      const values = Float32Array.of((weight() + 8) / 2);
      writeVariables(variables, new Map([["w", { shape: [1], values }]]));
      done.push(step);
      step += 1;
      return { step: step - 1, loss: 8 - weight() };
    },
    state: () => ({ progress: { step }, arrays: readVariables(variables) }),
    restore({ progress, arrays }) {
      step = progress.step;
      writeVariables(variables, arrays);
    },
  };
  const evaluate = () => Promise.resolve({ score: -Math.abs(weight() - 7), figures: { cost: weight() } });
  const config = { steps, validateEvery: 5 };
  return { policy, done, training: createLiveTraining({ trainer, policy, evaluate, config }) };
}

type Options = LiveTrainingRunOptions<ToyStep, ToyProgress>;

function running(folder: string, { training }: Toy, changes: Partial<Options> = {}): Options {
  return {
    folder,
    training,
    identity: { seed: 1 },
    manifest: { versions: { haps: "test" }, backend: "cpu", commit: "abc", dataHash: null },
    checkpointEvery: 2,
    signal: new AbortController().signal,
    ...changes,
  };
}

/** Trains under the kills, one process after the other, then to the end. */
async function trainUnderKills(folder: string, kills: readonly Kill[]): Promise<Toy> {
  for (const [index, kill] of kills.entries()) {
    const { files } = killableFiles(kill);
    const process = { pid: index + 1, isAlive: (pid: number) => pid === index + 1 };
    try {
      await runLiveTraining(running(folder, toy(), { files, process }));
    } catch (error) {
      const killed = error instanceof Killed || (error instanceof Error && error.cause instanceof Killed);
      if (!killed) throw error;
    }
  }
  const last = toy();
  await runLiveTraining(running(folder, last, { process: { pid: 99, isAlive: (pid) => pid === 99 } }));
  return last;
}

const weightOf = ({ policy }: Toy): number => readVariables(policy.variables).get("w")?.values[0] as number;
const json = (folder: string, name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));

describe("a live training in a run folder", () => {
  beforeAll(async () => {
    await loadBackend(["cpu"]);
  });

  afterEach(() => {
    for (const dispose of disposals.splice(0)) dispose();
  });

  it("keeps every event, the learning curve and why it ended", async () => {
    const folder = join(temporaryFolder(), "run");
    const own = toy();
    const events: TrainingEvent<ToyStep>[] = [];
    await runLiveTraining(running(folder, own, { onEvent: (event) => events.push(event) }));
    const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(events);
    expect(events.filter(({ kind }) => kind === "step")).toHaveLength(STEPS);
    expect(json(folder, "result.json")).toEqual({
      stopReason: { kind: "steps" },
      best: expect.objectContaining({ step: 5 }) as unknown,
      curve: [0, 5, 10, 12].map((step) => expect.objectContaining({ step }) as unknown),
    });
    own.training.takeBest();
    expect(weightOf(own)).toBe(7.75);
  });

  it("ends in the same bytes and weights as an unbroken one wherever it is killed", async () => {
    const root = temporaryFolder();
    const { files, log } = killableFiles();
    const unbroken = toy();
    await runLiveTraining(running(join(root, "unbroken"), unbroken, { files }));
    const expected = await hashFolder(join(root, "unbroken"));
    unbroken.training.takeBest();
    expect(log.length).toBeGreaterThan(40);
    const begun = new Set<number>();
    // Every fourth operation, by turns before, in and after it.
    for (let index = 0; index < log.length; index += 4) {
      const mode = (["before", "torn", "after"] as const)[index % 3] as Kill["mode"];
      const folder = join(root, `killed-${index}`);
      const resumed = await trainUnderKills(folder, [{ at: index + 1, mode }]);
      begun.add(resumed.done[0] ?? STEPS);
      expect(await hashFolder(folder), `killed ${mode} operation ${index + 1}, ${log[index]}`).toBe(expected);
      resumed.training.takeBest();
      expect(weightOf(resumed)).toBe(weightOf(unbroken));
    }
    // From the start, from looks at valid and from checkpoints between them.
    expect([...begun].sort((a, b) => a - b)).toEqual([0, 2, 4, 5, 7, 9, 10, 12]);
  });

  it("ends in the same bytes after several kills", async () => {
    const root = temporaryFolder();
    await runLiveTraining(running(join(root, "unbroken"), toy()));
    const kills = [30, 9, 21, 14, 3].map((at): Kill => ({ at, mode: "torn" }));
    await trainUnderKills(join(root, "killed"), kills);
    expect(await hashFolder(join(root, "killed"))).toBe(await hashFolder(join(root, "unbroken")));
  });

  it("saves when it is interrupted between checkpoints and goes on from there", async () => {
    const root = temporaryFolder();
    await runLiveTraining(running(join(root, "unbroken"), toy()));
    const interruption = new AbortController();
    const stopped = runLiveTraining(
      running(join(root, "stopped"), toy(), {
        signal: interruption.signal,
        checkpointEvery: 100,
        onEvent: (event) => {
          if (event.kind === "step" && event.step.step === 7) interruption.abort(new Interrupted());
        },
      }),
    );
    await expect(stopped).rejects.toThrow(Interrupted);
    const again = toy();
    await runLiveTraining(running(join(root, "stopped"), again));
    expect(again.done).toEqual([8, 9, 10, 11]);
    expect(await hashFolder(join(root, "stopped"))).toBe(await hashFolder(join(root, "unbroken")));
  });

  it("stops where it stands when it is interrupted within a step", async () => {
    const folder = join(temporaryFolder(), "run");
    const interruption = new AbortController();
    const own = toy();
    const broken: LiveTraining<ToyStep, ToyProgress> = {
      ...own.training,
      get done() {
        return own.training.done;
      },
      advance: async (options) => {
        if (own.done.length === 3) interruption.abort(new Interrupted());
        return own.training.advance(options);
      },
    };
    const stopped = runLiveTraining({ ...running(folder, own, { signal: interruption.signal }), training: broken });
    await expect(stopped).rejects.toThrow(Interrupted);
    const again = toy();
    await runLiveTraining(running(folder, again));
    expect(again.done[0]).toBe(3);
  });

  it("only loads a finished run, also with another commit", async () => {
    const folder = join(temporaryFolder(), "run");
    const first = toy();
    await runLiveTraining(running(folder, first));
    const before = await hashFolder(folder);
    const again = toy();
    const manifest = { versions: { haps: "test" }, backend: "cpu", commit: "def", dataHash: null };
    await runLiveTraining(running(folder, again, { manifest }));
    expect(again.done).toEqual([]);
    expect([again.training.done, weightOf(again)]).toEqual([true, weightOf(first)]);
    expect(again.training.curve).toEqual(first.training.curve);
    expect(await hashFolder(folder)).toBe(before);
  });

  it("refuses a folder of another training, and forgets it where that is wanted", async () => {
    const folder = join(temporaryFolder(), "run");
    await runLiveTraining(running(folder, toy()));
    const other = { identity: { seed: 2 } };
    await expect(runLiveTraining(running(folder, toy(), other))).rejects.toMatchObject({ code: "config" });
    const anew = toy();
    await runLiveTraining(running(folder, anew, { ...other, fresh: true }));
    expect(anew.done).toHaveLength(STEPS);
  });

  it("ends a training that diverged with the reason and the weights of the last good step", async () => {
    const folder = join(temporaryFolder(), "run");
    await runLiveTraining(running(folder, toy({ diverges: true })));
    expect(json(folder, "result.json")).toMatchObject({
      stopReason: { kind: "non-finite", message: "toy: the loss is NaN at step 7" },
      best: { step: 5 },
    });
    const again = toy({ diverges: true });
    await runLiveTraining(running(folder, again));
    expect([again.done, again.training.stopReason?.kind]).toEqual([[], "non-finite"]);
    const sevenSteps = toy({ steps: 7 });
    await runLiveTraining(running(join(folder, "../seven"), sevenSteps));
    expect(weightOf(again)).toBe(weightOf(sevenSteps));
  });

  it("throws what is wrong with a look at valid, and keeps what was trained", async () => {
    const folder = join(temporaryFolder(), "run");
    const own = toy();
    const advance: typeof own.training.advance = async (options) => {
      if (own.done.length === 3) throw new HapsError("data", "toy: no episode succeeded");
      return own.training.advance(options);
    };
    const failing: LiveTraining<ToyStep, ToyProgress> = { ...own.training, done: false, advance };
    await expect(runLiveTraining({ ...running(folder, own), training: failing })).rejects.toMatchObject({
      code: "data",
    });
    const again = toy();
    await runLiveTraining(running(folder, again));
    expect(again.done[0]).toBe(2);
  });
});
