import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readTextLines } from "../src/read-text-lines.ts"; // internal
import { collect, dataErrorOf, scratchFiles } from "./scratch-files.ts";

const files = scratchFiles();
const texts = async (path: string): Promise<readonly string[]> =>
  (await collect(readTextLines(path))).map(({ text }) => text);

describe("readTextLines", () => {
  it("ends lines at line feeds only, so U+2028, U+2029, U+0085 and lone carriage returns are text", async () => {
    const line = "a\u2028b\u2029c\u0085d\re\vf\fg";
    expect(await texts(files.write("separators.txt", `${line}\nsecond\n`))).toEqual([line, "second"]);
  });

  it("reads gzip by its first bytes, whatever the name, and files of several gzip members", async () => {
    const bytes = Buffer.concat([gzipSync("one\ntw"), gzipSync("o\nthree\n")]);
    expect(await texts(files.write("members.txt", bytes))).toEqual(["one", "two", "three"]);
    expect(await texts(files.write("plain.gz", "not zipped\n"))).toEqual(["not zipped"]);
  });

  it("removes a byte order mark and keeps one that stands later", async () => {
    expect(await texts(files.write("bom.txt", "\uFEFFa\n\uFEFFb\n"))).toEqual(["a", "\uFEFFb"]);
  });

  it("joins lines and characters that fall on several chunks", async () => {
    const long = "añ€😀".repeat(60_000);
    const lines = await collect(readTextLines(files.write("long.txt", `x${long}\ny\n${long}`)));
    expect(lines.map(({ text }) => text === `x${long}` || text === "y" || text === long)).toEqual([true, true, true]);
    expect(lines.map(({ number, terminated }) => [number, terminated])).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ]);
  });

  it("numbers blank lines too", async () => {
    expect(await texts(files.write("blank.txt", "a\n\n\nb"))).toEqual(["a", "", "", "b"]);
  });

  it("can be left early", async () => {
    const path = files.write("early.txt.gz", gzipSync("a\n".repeat(100_000)));
    for await (const { text } of readTextLines(path)) {
      expect(text).toBe("a");
      break;
    }
  });

  const whole = gzipSync(`${"line of text, ".repeat(2_000)}\n`.repeat(40), { level: 0 });
  const bad: readonly (readonly [name: string, content: string | Buffer, line: number | undefined, message: RegExp])[] =
    [
      ["empty.txt", "", undefined, /the file is empty; expected at least one record/],
      ["empty.gz", gzipSync(""), undefined, /the file is empty/],
      [
        "truncated.gz",
        whole.subarray(0, whole.length / 2),
        20,
        /the gzip data ends early, after 19 whole lines; fetch or write/,
      ],
      ["header-only.gz", whole.subarray(0, 5), 1, /the gzip data ends early, after 0 whole lines/],
      ["damaged.gz", Buffer.concat([whole.subarray(0, -8), Buffer.alloc(8, 1)]), 40, /the gzip data is damaged/],
      ["utf16.txt", Buffer.from("\uFEFFabc\n", "utf16le"), 1, /the file is UTF-16; save it as UTF-8/],
      ["latin1.txt", Buffer.from("fine\ncafé\n", "latin1"), 2, /not valid UTF-8; save the file as UTF-8/],
      [
        "huge.gz",
        gzipSync(Buffer.alloc(65 * 1024 * 1024, "a"), { level: 1 }),
        1,
        /more than 67108864 bytes; write one record per line/,
      ],
    ];
  it.each(bad)("refuses %s", async (name, content, line, message) => {
    const path = files.write(name, content);
    const error = await dataErrorOf(collect(readTextLines(path)));
    expect(error.message).toMatch(message);
    expect([error.location.file, error.location.line]).toEqual([path, line]);
  });

  it("says when there is no such file, or a folder in its place", async () => {
    expect((await dataErrorOf(texts(`${files.folder}/absent`))).message).toMatch(/no such file; check the path/);
    expect((await dataErrorOf(texts(files.folder))).message).toMatch(/this is a folder; name a file inside it/);
  });
});
