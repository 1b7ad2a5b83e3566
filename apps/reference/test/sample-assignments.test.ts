import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readOutcomeTable } from "@haps/datasets";
import { hashFolder } from "@haps/run";
import {
  type Environment,
  HapsError,
  type LabelledQuestion,
  type Outcome,
  type OutcomeTable,
  type Trial,
} from "@haps/spec";
import { createRng } from "@haps/tensor";
import { describe, expect, it } from "vitest";
import { Interrupted } from "../src/interrupted.ts";
import { readSampledOutcomes, readSamples } from "../src/sampling/read-samples.ts";
import {
  type SampleAssignmentsOptions,
  type SampledAssignments,
  type SamplingProgress,
  sampleAssignments,
} from "../src/sampling/sample-assignments.ts";
import { type Kill, Killed, killableFiles } from "./killable-files.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

const task = {
  id: "pair",
  description: "Answer together.",
  roles: ["teacher", "student"].map((id) => ({ id, description: `The ${id}.` })),
};
const candidates = ["red", "green", "blue"];
const questions = Array.from(
  { length: 7 },
  (_, index): LabelledQuestion => ({
    id: `q${index}`,
    text: `What is number ${index}?`,
    context: [`Title ${index}\nText ${index}.`],
    gold: { answer: "THE SECRET" },
  }),
);
const decoding = { maxTokens: 16 };

/** The score of the toy, from its definition: what a table must hold. */
const scoreOf = (question: string, teacher: string, student: string): number =>
  ((Number(question.slice(1)) + 2 * candidates.indexOf(teacher) + 5 * candidates.indexOf(student)) % 8) / 8;

interface Toy extends Environment {
  /** Trials that it has played. */
  readonly played: string[];
}

/** Outcomes in an order of their own; `q3` fails with a blue teacher, and has no answer with a red one. */
function createToy(hash = "a".repeat(64)): Toy {
  const played: string[] = [];
  return {
    task,
    hash,
    played,
    async *run(trials, { signal } = {}) {
      for (const trial of createRng(trials.length).shuffle(trials)) {
        await Promise.resolve();
        if (signal?.aborted === true) throw new HapsError("aborted", "toy: aborted by its signal");
        played.push(trial.id);
        yield toyOutcome(trial);
      }
    },
  };
}

function toyOutcome({ id, question, roles }: Trial): Outcome {
  const [teacher, student] = [roles.teacher?.candidate ?? "", roles.student?.candidate ?? ""];
  const used = (candidate: string) => ({ candidate, calls: 1, inputTokens: 10, outputTokens: 2 });
  const base = {
    trialId: id,
    perRole: { teacher: used(teacher), student: used(student) },
    cost: { amount: candidates.indexOf(teacher) + 1, currency: "EUR" },
  };
  if (question.id === "q3" && teacher === "blue") {
    return { ...base, status: "failed", failure: { code: "data", message: "too long" } };
  }
  if (question.id === "q3" && teacher === "red") {
    return { ...base, status: "no-answer", answer: null, score: 0, scores: { f1: 0 } };
  }
  const score = scoreOf(question.id, teacher, student);
  return { ...base, status: "ok", answer: `${teacher}${student}`, score, scores: { f1: score, exact: 0 } };
}

const factsOf = ({ id }: { readonly id: string }) => ({
  split: Number(id.slice(1)) < 5 ? "train" : "valid",
  labels: { task: `class ${Number(id.slice(1)) % 2}` },
});

function sampling(folder: string, changes: Partial<SampleAssignmentsOptions> = {}): SampleAssignmentsOptions {
  return {
    folder,
    environment: createToy(),
    questions,
    candidates,
    decoding,
    seed: 3,
    chunk: 10,
    factsOf,
    manifest: { versions: { haps: "test" }, backend: "none", commit: null, dataHash: null },
    signal: new AbortController().signal,
    ...changes,
  };
}

const cell = ({ rows, arms, score }: OutcomeTable, question: string, teacher: string, student: string): number => {
  const row = rows.findIndex((one) => one.question.id === question);
  const column = arms.findIndex((arm) => arm.teacher?.candidate === teacher && arm.student?.candidate === student);
  return score[row * arms.length + column] as number;
};

