import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Disk, Killed, type KillMode, MemoryFiles } from "./memory-files.ts";
import { trainToy } from "./toy-training.ts";

const modes: readonly KillMode[] = ["before", "torn", "after"];

/** Processes of a machine in which only the one asking lives; with `samePid`, as in a container, all have one id. */
function processes(samePid: boolean) {
  let last = 1;
  return () => {
    const pid = samePid ? 1 : last++;
    return { pid, isAlive: (asked: number) => asked === pid };
  };
}

async function unbroken(): Promise<{ content: Record<string, string>; operations: number; log: string[] }> {
  const disk = new Disk();
  const files = new MemoryFiles(disk);
  await trainToy("/runs/toy", files, { pid: 1, isAlive: () => true });
  return { content: disk.content(), operations: files.operations, log: files.log };
}

/** Runs under the kills one after the other, then to the end. */
async function withKills(kills: readonly { at: number; mode: KillMode }[], samePid = false): Promise<Disk> {
  const disk = new Disk();
  const next = processes(samePid);
  for (const { at, mode } of kills) {
    const files = new MemoryFiles(disk, at, mode);
    await trainToy("/runs/toy", files, next()).catch((error: unknown) => {
      const killed = error instanceof Killed || (error instanceof Error && error.cause instanceof Killed);
      if (!killed && !files.killed) throw error;
    });
  }
  await trainToy("/runs/toy", new MemoryFiles(disk), next());
  return disk;
}

describe("a run killed and resumed", () => {
  it("writes what the unbroken run is expected to write", async () => {
    const { content, operations } = await unbroken();
    expect(Object.keys(content)).toEqual([
      "/runs/toy/checkpoint/latest",
      "/runs/toy/checkpoint/step-000015/model.bin",
      "/runs/toy/checkpoint/step-000015/state.json",
      "/runs/toy/checkpoint/step-000020/model.bin",
      "/runs/toy/checkpoint/step-000020/state.json",
      "/runs/toy/config.json",
      "/runs/toy/manifest.json",
      "/runs/toy/metrics.jsonl",
      "/runs/toy/notes/half.txt",
      "/runs/toy/report.html",
      "/runs/toy/result.json",
    ]);
    expect(content["/runs/toy/metrics.jsonl"]?.trimEnd().split("\n")).toHaveLength(23);
    expect(operations).toBeGreaterThan(60);
  });

  it.each(modes)("ends in the same bytes for a kill %s every single operation", async (mode) => {
    const { content, operations } = await unbroken();
    for (let at = 1; at <= operations; at += 1) {
      const disk = await withKills([{ at, mode }]);
      expect(disk.content(), `killed ${mode} operation ${at}`).toEqual(content);
      expect(disk.files.has("/runs/toy/lock"), `lock after operation ${at}`).toBe(false);
    }
  });

  it("ends in the same bytes after several kills, also where every process has the same id", async () => {
    const { content, operations } = await unbroken();
    const kill = fc.record({ at: fc.integer({ min: 1, max: operations }), mode: fc.constantFrom(...modes) });
    await fc.assert(
      fc.asyncProperty(fc.array(kill, { minLength: 2, maxLength: 6 }), fc.boolean(), async (kills, samePid) => {
        expect((await withKills(kills, samePid)).content()).toEqual(content);
      }),
      { seed: 20_250, numRuns: 150 },
    );
  });

  it("really loses its place in these tests: without resuming, a torn write differs", async () => {
    const { content } = await unbroken();
    const disk = new Disk();
    const files = new MemoryFiles(disk, 30, "torn");
    await expect(trainToy("/runs/toy", files, { pid: 1, isAlive: () => true })).rejects.toThrow();
    expect(disk.content()).not.toEqual(content);
  });
});
