import { openRun, type ProcessPort, type Run } from "@haps/run";
import { describe, expect, it } from "vitest";
import { Disk, MemoryFiles } from "./memory-files.ts";
import { toyConfig, toyManifest } from "./toy-training.ts";

const folder = "/runs/toy";
const open = (disk: Disk, more: object = {}): Promise<Run> =>
  openRun({
    folder,
    config: toyConfig,
    manifest: toyManifest,
    files: new MemoryFiles(disk),
    process: disk.process,
    ...more,
  });

describe("the lock of a run folder", () => {
  const other: ProcessPort = { pid: 8, isAlive: (pid) => pid === 7 || pid === 8 };

  it("keeps out another process while the first lives, and lets it in afterwards", async () => {
    const disk = new Disk();
    const run = await open(disk);
    await expect(open(disk, { process: other })).rejects.toMatchObject({ code: "state", facts: { folder, pid: 7 } });
    await run.appendMetric({ step: 1 });
    await run.close();
    const next = await open(disk, { process: other });
    expect(next.resumed).toBe(true);
    await next.close();
  });

  it("keeps out the same process, also under another spelling of the folder", async () => {
    const disk = new Disk();
    const run = await open(disk);
    await expect(open(disk)).rejects.toMatchObject({ code: "state" });
    await expect(open(disk, { folder: "/runs/./toy" })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[HapsError: openRun: /runs/./toy is in use by process 7; expected a free run folder; wait for it to end, or delete /runs/./toy/lock if it is not a run of this toolkit]`,
    );
    await run.close();
  });

  it("lets in one of several that open at the same moment", async () => {
    const disk = new Disk();
    const opened = await Promise.allSettled([open(disk), open(disk), open(disk)]);
    expect(opened.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const ports = [11, 12, 13].map((pid) => ({ pid, isAlive: () => true }));
    const elsewhere = new Disk();
    const raced = await Promise.allSettled(ports.map((process) => open(elsewhere, { process })));
    expect(raced.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("is taken over from a process that is gone, and from one that died while writing it", async () => {
    for (const left of ['{"pid":999}\n', '{"pi', "", '{"pid":"x"}']) {
      const disk = new Disk();
      await (await open(disk)).close();
      disk.files.set(`${folder}/lock`, new TextEncoder().encode(left));
      const run = await open(disk);
      expect(new TextDecoder().decode(disk.files.get(`${folder}/lock`))).toBe('{"pid":7}\n');
      await run.close();
      expect([...disk.files.keys()].filter((path) => path.includes("lock"))).toEqual([]);
    }
  });

  it("is taken over from an earlier process of the same number, as in containers", async () => {
    const disk = new Disk();
    await open(disk, { process: { pid: 1, isAlive: () => true } });
    const run = await open(disk, { process: { pid: 1, isAlive: () => true } });
    expect(run.resumed).toBe(true);
  });

  it("is given back after a refusal", async () => {
    const disk = new Disk();
    await (await open(disk)).close();
    await expect(open(disk, { config: { seed: 4 } })).rejects.toMatchObject({ code: "config" });
    expect(disk.files.has(`${folder}/lock`)).toBe(false);
    await (await open(disk)).close();
  });
});

describe("openRun", () => {
  it("refuses another configuration and says what differs", async () => {
    const disk = new Disk();
    await (await open(disk)).close();
    const changed = { ...toyConfig, steps: undefined, optimiser: { name: "toy", rate: 0.2, decay: {} }, layers: [1] };
    await expect(open(disk, { config: changed })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[HapsError: openRun: /runs/toy/config.json is of another configuration: layers: (absent) is now [1], optimiser.decay: (absent) is now {}, optimiser.rate: 0.1 is now 0.2, steps: 23 is now (absent); expected the same; use another folder, or undo the change to resume]`,
    );
    await expect(open(disk, { config: changed })).rejects.toMatchObject({
      facts: {
        differences: [
          { path: "layers", before: undefined, after: [1] },
          { path: "optimiser.decay", before: undefined, after: {} },
          { path: "optimiser.rate", before: 0.1, after: 0.2 },
          { path: "steps", before: 23, after: undefined },
        ],
      },
    });
  });

  it("refuses another manifest, because the bytes would differ", async () => {
    const disk = new Disk();
    await (await open(disk)).close();
    await expect(open(disk, { manifest: { ...toyManifest, backend: "wasm" } })).rejects.toThrow(
      /backend: "none" is now "wasm"/,
    );
    await expect(open(disk, { manifest: { ...toyManifest, dataHash: null } })).rejects.toThrow(/dataHash/);
    await expect(open(disk, { manifest: { ...toyManifest, host: "here" } })).rejects.toThrow(/unknown key "host"/);
  });

  it("resumes configurations with empty lists and records, in any order of keys", async () => {
    const disk = new Disk();
    const config = { names: [], options: {}, deep: [{ empty: [] }], a: 1 };
    await (await open(disk, { config })).close();
    const { a, ...rest } = config;
    const run = await open(disk, { config: { a, ...structuredClone(rest) } });
    expect(run.resumed).toBe(true);
  });

  it("refuses a folder that holds something else, and keeps it as it is", async () => {
    const disk = new Disk();
    disk.folders.add(folder);
    disk.files.set(`${folder}/thesis.tex`, Uint8Array.of(1));
    await expect(open(disk)).rejects.toThrow(/it holds "thesis\.tex" but no config\.json/);
    expect([...disk.files.keys()]).toEqual([`${folder}/thesis.tex`]);
  });

  it("refuses a damaged config.json, and a number without a JSON form", async () => {
    const disk = new Disk();
    await (await open(disk)).close();
    disk.files.set(`${folder}/config.json`, Uint8Array.of(123));
    await expect(open(disk)).rejects.toMatchObject({ code: "data" });
    await expect(open(new Disk(), { config: { rate: Number.NaN } })).rejects.toMatchObject({ code: "non-finite" });
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses to keep %d checkpoints", async (keepCheckpoints) => {
    await expect(open(new Disk(), { keepCheckpoints })).rejects.toMatchObject({ code: "config" });
  });

  it("gives the result to whoever opens a complete run, and takes no more steps", async () => {
    const disk = new Disk();
    const run = await open(disk);
    expect(run.result).toBeUndefined();
    await run.finish({ score: 0.5 });
    await expect(run.finish({ score: 0.6 })).rejects.toThrow(/complete/);
    await run.close();
    const again = await open(disk);
    expect(again.result).toEqual({ score: 0.5 });
    await expect(again.appendMetric({ step: 1 })).rejects.toMatchObject({ code: "state" });
    await again.writeFile("report.html", Uint8Array.of(1));
    await again.close();
  });
});

