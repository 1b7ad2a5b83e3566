import { spawn } from "node:child_process";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { hashFolder } from "@haps/run";
import { createRng } from "@haps/tensor";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type FinishedStudy, type RunStudyOptions, runStudy } from "../../src/study/run-study.ts";
import { unitName } from "../../src/study/study-unit.ts";
import { writeStudy } from "../../src/study/write-study.ts";
import { createColours, type Terminal } from "../../src/terminal/terminal.ts";
import { MANIFEST, useTinyPlace } from "../live/live-fixture.ts";
import { writeTinyPool } from "../live/tiny-pool.ts";
import { temporaryFolder } from "../run-cli.ts";
import type { KilledStudy } from "./killed-study.ts";
import { tinyStudy } from "./tiny-study.ts";

const place = useTinyPlace();
const UNITS = ["haps.seed-1", "warm-up.seed-1", "knn.seed-1"];

function options(runsFolder: string, changes: Partial<RunStudyOptions> = {}): RunStudyOptions {
  return {
    config: tinyStudy(),
    poolFolder: place().poolFolder,
    runsFolder,
    seeds: [1],
    workers: 0,
    manifest: MANIFEST,
    time: "2026-01-31T12:00:00Z",
    signal: new AbortController().signal,
    ...changes,
  };
}

/** The summary of a study, its files written; it needs colours alone of a terminal. */
async function written(study: FinishedStudy): Promise<string> {
  const { markdownFile, reportFile } = await writeStudy(study, [1], { colours: createColours(false) } as Terminal);
  expect([existsSync(markdownFile), existsSync(reportFile)]).toEqual([true, true]);
  return readFileSync(join(study.place.folder, "result.json"), "utf8");
}

/** Hash of everything that the units left, but locks and times. */
function unitsHash({ place: { folder } }: FinishedStudy): Promise<string> {
  const exclude = UNITS.flatMap((unit) =>
    ["warm-up", "joint"].flatMap((phase) => ["lock", "timings.jsonl"].map((file) => `${unit}/${phase}/${file}`)),
  );
  return hashFolder(join(folder, "units"), { exclude });
}

/** Runs a study in a process of its own, which ends by its own SIGKILL. */
function runKilled(told: KilledStudy): Promise<NodeJS.Signals | number | null> {
  const program = join(import.meta.dirname, "killed-study.ts");
  const args = ["--conditions=@haps/source", "--import", "tsx", program, JSON.stringify(told)];
  const cwd = join(import.meta.dirname, "../..");
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "ignore", "inherit"] });
  return new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
}

function openingsOf(runsFolder: string): readonly Readonly<Record<string, unknown>>[] {
  const file = join(runsFolder, "openings.jsonl");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("a study", () => {
  let runsFolder: string;
  let unbroken: FinishedStudy;
  let result: string;
  let sampled = 0;

  beforeAll(async () => {
    runsFolder = join(place().root, "unbroken");
    const onSampling = (): void => {
      sampled += 1;
    };
    unbroken = await runStudy(options(runsFolder, { onSampling }));
    result = await written(unbroken);
  });

  it("keeps a record of every unit, and does not look at test where it only tries out", () => {
    expect(unbroken.records.map(unitName)).toEqual(UNITS);
    expect(openingsOf(runsFolder)).toEqual([]);
    expect(JSON.parse(result)).toMatchObject({
      id: "tiny",
      heldOut: "valid",
      counts: { questions: 6, openings: 0, plannedUnits: 3, missingUnits: [] },
    });
  });

  it("runs no finished unit again", async () => {
    const planned: object[] = [];
    const again = await runStudy(
      options(runsFolder, {
        onPlanned: (units) => planned.push(units),
        onUnit: () => expect.unreachable("nothing is left to run"),
        onProgress: () => expect.unreachable("nothing is left to train"),
      }),
    );
    expect([planned, again.records]).toEqual([[{ done: 3, total: 3 }], unbroken.records]);
    expect(await written(again)).toBe(result);
  });

  it("lies in a folder of its own for every pool, wherever that is kept", async () => {
    const config = tinyStudy({ sizes: { train: 1, valid: 1, test: 1 }, sampled: 1 });
    const [moved, other] = [join(place().root, "moved"), join(place().root, "other")];
    cpSync(place().poolFolder, moved, { recursive: true });
    await writeTinyPool(other, 2);
    const names: string[] = [];
    for (const poolFolder of [place().poolFolder, moved, other]) {
      const study = await runStudy(options(join(place().root, "pools"), { config, poolFolder, only: [] }));
      names.push(basename(study.place.folder));
    }
    expect(names[1]).toBe(names[0]);
    expect(names[2]).not.toBe(names[0]);
  });

  it("ends in the same bytes when it is killed and goes on, in any number of processes", async () => {
    const killedRuns = join(temporaryFolder(), "killed");
    const rng = createRng(20_265);
    const told = { ...options(killedRuns), signal: undefined };
    expect(await runKilled({ options: told, at: "sampling", number: 1 + rng.integer(sampled) })).toBe("SIGKILL");
    // Five are told by the first unit: two steps of each training, then its test. Its worker ends with the one that is killed.
    const inWorker = { ...told, workers: 1 };
    expect(await runKilled({ options: inWorker, at: "progress", number: 1 + rng.integer(5) })).toBe("SIGKILL");
    const ran: string[] = [];
    const finished = await runStudy(options(killedRuns, { workers: 2, onUnit: (unit) => ran.push(unitName(unit)) }));
    expect(ran.length).toBeGreaterThan(0);
    expect(finished.records).toEqual(unbroken.records);
    expect(await unitsHash(finished)).toBe(await unitsHash(unbroken));
    expect(await written(finished)).toBe(result);
  });

  it("says that a worker died", async () => {
    vi.stubEnv("NODE_OPTIONS", "--import=data:text/javascript,process.exit(3)");
    const runs = join(temporaryFolder(), "runs");
    const dying = runStudy(options(runs, { workers: 2, only: ["knn", "warm-up"] }));
    await expect(dying).rejects.toThrow(
      /a worker of the study ended \(exit code 3\); out of memory is the usual cause/,
    );
  });

  it("logs that test is opened before it is played, once for a run that goes on", async () => {
    const runs = join(temporaryFolder(), "runs");
    const config = tinyStudy({ heldOut: "test", sizes: { train: 2, valid: 2, test: 2 }, sampled: 2 });
    const interruption = new AbortController();
    const seen: number[] = [];
    const common = { config, only: ["knn"] };
    const stopped = runStudy(
      options(runs, {
        ...common,
        signal: interruption.signal,
        onSampling: ({ split }) => {
          seen.push(openingsOf(runs).length);
          if (split === "test") interruption.abort(new Error("stopped by the test"));
        },
      }),
    );
    await expect(stopped).rejects.toThrow("stopped by the test");
    expect([...new Set(seen)]).toEqual([0, 1]);
    expect((await runStudy(options(runs, { ...common, time: "2026-02-01T12:00:00Z" }))).openings).toBe(1);
    expect(openingsOf(runs)).toEqual([
      expect.objectContaining({ experiment: "atlas-hop", methods: ["knn"], seeds: [1], time: "2026-01-31T12:00:00Z" }),
    ]);
    expect((await runStudy(options(runs, { ...common, seeds: [1, 2] }))).openings).toBe(2);
  });
});
