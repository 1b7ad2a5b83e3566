import { describe, expect, it } from "vitest";
import { printJson } from "../src/commands/json-output.ts";
import { formatCost, formatDifference, formatDuration, formatScore } from "../src/terminal/format-number.ts";
import { createColours, wantsColours } from "../src/terminal/terminal.ts";
import { textTable, visibleWidth, wrapText } from "../src/terminal/text-table.ts";
import { visibleText } from "../src/terminal/visible-text.ts";

describe("wantsColours", () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
    [false, { FORCE_COLOR: "1" }, true],
    [true, { FORCE_COLOR: "0" }, false],
    [true, { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
  ])("terminal %s with %j gives %s", (isTTY, env, expected) => {
    expect(wantsColours({ isTTY }, env)).toBe(expected);
  });
});

describe("visibleText", () => {
  it("writes out whatever may steer a terminal, and nothing else", () => {
    expect(visibleText("\u001b[2Ja\u0007\rb\u007f\u009b1m\u0000")).toBe("\\x1b[2Ja\\x07\\x0db\\x7f\\x9b1m\\x00");
    const harmless = "tab\tand\nnewline, \u00a0 é 橋 👍🏽 \\x1b";
    expect(visibleText(harmless)).toBe(harmless);
  });
});

describe("printJson", () => {
  it("writes a value without control characters, which reads as the same value", () => {
    const value = { text: "\u001b[2J\u009b1m\u007f\tend é", list: [1] };
    let out = "";
    printJson({ out: (text) => (out += text) }, value);
    expect(out).not.toMatch(/[^\P{Cc}\n]/u);
    expect(JSON.parse(out)).toEqual(value);
  });
});

describe("textTable", () => {
  it("aligns columns by what is seen, not by the bytes of colours", () => {
    const colours = createColours(true);
    const columns = [{ title: "name" }, { title: "n", align: "right" as const }];
    const lines = textTable(
      columns,
      [
        [colours.bold("a"), "10"],
        ["long name", "9"],
      ],
      colours,
    ).split("\n");
    expect(lines.slice(1, 3).map(visibleWidth)).toEqual([13, 13]);
    expect(lines[2]).toBe("long name   9");
  });
});

describe("wrapText", () => {
  it("breaks at spaces and leaves longer words whole", () => {
    expect(wrapText("one two three verylongword", 8, "> ")).toBe("> one\n> two\n> three\n> verylongword\n");
  });
});

describe("numbers for people", () => {
  it("have signs, dashes for nothing, and units", () => {
    expect([formatDifference(0.0213), formatDifference(-0.001), formatDifference(-1e-9)]).toEqual([
      "+0.0213",
      "−0.0010",
      "±0.0000",
    ]);
    expect([formatScore(null), formatScore(0.5), formatCost(0.00093784), formatCost(0)]).toEqual([
      "–",
      "0.5000",
      "0.0009378",
      "0",
    ]);
    expect([formatDuration(8_240), formatDuration(185_000)]).toEqual(["8.2 s", "3 min 05 s"]);
  });
});