describe("an open run", () => {
  const withRun = async (use: (run: Run, disk: Disk) => Promise<void>): Promise<void> => {
    const disk = new Disk();
    const run = await open(disk);
    await use(run, disk);
    await run.close();
  };

  it("carries out calls in the order made, without waiting in between", () =>
    withRun(async (run, disk) => {
      const calls = Array.from({ length: 20 }, (_, step) => run.appendMetric({ step }));
      await Promise.all(calls);
      const lines = new TextDecoder()
        .decode(disk.files.get(`${folder}/metrics.jsonl`))
        .trim()
        .split("\n");
      expect(lines.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual(
        Array.from({ length: 20 }, (_, step) => step),
      );
    }));

  it("refuses a metric without a JSON form and goes on", () =>
    withRun(async (run) => {
      await expect(run.appendMetric({ loss: Number.NaN })).rejects.toMatchObject({ code: "non-finite" });
      await run.appendMetric({ loss: 1 });
    }));

  it("refuses checkpoints that do not go forward or have no proper files, and goes on", () =>
    withRun(async (run) => {
      const files = { "state.json": Uint8Array.of(1) };
      await run.saveCheckpoint(3, files);
      await expect(run.saveCheckpoint(3, files)).rejects.toMatchObject({
        code: "state",
        facts: { step: 3, latest: 3 },
      });
      await expect(run.saveCheckpoint(2.5, files)).rejects.toMatchObject({ code: "config" });
      await expect(run.saveCheckpoint(4, {})).rejects.toThrow(/no file to save/);
      for (const name of ["../escape", "a/b", ".hidden", "x.tmp", ""]) {
        await expect(run.saveCheckpoint(4, { [name]: Uint8Array.of(1) })).rejects.toThrow(/no file name/);
      }
      await run.saveCheckpoint(4, files);
    }));

  it("keeps files of its own and no others", () =>
    withRun(async (run) => {
      await run.writeFile("jobs/one.json", Uint8Array.of(5));
      expect(await run.readFile("jobs/one.json")).toEqual(Uint8Array.of(5));
      expect(await run.readFile("jobs/two.json")).toBeNull();
      for (const path of [
        "../out",
        "/etc/passwd",
        "config.json",
        "lock",
        "checkpoint/latest",
        "a//b",
        "a/../b",
        "x.tmp",
        "",
      ]) {
        await expect(run.writeFile(path, Uint8Array.of(1)), path).rejects.toMatchObject({
          code: "config",
          facts: { path },
        });
        await expect(run.readFile(path), path).rejects.toMatchObject({ code: "config" });
      }
    }));

  it("can be closed twice and refuses calls afterwards", async () => {
    const run = await open(new Disk());
    const pending = run.appendMetric({ step: 1 });
    await Promise.all([run.close(), run.close()]);
    await pending;
    await expect(run.appendMetric({ step: 2 })).rejects.toMatchObject({ code: "disposed" });
  });
});

describe("a fresh start", () => {
  const fresh = { isOwn: () => true, names: ["router"] };

  async function finishedRun(disk: Disk): Promise<void> {
    const run = await open(disk);
    await run.appendMetric({ step: 1 });
    await run.saveCheckpoint(1, { state: Uint8Array.of(1) });
    await run.writeFile("router/model", Uint8Array.of(2));
    await run.finish({});
    await run.close();
    disk.files.set(`${folder}/notes.txt`, Uint8Array.of(3));
  }

  it("forgets the run, also one of another configuration, and nothing that is not its own", async () => {
    const disk = new Disk();
    await finishedRun(disk);
    const run = await open(disk, { fresh, config: { other: true } });
    expect(run.checkpoint).toBeNull();
    expect(run.result).toBeUndefined();
    await run.close();
    expect([...disk.files.keys()].map((path) => path.slice(folder.length + 1)).sort()).toEqual([
      "config.json",
      "manifest.json",
      "metrics.jsonl",
      "notes.txt",
    ]);
    expect(disk.files.get(`${folder}/metrics.jsonl`)).toHaveLength(0);
  });

  it("removes nothing where a living process has the folder open", async () => {
    const disk = new Disk();
    await finishedRun(disk);
    const run = await open(disk);
    const before = disk.content();
    const other: ProcessPort = { pid: 8, isAlive: (pid) => pid === 7 || pid === 8 };
    await expect(open(disk, { fresh, process: other })).rejects.toMatchObject({ code: "state", facts: { pid: 7 } });
    expect(disk.content()).toEqual(before);
    await run.close();
  });

  it.each([
    ["isOwn refuses", { ...fresh, isOwn: () => false }, undefined],
    ["a manifest is not a run's", fresh, "{}"],
  ])("removes nothing where %s", async (_, start, manifest) => {
    const disk = new Disk();
    await finishedRun(disk);
    if (manifest !== undefined) disk.files.set(`${folder}/manifest.json`, new TextEncoder().encode(manifest));
    const before = disk.content();
    await expect(open(disk, { fresh: start })).rejects.toMatchObject({ code: "state", facts: { folder } });
    expect(disk.content()).toEqual(before);
  });
});
