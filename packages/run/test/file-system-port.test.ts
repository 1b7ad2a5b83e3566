import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type FileSystemPort, hashFolder, nodeFiles, nodeProcess, writeFileAtomic } from "@haps/run";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Disk, MemoryFiles } from "./memory-files.ts";

let real = "";
beforeAll(async () => {
  real = await mkdtemp(`${tmpdir()}/haps-files-`);
});
afterAll(() => rm(real, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const systems: readonly (readonly [string, () => { files: FileSystemPort; base: string }])[] = [
  ["the disk", () => ({ files: nodeFiles, base: real })],
  ["the memory of these tests", () => ({ files: new MemoryFiles(new Disk()), base: "/base" })],
];

describe.each(systems)("files on %s", (_, create) => {
  const start = async (name: string) => {
    const { files, base } = create();
    const folder = `${base}/${name}`;
    await files.makeFolder(folder);
    const text = async (path: string) => {
      const found = await files.read(path);
      return found === null ? null : new TextDecoder().decode(found);
    };
    return { files, folder, text };
  };

  it("write, append, truncate and read", async () => {
    const { files, folder, text } = await start("content");
    expect(await files.read(`${folder}/a`)).toBeNull();
    await files.write(`${folder}/a`, bytes("one"));
    await files.append(`${folder}/a`, bytes("two"));
    await files.append(`${folder}/b`, bytes("new"));
    await files.truncate(`${folder}/a`, 4);
    await files.sync(`${folder}/a`);
    await files.sync(folder);
    expect([await text(`${folder}/a`), await text(`${folder}/b`)]).toEqual(["onet", "new"]);
    await expect(files.write(`${folder}/missing/a`, bytes("x"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("rename files over others and folders to free names only", async () => {
    const { files, folder, text } = await start("names");
    await files.write(`${folder}/a`, bytes("new"));
    await files.write(`${folder}/b`, bytes("old"));
    await files.rename(`${folder}/a`, `${folder}/b`);
    expect([await text(`${folder}/a`), await text(`${folder}/b`)]).toEqual([null, "new"]);
    for (const name of ["from", "taken"]) {
      await files.makeFolder(`${folder}/${name}`);
      await files.write(`${folder}/${name}/x`, bytes(name));
    }
    await expect(files.rename(`${folder}/from`, `${folder}/taken`)).rejects.toMatchObject({ code: "ENOTEMPTY" });
    await files.rename(`${folder}/from`, `${folder}/free`);
    expect(await text(`${folder}/free/x`)).toBe("from");
  });

  it("list sorted names, and remove what is there or not", async () => {
    const { files, folder } = await start("lists");
    await files.makeFolder(`${folder}/b`);
    await files.write(`${folder}/b/inside`, bytes("x"));
    await files.write(`${folder}/a`, bytes("x"));
    expect(await files.list(folder)).toEqual([
      { name: "a", kind: "file" },
      { name: "b", kind: "folder" },
    ]);
    await files.remove(`${folder}/b`);
    await files.remove(`${folder}/never`);
    expect(await files.list(folder)).toEqual([{ name: "a", kind: "file" }]);
    expect(await files.list(`${folder}/b`)).toBeNull();
  });

  it("create a name once, however many try", async () => {
    const { files, folder, text } = await start("exclusive");
    const tries = await Promise.all(
      ["1", "2", "3"].map((content) => files.createExclusive(`${folder}/lock`, bytes(content))),
    );
    expect(tries.filter((created) => created)).toHaveLength(1);
    expect(await files.createExclusive(`${folder}/lock`, bytes("late"))).toBe(false);
    expect(await text(`${folder}/lock`)).toMatch(/^[123]$/);
    expect((await files.list(folder))?.map(({ name }) => name)).toEqual(["lock"]);
  });

  it("write atomically, leaving nothing beside the file", async () => {
    const { files, folder, text } = await start("atomic");
    await writeFileAtomic(files, `${folder}/a`, bytes("one"));
    await writeFileAtomic(files, `${folder}/a`, bytes("two"));
    expect(await text(`${folder}/a`)).toBe("two");
    expect(await files.list(folder)).toHaveLength(1);
  });

  it("hash to a value that depends on names and bytes, not on the order of writing, locks or timings", async () => {
    const { files, folder } = await start("hash");
    const fill = async (name: string, content: readonly (readonly [string, string])[]) => {
      await files.makeFolder(`${folder}/${name}/deep`);
      for (const [path, text] of content) await files.write(`${folder}/${name}/${path}`, bytes(text));
      return hashFolder(`${folder}/${name}`, { files });
    };
    const expected = await fill("one", [
      ["a", "1"],
      ["deep/b", "2"],
    ]);
    expect(
      await fill("same", [
        ["deep/b", "2"],
        ["a", "1"],
        ["lock", "7"],
        ["timings.jsonl", "{}"],
      ]),
    ).toBe(expected);
    expect(
      await fill("renamed", [
        ["c", "1"],
        ["deep/b", "2"],
      ]),
    ).not.toBe(expected);
    expect(
      await fill("changed", [
        ["a", "1"],
        ["deep/b", "3"],
      ]),
    ).not.toBe(expected);
    expect(
      await fill("moved", [
        ["a", "12"],
        ["deep/b", ""],
      ]),
    ).not.toBe(expected);
    expect(await hashFolder(`${folder}/one`, { files, exclude: ["a"] })).not.toBe(expected);
  });
});

describe("nodeProcess", () => {
  it("knows itself to live and a number beyond all processes not to", () => {
    expect(nodeProcess.isAlive(process.pid)).toBe(true);
    expect(nodeProcess.isAlive(2 ** 30)).toBe(false);
  });
});