/** Samples under the kills, one process after the other, then to the end. */
async function sampleUnderKills(folder: string, kills: readonly Kill[]): Promise<SampledAssignments> {
  for (const [index, kill] of kills.entries()) {
    const { files } = killableFiles(kill);
    const process = { pid: index + 1, isAlive: (pid: number) => pid === index + 1 };
    try {
      await sampleAssignments(sampling(folder, { files, process }));
    } catch (error) {
      const killed = error instanceof Killed || (error instanceof Error && error.cause instanceof Killed);
      if (!killed) throw error;
    }
  }
  return sampleAssignments(sampling(folder, { process: { pid: 99, isAlive: (pid) => pid === 99 } }));
}

/** Ten points that a seed picks among all changing operations, before, in and after them. */
function killPoints(log: readonly string[]): readonly Kill[] {
  const rng = createRng(20_261);
  const modes = ["before", "torn", "after"] as const;
  return Array.from({ length: 10 }, (_, index) => ({
    at: 1 + rng.integer(log.length),
    mode: modes[index % 3] as Kill["mode"],
  }));
}

describe("sampling of assignments", () => {
  it("tries every question with every assignment, and keeps the outcomes as a table", async () => {
    const folder = join(temporaryFolder(), "samples");
    const progress: SamplingProgress[] = [];
    const environment = createToy();
    const onProgress = (one: SamplingProgress): void => void progress.push(one);
    const sampled = await sampleAssignments(sampling(folder, { environment, onProgress }));
    expect(sampled).toEqual({
      tableFile: join(folder, "outcomes.jsonl"),
      trials: 63,
      failed: 3,
      resumedFrom: 0,
      wasComplete: false,
    });
    expect(new Set(environment.played).size).toBe(63);
    expect(progress.map(({ done }) => done)).toEqual(Array.from({ length: 63 }, (_, index) => index + 1));
    expect(progress.every(({ total }) => total === 63)).toBe(true);

    const table = await readSamples({ folder, task });
    expect([table.rows.length, table.arms.length, table.costUnit]).toEqual([7, 9, "EUR"]);
    expect(table.arms[5]).toEqual({
      teacher: { candidate: "green", settings: {} },
      student: { candidate: "blue", settings: {} },
    });
    for (const { id } of questions) {
      for (const teacher of candidates) {
        for (const student of candidates) {
          const failed = id === "q3" && teacher === "blue";
          const expected = id === "q3" && teacher === "red" ? 0 : scoreOf(id, teacher, student);
          expect(cell(table, id, teacher, student)).toEqual(failed ? Number.NaN : expected);
        }
      }
    }
    expect(table.warnings).toContain("3 of 63 trials failed; their cells are not run");
    expect(table.cost?.slice(0, 9)).toEqual(Float64Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3));
    expect(table.rows[6]).toMatchObject({ split: "valid", labels: { task: "class 0" }, question: { text: /6/ } });
    expect(readFileSync(sampled.tableFile, "utf8")).not.toContain("SECRET");
  });

  it("is a table that commands on logged outcomes read, the same as read here", async () => {
    const root = temporaryFolder();
    await sampleAssignments(sampling(join(root, "samples")));
    const { table } = await readOutcomeTable(join(root, "samples/outcomes.jsonl"));
    const own = await readSamples({ folder: join(root, "samples"), task });
    expect(table.hash).toBe(own.hash);
    expect(table.rows[2]?.question).toEqual({ id: "q2", text: questions[2]?.text, context: questions[2]?.context });
    const { code, out } = await runCli(["data", "check", "samples/outcomes.jsonl"], { cwd: root });
    expect(out).toContain("63 records read, 60 kept");
    expect(code).toBe(0);
  });

  it("reads labels from a callback in place of those in the file", async () => {
    const folder = join(temporaryFolder(), "samples");
    await sampleAssignments(sampling(folder));
    const relabelled = await readSamples({ folder, task, factsOf: ({ id }) => ({ labels: { class: `c-${id}` } }) });
    expect(relabelled.rows[1]?.labels).toEqual({ class: "c-q1" });
    expect(relabelled.rows[1]?.split).toBeUndefined();
    const plain = await readSamples({ folder, task });
    expect(relabelled.score).toEqual(plain.score);
  });

  it("keeps answers, all scores and usage beside the table", async () => {
    const folder = join(temporaryFolder(), "samples");
    await sampleAssignments(sampling(folder));
    const outcomes = await readSampledOutcomes(folder);
    expect(outcomes.length).toBe(63);
    expect(outcomes[0]).toEqual({
      questionId: "q0",
      arm: 0,
      perRole: {
        teacher: { candidate: "red", calls: 1, inputTokens: 10, outputTokens: 2 },
        student: { candidate: "red", calls: 1, inputTokens: 10, outputTokens: 2 },
      },
      cost: { amount: 1, currency: "EUR" },
      status: "ok",
      answer: "redred",
      score: 0,
      scores: { f1: 0, exact: 0 },
    });
    expect(outcomes.filter(({ status }) => status === "failed").length).toBe(3);
  });

  it("tries a given list only", async () => {
    const folder = join(temporaryFolder(), "samples");
    const assignments = [
      { student: "red", teacher: "blue" },
      { teacher: "red", student: "green" },
    ];
    const { trials } = await sampleAssignments(sampling(folder, { choice: { kind: "list", assignments } }));
    const table = await readSamples({ folder, task });
    expect([trials, table.arms.length]).toEqual([14, 2]);
    expect(cell(table, "q4", "blue", "red")).toBe(scoreOf("q4", "blue", "red"));
    expect(table.arms.map((arm) => arm.teacher?.candidate)).toEqual(["red", "blue"]);
  });

  it("draws different assignments for each question, whatever other questions there are", async () => {
    const root = temporaryFolder();
    const choice = { kind: "drawn", perQuestion: 4 } as const;
    const triedIn = async (name: string, some: readonly LabelledQuestion[], seed = 3) => {
      const folder = join(root, name);
      await sampleAssignments(sampling(folder, { choice, questions: some, seed }));
      const { rows, arms, samples } = await readSamples({ folder, task });
      return rows.map((_, row) => arms.filter((_arm, column) => samples[row * arms.length + column] === 1));
    };
    const tried = await triedIn("all", questions);
    // `q3` has failures, which are no samples.
    expect(tried.map(({ length }) => length).filter((_, row) => row !== 3)).toEqual([4, 4, 4, 4, 4, 4]);
    expect(new Set(tried.map((arms) => JSON.stringify(arms))).size).toBeGreaterThan(4);
    expect(await triedIn("one", questions.slice(5, 6))).toEqual([tried[5]]);
    expect(await triedIn("other seed", questions, 4)).not.toEqual(tried);
  });

  it("ends in the same bytes as an unbroken one wherever it is killed", async () => {
    const root = temporaryFolder();
    const { files, log } = killableFiles();
    await sampleAssignments(sampling(join(root, "unbroken"), { files }));
    const expected = await hashFolder(join(root, "unbroken"));
    expect(log.length).toBeGreaterThan(60);
    const resumptions = new Set<number>();
    for (const [index, point] of killPoints(log).entries()) {
      const folder = join(root, `killed-${index}`);
      resumptions.add((await sampleUnderKills(folder, [point])).resumedFrom);
      expect(await hashFolder(folder), `killed ${point.mode} operation ${point.at}`).toBe(expected);
    }
    expect(resumptions.size).toBeGreaterThan(3);
    await sampleUnderKills(
      join(root, "often"),
      [20, 45, 12, 30].map((at) => ({ at, mode: "torn" })),
    );
    expect(await hashFolder(join(root, "often"))).toBe(expected);
  });

  it("stops with the reason of its signal and goes on after the last chunk", async () => {
    const root = temporaryFolder();
    await sampleAssignments(sampling(join(root, "unbroken")));
    const interruption = new AbortController();
    const stopped = sampleAssignments(
      sampling(join(root, "stopped"), {
        signal: interruption.signal,
        onProgress: ({ done }) => {
          if (done === 34) interruption.abort(new Interrupted());
        },
      }),
    );
    await expect(stopped).rejects.toThrow(Interrupted);
    const environment = createToy();
    expect(await sampleAssignments(sampling(join(root, "stopped"), { environment }))).toMatchObject({
      resumedFrom: 30,
    });
    expect(environment.played.length).toBe(33);
    expect(await hashFolder(join(root, "stopped"))).toBe(await hashFolder(join(root, "unbroken")));
  });

  it("does not play a finished run again, whatever program made it", async () => {
    const folder = join(temporaryFolder(), "samples");
    await sampleAssignments(sampling(folder));
    const environment = createToy();
    const manifest = { versions: { haps: "another" }, backend: "none", commit: null, dataHash: null };
    expect(await sampleAssignments(sampling(folder, { environment, manifest }))).toMatchObject({
      trials: 63,
      failed: 3,
      wasComplete: true,
    });
    expect(environment.played).toEqual([]);
  });

  it("refuses another sampling in its folder, saying what differs, unless it is told to start anew", async () => {
    const folder = join(temporaryFolder(), "samples");
    await sampleAssignments(sampling(folder));
    const others: readonly [Partial<SampleAssignmentsOptions>, RegExp][] = [
      [{ environment: createToy("b".repeat(64)) }, /environment/],
      [{ questions: questions.slice(1) }, /questions/],
      [{ questions: questions.map((one) => ({ ...one, gold: { answer: "other" } })) }, /questions\.hash/],
      [{ candidates: ["green", "red", "blue"] }, /candidates/],
      [{ choice: { kind: "drawn", perQuestion: 2 } }, /choice/],
      [{ decoding: { maxTokens: 8 } }, /decoding\.maxTokens/],
      [{ seed: 4 }, /seed/],
      [{ chunk: 9 }, /chunk/],
    ];
    for (const [changes, difference] of others) {
      const refused = sampleAssignments(sampling(folder, changes));
      await expect(refused).rejects.toMatchObject({ code: "config", message: difference });
    }
    expect(await sampleAssignments(sampling(folder, { seed: 4, fresh: true }))).toMatchObject({ resumedFrom: 0 });
    expect((await readSamples({ folder, task })).rows.length).toBe(7);
    const foreign = join(folder, "../foreign");
    mkdirSync(foreign);
    writeFileSync(join(foreign, "config.json"), '{"kind":"training"}');
    await expect(sampleAssignments(sampling(foreign, { fresh: true }))).rejects.toMatchObject({ code: "state" });
  });

  it("refuses plans that cannot be made", async () => {
    const folder = join(temporaryFolder(), "samples");
    const refused: readonly [Partial<SampleAssignmentsOptions>, RegExp][] = [
      [{ questions: [] }, /questions: is empty/],
      [{ candidates: ["red", "red"] }, /candidates: has "red" twice/],
      [{ seed: -1 }, /seed: -1/],
      [{ chunk: 0 }, /chunk: 0/],
      [{ choice: { kind: "drawn", perQuestion: 10 } }, /perQuestion: 10 is not a whole number from 1 to 9/],
      [
        { choice: { kind: "list", assignments: [{ teacher: "red" }] } },
        /names the roles teacher; expected student,teacher/,
      ],
      [{ choice: { kind: "list", assignments: [{ teacher: "red", student: "x" }] } }, /names "x"/],
      [{ choice: { kind: "list", assignments: [] } }, /assignments: is empty/],
    ];
    for (const [changes, problem] of refused) {
      await expect(sampleAssignments(sampling(folder, changes))).rejects.toThrow(problem);
    }
  });

  it("passes on what its environment fails with, and refuses one that leaves out a trial", async () => {
    const folder = join(temporaryFolder(), "samples");
    const toy = createToy();
    const broken = { ...toy, run: (trials: readonly Trial[]) => toy.run(trials.slice(1)) };
    await expect(sampleAssignments(sampling(folder, { environment: broken }))).rejects.toThrow(/no outcome for trial/);
    const failing: Environment = {
      ...toy,
      // biome-ignore lint/correctness/useYield: it fails before its first outcome.
      async *run() {
        throw new HapsError("disposed", "gone");
      },
    };
    await expect(sampleAssignments(sampling(folder, { environment: failing }))).rejects.toMatchObject({
      code: "disposed",
    });
    expect(await sampleAssignments(sampling(folder))).toMatchObject({ trials: 63 });
  });

  it("names damaged files, and folders without a finished sampling", async () => {
    const folder = join(temporaryFolder(), "samples");
    await expect(readSamples({ folder, task })).rejects.toThrow(/no finished sampling/);
    await sampleAssignments(sampling(folder));
    rmSync(join(folder, "chunks/000002.jsonl"));
    await expect(readSampledOutcomes(folder)).rejects.toThrow(/chunks\/000002.jsonl: is missing/);
    appendFileSync(join(folder, "outcomes.jsonl"), "\n");
    await expect(readSamples({ folder, task })).rejects.toThrow(/outcomes.jsonl: is not what the sampling wrote/);
    await expect(sampleAssignments(sampling(folder))).rejects.toMatchObject({ code: "data" });
  });
});
