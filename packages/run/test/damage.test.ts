import { openRun, type RunEvent } from "@haps/run";
import { describe, expect, it } from "vitest";
import { diskFull, failingFiles } from "./failing-files.ts";
import { Disk, MemoryFiles } from "./memory-files.ts";
import { toyConfig, toyManifest, trainToy } from "./toy-training.ts";

const folder = "/runs/toy";
const open = (disk: Disk, more: object = {}) =>
  openRun({
    folder,
    config: toyConfig,
    manifest: toyManifest,
    files: new MemoryFiles(disk),
    keepCheckpoints: 2,
    ...more,
  });

async function finished(): Promise<Disk> {
  const disk = new Disk();
  await trainToy(folder, new MemoryFiles(disk), disk.process);
  return disk;
}

/** A run that was killed after its checkpoint of step 20; that of step 15 is kept too unless `keep` is 1. */
async function interrupted(keep = 2): Promise<Disk> {
  const disk = new Disk();
  const log = new MemoryFiles(new Disk());
  await trainToy(folder, log, log.disk.process, keep);
  const after = log.log.lastIndexOf(`append ${folder}/metrics.jsonl`);
  const gone = { pid: 99, isAlive: () => true };
  await trainToy(folder, new MemoryFiles(disk, after), gone, keep).catch(() => undefined);
  return disk;
}

const damages: readonly (readonly [string, (disk: Disk, path: string) => void])[] = [
  ["truncated", (disk, path) => disk.files.set(path, (disk.files.get(path) as Uint8Array).slice(0, 20))],
  ["changed", (disk, path) => (disk.files.get(path) as Uint8Array).set([99], 3)],
  ["missing", (disk, path) => disk.files.delete(path)],
];

describe("a damaged checkpoint", () => {
  const model = `${folder}/checkpoint/step-000020/model.bin`;

  it.each(damages)(
    "that is %s makes the run resume from the one before, with a warning, into the same bytes",
    async (_, damage) => {
      const disk = await interrupted();
      damage(disk, model);
      const events: RunEvent[] = [];
      const run = await open(disk, { onEvent: (event: RunEvent) => events.push(event) });
      expect(run.checkpoint?.step).toBe(15);
      expect(events).toEqual([
        {
          type: "warning",
          code: "checkpoint-damaged",
          message: expect.stringMatching(/step-000020\/model\.bin: .*resuming from step-000015/),
        },
      ]);
      await run.close();
      await trainToy(folder, new MemoryFiles(disk), disk.process);
      expect(disk.content()).toEqual((await finished()).content());
    },
  );

  it.each(damages)("that is %s is refused where no other is kept, and nothing is touched", async (_, damage) => {
    const disk = await interrupted(1);
    damage(disk, model);
    const before = disk.content();
    await expect(open(disk, { keepCheckpoints: 1 })).rejects.toMatchObject({ code: "data", location: { file: model } });
    expect(disk.content()).toEqual(before);
    expect(disk.files.has(`${folder}/lock`)).toBe(false);
  });

  it("is refused in a complete run, which would not write it again", async () => {
    const disk = await finished();
    damages[0]?.[1](disk, model);
    await expect(open(disk)).rejects.toThrow(/its bytes are not those that were saved/);
  });

  it("is refused when all are damaged, naming the newest", async () => {
    const disk = await interrupted();
    for (const step of ["step-000015", "step-000020"]) disk.files.delete(`${folder}/checkpoint/${step}/state.json`);
    await expect(open(disk)).rejects.toMatchObject({
      location: { file: `${folder}/checkpoint/step-000020/state.json` },
    });
  });

  it("whose pointer cannot be read is refused", async () => {
    const disk = await interrupted();
    disk.files.set(`${folder}/checkpoint/latest`, new TextEncoder().encode("{"));
    await expect(open(disk)).rejects.toMatchObject({ code: "data", location: { file: `${folder}/checkpoint/latest` } });
    disk.files.set(`${folder}/checkpoint/latest`, new TextEncoder().encode("{}"));
    await expect(open(disk)).rejects.toThrow(/latest: .*schemaVersion/);
  });

  it("with a metrics log that is too short for it is refused", async () => {
    const disk = await interrupted();
    disk.files.set(`${folder}/metrics.jsonl`, new Uint8Array(10));
    await expect(open(disk)).rejects.toThrow(/it has 10 bytes but the checkpoint was made at/);
  });
});

describe("a full disk", () => {
  it("at any write keeps the last checkpoint, says so, and after a resume ends in the same bytes", async () => {
    const whole = (await finished()).content();
    const machine = new Disk();
    const counted = failingFiles(new MemoryFiles(machine), Number.POSITIVE_INFINITY, diskFull);
    await trainToy(folder, counted, machine.process);
    for (let at = 1; at <= counted.operations(); at += 1) {
      const disk = new Disk();
      const files = failingFiles(new MemoryFiles(disk), at, diskFull);
      const error: unknown = await trainToy(folder, files, disk.process).catch((reason: unknown) => reason);
      if (error !== undefined)
        expect(error, `operation ${at}`).toMatchObject({ code: "state", cause: { code: "ENOSPC" } });
      expect(disk.files.has(`${folder}/lock`)).toBe(false);
      await trainToy(folder, new MemoryFiles(disk), disk.process);
      expect(disk.content(), `full at operation ${at}`).toEqual(whole);
    }
  });

  it("names the cause once and refuses every later call", async () => {
    const disk = new Disk();
    const files = new MemoryFiles(disk);
    await (await open(disk)).close();
    let full = false;
    const run = await open(disk, {
      files: new Proxy(files, {
        get: (target, name: keyof MemoryFiles) =>
          name === "append" && full
            ? () => diskFull({ part: async () => undefined })
            : (target[name] as () => unknown).bind(target),
      }),
    });
    await run.appendMetric({ step: 1 });
    await run.saveCheckpoint(1, { "state.json": Uint8Array.of(1) });
    full = true;
    const failed: unknown = await run.appendMetric({ step: 2 }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "state", cause: { code: "ENOSPC" } });
    expect((failed as Error).message).toMatchInlineSnapshot(
      `"appendMetric: the run in /runs/toy cannot be written (ENOSPC: no space left on device, write); the last checkpoint is kept: free disk space if that is the reason, then open the run again to resume"`,
    );
    full = false;
    await expect(run.appendMetric({ step: 2 })).rejects.toMatchObject({ code: "state", cause: { code: "ENOSPC" } });
    await expect(run.saveCheckpoint(2, { "state.json": Uint8Array.of(2) })).rejects.toThrow(/open it again/);
    await run.close();
    const again = await open(disk);
    expect(again.checkpoint?.step).toBe(1);
    await again.close();
  });
});
