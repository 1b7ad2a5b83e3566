import { describe, expect, it } from "vitest";
import { studyMarkdown } from "../../src/study/study-markdown.ts";
import type { StudyResult } from "../../src/study/study-result.ts";
import { studyTables } from "../../src/study/study-tables.ts";
import { pText, verdictText } from "../../src/study/study-words.ts";
import { summariseStudy } from "../../src/study/summarise-study.ts";
import { createColours } from "../../src/terminal/terminal.ts";
import { visibleWidth } from "../../src/terminal/text-table.ts";
import { studyConfig, studyInput } from "./study-fixture.ts";

const result = summariseStudy(studyInput());
const plain = createColours(false);
const unbroken = (text: string): string => text.replace(/\s+/g, " ");

function incomplete(): StudyResult {
  const { units, ...input } = studyInput();
  return summariseStudy({ ...input, openings: 3, units: units.filter(({ method }) => method !== "no-low") });
}

describe("studyTables", () => {
  const text = studyTables(result, plain);

  it("names the sample, the openings of test and the constructed habits beside the headline", () => {
    const lines = unbroken(text);
    expect(lines).toContain("A made-up study: 2 of 3 primary comparisons met.");
    expect(lines).toContain("240 questions of test in 120 clusters of one chain, 3 seeds, all 17 units finished");
    expect(lines).toContain("test was opened once.");
    expect(lines).toContain("Constructed habits:");
  });

  it("has a row for every method with score, interval, cost and failures", () => {
    for (const { id } of result.methods) expect(text).toMatch(new RegExp(`^${id.replaceAll("+", "\\+")} `, "m"));
    expect(text).toMatch(/^haps {2,}0\.6000 \[0\.5\d{3}, 0\.6\d{3}\] {2,}0\.1000 {2,}3 {2,}0\.6200 {2,}3 {2,}0$/m);
    expect(text).toMatch(/^class-table {2,}0\.8500 \[.*\] {2,}– {2,}2\.5 {2,}– {2,}1 {2,}0$/m);
  });

  it("says in words which primary comparisons are met and which are not", () => {
    const lines = unbroken(text);
    expect(lines).toContain(
      "Met: haps minus mlp is +0.2000 [+0.2000, +0.2000], corrected lower bound +0.2000, Holm p =",
    );
    expect(lines).toMatch(/Not met: haps minus haps-random is ±0\.0000 .*; not shown to be better\./);
    expect(lines).toContain("chosen by its mean score on valid, is mlp (0.5000).");
  });

  it("keeps sentences within 110 columns and is the same without colours", () => {
    for (const line of text.split("\n")) expect(visibleWidth(line)).toBeLessThanOrEqual(110);
    const coloured = studyTables(result, createColours(true));
    expect(coloured).not.toBe(text);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters.
    expect(coloured.replace(/\u001b\[\d+m/g, "")).toBe(text);
  });

  it("decides nothing where units are missing or questions are too few", () => {
    const open = unbroken(studyTables(incomplete(), plain));
    expect(open).toContain("nothing is decided");
    expect(open).toContain("- Open: haps minus mlp");
    expect(open).toContain("- Missing: low-level, haps minus no-low.");
    expect(open).toContain("14 of 17 units finished; test was opened 3 times.");
    expect(open).not.toMatch(/- (Not met|Met):/);
    const tiny = unbroken(studyTables(summariseStudy(studyInput({ questions: 8 })), plain));
    expect(tiny).toContain("too few questions for any test");
    expect(tiny).toContain("recorded pairs in 4, a test needs at least 10");
  });
});

describe("studyMarkdown", () => {
  const text = studyMarkdown([result, incomplete()]);

  it("is the same for the same results and holds every study with its command", () => {
    expect(studyMarkdown([result, incomplete()])).toBe(text);
    expect(text.match(/^# /gm)).toHaveLength(1);
    expect(text.match(/^## /gm)).toHaveLength(2);
    expect(text.match(/^npm run -s haps -- experiment made-up --seeds 3$/gm)).toHaveLength(2);
    expect(text.endsWith("\n")).toBe(true);
  });

  it("names the pool, its constructed habits, the openings and what the paper found", () => {
    expect(text).toContain("- `a`, constructed habits: answers one hop too early");
    expect(text).toContain("> Constructed habits:");
    expect(text).toContain("- Test was opened 3 times; whoever chose anything after the first time had seen it.");
    expect(text).toContain("the paper reports +0.0185 F1");
    const { benchmark: _, ...rest } = studyConfig();
    const choice = summariseStudy(studyInput({ config: { ...rest, benchmark: "atlas-choice" } }));
    expect(studyMarkdown([choice])).not.toContain("the paper reports");
  });

  it("gives every row of a table as many cells as its head, whatever stands in names", () => {
    const odd = { ...result, methods: result.methods.map((one) => ({ ...one, description: "a | b\nc <script>" })) };
    const page = studyMarkdown([odd]);
    expect(page).toContain("a \\| b c \\<script\\>");
    const tables = page.split("\n\n").filter((block) => block.startsWith("|"));
    expect(tables.length).toBeGreaterThan(10);
    for (const table of tables) {
      const widths = table
        .trim()
        .split("\n")
        .map((line) => line.replaceAll("\\|", "").split("|").length);
      expect(new Set(widths).size).toBe(1);
      expect(widths.length).toBeGreaterThan(2);
    }
  });

  it("shows met and not met in the table of primary comparisons and open where nothing is decided", () => {
    expect(text).toMatch(/^\| low-level \| haps minus no-low \| \+0\.1000 .* \| 3 of 3 \| met \|$/m);
    expect(text).toMatch(/^\| random \| haps minus haps-random \| .* \| not met \|$/m);
    expect(text).toMatch(/^\| random \| haps minus haps-random \| .* \| open \|$/m);
  });
});

describe("words of a study", () => {
  it("tells a worse method from one that is not shown to be better, and a rejection without a bound from both", () => {
    const [base] = result.primary.comparisons as [StudyResult["primary"]["comparisons"][number]];
    const say = (changes: Partial<typeof base>): string => verdictText({ ...base, verdict: "not-met", ...changes });
    expect(say({ low: -0.2, high: -0.1, pHolm: 1 })).toContain("it is worse");
    expect(say({ low: -0.1, high: 0.1, pHolm: 0.2 })).toContain("not shown to be better");
    expect(say({ low: 0.01, high: 0.1, pHolm: 0.04 })).toContain("the simultaneous bound is not above zero");
  });

  it("never shows a p-value of zero", () => {
    expect([pText(0.00009), pText(0.001), pText(0.5)]).toEqual(["p < 0.001", "p = 0.001", "p = 0.500"]);
  });
});
