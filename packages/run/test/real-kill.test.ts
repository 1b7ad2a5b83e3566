import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { hashFolder, nodeFiles } from "@haps/run";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diskFull, failingFiles } from "./failing-files.ts";
import { trainToy } from "./toy-training.ts";

const root = resolve(import.meta.dirname, "../../..");
let base = "";
beforeAll(async () => {
  base = await mkdtemp(`${tmpdir()}/haps-run-`);
});
afterAll(() => rm(base, { recursive: true, force: true }));

function startChild(...args: readonly string[]): ChildProcess {
  const script = resolve(import.meta.dirname, "killed-training.ts");
  const execArgv = ["--conditions=@haps/source", "--import", "tsx"];
  return fork(script, args, { cwd: root, execArgv, stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

/** Waits until a child ends or is killed; tells by which signal. */
function ended(child: ChildProcess): Promise<NodeJS.Signals | null> {
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("exit", (_, signal) => done(signal));
  });
}

describe("a run on the real disk", () => {
  it("killed by SIGKILL and resumed ends in the same bytes as an unbroken one", async () => {
    const counted = failingFiles(nodeFiles, Number.POSITIVE_INFINITY, diskFull);
    await trainToy(`${base}/unbroken`, counted);
    const expected = await hashFolder(`${base}/unbroken`);
    const last = counted.operations();
    // Seeded points over the whole run, every second one with a torn write.
    const points = Array.from(
      { length: 6 },
      (_, index) => Math.ceil((last * (index + ((index * 0.618) % 1))) / 6) || 1,
    );
    const killAndResume = async (at: number, index: number): Promise<void> => {
      const folder = `${base}/killed-${index}`;
      expect(await ended(startChild(folder, String(at), index % 2 === 0 ? "torn" : "before"))).toBe("SIGKILL");
      await trainToy(folder);
      expect(await hashFolder(folder), `killed at operation ${at}`).toBe(expected);
      expect((await readdir(folder)).filter((name) => /lock|tmp/.test(name))).toEqual([]);
    };
    for (let index = 0; index < points.length; index += 2) {
      await Promise.all([index, index + 1].map((place) => killAndResume(points[place] as number, place)));
    }
  });

  it("is kept from other processes while its own lives, and free when that is killed", async () => {
    const folder = `${base}/held`;
    const child = startChild(folder, "30", "hold");
    const end = ended(child);
    try {
      await Promise.race([once(child, "message"), end]);
      await expect(trainToy(folder)).rejects.toMatchObject({ code: "state", facts: { pid: child.pid } });
    } finally {
      child.kill("SIGKILL");
    }
    expect(await end).toBe("SIGKILL");
    await trainToy(folder);
  });

  it("finds what a full disk left and ends in the same bytes", async () => {
    await trainToy(`${base}/whole`);
    for (const at of [9, 24, 41]) {
      const folder = `${base}/full-${at}`;
      await expect(trainToy(folder, failingFiles(nodeFiles, at, diskFull))).rejects.toThrow(/ENOSPC/);
      await trainToy(folder);
      expect(await hashFolder(folder)).toBe(await hashFolder(`${base}/whole`));
    }
  });
});
