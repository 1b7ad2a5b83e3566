import { appendOpening, type Opening, readOpenings } from "@haps/run";
import { DataError } from "@haps/spec";
import { describe, expect, it } from "vitest";
import { Disk, MemoryFiles } from "./memory-files.ts";

const path = "/runs/openings.jsonl";
const opening: Opening = {
  experiment: "prompt-routing",
  commit: null,
  configHash: "c1",
  dataHash: "d1",
  time: "2026-01-31T12:00:00.000Z",
  methods: ["haps", "flat"],
};

describe("appendOpening", () => {
  it("counts the openings of the experiment on the data and keeps further facts", async () => {
    const files = new MemoryFiles(new Disk());
    const append = (more: object) => appendOpening(path, { ...opening, ...more }, { files });
    expect(await append({ seeds: [0, 1] })).toBe(1);
    expect(await append({ experiment: "nine-models" })).toBe(1);
    expect(await append({ dataHash: "d2" })).toBe(1);
    expect(await append({ configHash: "c2" })).toBe(2);
    const { openings, tornLines } = await readOpenings(path, { files });
    expect(tornLines).toBe(0);
    expect(openings).toHaveLength(4);
    expect(openings[0]).toEqual({ schemaVersion: 1, ...opening, seeds: [0, 1] });
  });

  it("only ever adds bytes, also after a torn line", async () => {
    const disk = new Disk();
    for (const mode of ["before", "torn", "after"] as const) {
      await appendOpening(path, opening, { files: new MemoryFiles(disk) });
      const before = Buffer.from(disk.files.get(path) as Uint8Array).toString();
      await expect(appendOpening(path, opening, { files: new MemoryFiles(disk, 2, mode) })).rejects.toThrow();
      const torn = Buffer.from(disk.files.get(path) as Uint8Array).toString();
      expect(torn.startsWith(before)).toBe(true);
      await appendOpening(path, opening, { files: new MemoryFiles(disk) });
      expect(
        Buffer.from(disk.files.get(path) as Uint8Array)
          .toString()
          .startsWith(torn),
      ).toBe(true);
    }
    const log = await readOpenings(path, { files: new MemoryFiles(disk) });
    // Two whole lines per round, and the one that was killed after it was written.
    expect(log.openings).toHaveLength(7);
    expect(log.tornLines).toBe(1);
  });

  it("refuses an opening that lacks something", async () => {
    const files = new MemoryFiles(new Disk());
    await expect(appendOpening(path, { ...opening, methods: [] }, { files })).rejects.toMatchObject({ code: "config" });
    await expect(appendOpening(path, { ...opening, time: "yesterday" }, { files })).rejects.toThrow(/time/);
    expect(await readOpenings(path, { files })).toEqual({ openings: [], tornLines: 0 });
  });

  it("refuses a log that holds something else, naming the line", async () => {
    const disk = new Disk();
    const files = new MemoryFiles(disk);
    await appendOpening(path, opening, { files });
    await files.append(path, new TextEncoder().encode('{"schemaVersion":1,"experiment":""}\n'));
    await expect(readOpenings(path, { files })).rejects.toThrow(DataError);
    await expect(readOpenings(path, { files })).rejects.toMatchObject({
      location: { file: path, line: 2, field: "experiment" },
    });
  });
});
