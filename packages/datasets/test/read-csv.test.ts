import { type CsvRow, readCsv } from "@haps/datasets";
import { describe, expect, it } from "vitest";
import { collect, dataErrorOf, scratchFiles } from "./scratch-files.ts";

const files = scratchFiles();
const rowsOf = async (text: string, columns: readonly string[] = []): Promise<readonly CsvRow[]> =>
  collect(readCsv(files.write("table.csv", text), { columns }));

describe("readCsv", () => {
  it("reads quotes, commas, line ends and doubled quotes inside fields", async () => {
    const rows = await rowsOf('id,text\n1,"a, ""b""\nc"\n2," d "\n');
    expect(rows.map(({ fields }) => fields)).toEqual([
      { id: "1", text: 'a, "b"\nc' },
      { id: "2", text: " d " },
    ]);
  });

  it("names the line on which a record begins, after line ends in fields, blank lines and carriage returns", async () => {
    for (const end of ["\n", "\r\n"]) {
      const rows = await rowsOf(["id,text", '1,"a', 'b"', "", "2,c", "", "", "3,d", ""].join(end));
      expect(rows.map(({ line, fields }) => [fields.id, line])).toEqual([
        ["1", 2],
        ["2", 5],
        ["3", 8],
      ]);
    }
  });

  it("keeps U+2028, lone carriage returns and byte order marks inside fields and drops the mark before the header", async () => {
    const rows = await rowsOf('\uFEFFid,text\n1,"a\u2028b\rc\uFEFF"\n');
    expect(rows).toEqual([{ line: 2, fields: { id: "1", text: "a\u2028b\rc\uFEFF" } }]);
  });

  it("reads a header without records as no rows", async () => {
    expect(await rowsOf("id,text\n")).toEqual([]);
  });

  const bad: readonly (readonly [
    name: string,
    text: string,
    line: number | undefined,
    field: string | undefined,
    message: RegExp,
  ])[] = [
    [
      "a missing column",
      "id,txt\n1,a\n",
      1,
      "text",
      /the column is missing; the header has "id", "txt"; rename "txt"\?/,
    ],
    ["a missing column that nothing resembles", "id,b\n1,a\n", 1, "text", /add the column/],
    ["a column that comes twice", "text,id,id\na,1,2\n", 1, "id", /the header names it twice; rename or remove one/],
    ["a column without a name", "text,,b\na,1,2\n", 1, undefined, /column 2 of the header has no name/],
    [
      "a row with too few fields",
      "text,b\na,1\nc\n",
      3,
      undefined,
      /the record has 1 fields, the header 2; quote fields/,
    ],
    ["a row with too many fields", "text,b\na,b,c\n", 2, undefined, /the record has 3 fields/],
    [
      "a quote inside a bare field",
      'text,b\na"b,1\n',
      2,
      undefined,
      /field 1 has a quote in the middle; put the field in quotes and write quotes inside it twice: ""/,
    ],
    [
      "a quote that never ends",
      'text,b\nx,1\n"a,1\nc,2\n',
      3,
      undefined,
      /field 1 opens a quote that the file never closes; close it/,
    ],
    ["text after a closing quote", 'text,b\n"a"c,1\n', 2, undefined, /field 1 goes on after its closing quote/],
    ["an empty file", "", undefined, undefined, /the file is empty/],
    ["blank lines only", "\n\n", undefined, undefined, /the file holds only blank lines/],
  ];
  it.each(bad)("refuses %s", async (_name, text, line, field, message) => {
    const error = await dataErrorOf(rowsOf(text, ["text"]));
    expect(error.message).toMatch(message);
    expect([error.location.line, error.location.field]).toEqual([line, field]);
  });
});
