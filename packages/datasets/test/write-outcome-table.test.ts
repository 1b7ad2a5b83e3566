import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { OutcomeTableBuilder, plantedSignal, readOutcomeTable, writeOutcomeTable } from "@haps/datasets";
import type { Arm, OutcomeTable } from "@haps/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataErrorOf, scratchFiles } from "./scratch-files.ts";

const files = scratchFiles();
const visible = (text: string): boolean => text.trim() !== "";
/** Any text, often with what formats stumble over. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc
    .array(fc.constantFrom('"', ",", "\n", "\r", "\u2028", "\uFEFF", " ", "=", "x", "é", "😀"), { maxLength: 8 })
    .map((parts) => parts.join("")),
);
const question = anyText.filter(visible);
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const key = fc.constantFrom("alpha", "b,c", 'd"e', "f\ng");

const settings = (kinds: Readonly<Record<string, "number" | "text">>): fc.Arbitrary<Record<string, string | number>> =>
  fc.record(
    Object.fromEntries(
      Object.entries(kinds).map(([setting, kind]) => [
        setting,
        kind === "number" ? fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0) : name,
      ]),
    ),
  );

/** Arms of one role or two; the settings of a candidate are always of the same kinds. */
const arms: fc.Arbitrary<readonly Arm[]> = fc
  .tuple(
    fc.constantFrom(["answerer"], ["teacher", "student"]),
    fc.dictionary(key, fc.constantFrom("number" as const, "text" as const), { maxKeys: 2, noNullPrototype: true }),
  )
  .chain(([roles, kinds]) =>
    fc.array(
      fc.record(
        Object.fromEntries(roles.map((role) => [role, fc.record({ candidate: name, settings: settings(kinds) })])),
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
  );

const outcome = fc.record(
  {
    score: share,
    samples: fc.integer({ min: 1, max: 20 }),
    cost: fc.double({ min: 0, max: 1e6, noNaN: true }),
    propensity: fc.double({ min: 1e-9, max: 1, noNaN: true }),
    halves: fc.tuple(share, share),
  },
  { requiredKeys: ["score"] },
);

const tables: fc.Arbitrary<OutcomeTable> = fc
  .tuple(
    arms,
    fc.boolean(),
    fc.array(
      fc.record({
        text: question,
        split: fc.option(name),
        context: fc.option(fc.array(anyText, { maxLength: 2 })),
        labels: fc.dictionary(key, anyText, { maxKeys: 2, noNullPrototype: true }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .chain(([chosen, halves, rows]) =>
    fc
      .array(fc.option(outcome), { minLength: rows.length * chosen.length, maxLength: rows.length * chosen.length })
      .map((cells) => {
        const builder = new OutcomeTableBuilder({ id: "made-up", costUnit: "USD" });
        for (const arm of chosen) builder.addArm(arm);
        rows.forEach(({ text, split, context, labels }, row) => {
          const id = `q${row}`;
          builder.addRow({
            id,
            text,
            labels,
            ...(split === null ? {} : { split }),
            ...(context === null ? {} : { context }),
          });
          chosen.forEach((arm, column) => {
            const cell = cells[row * chosen.length + column];
            if (cell === null || cell === undefined) return;
            const { halves: both = [0, 1] as [number, number], ...rest } = cell;
            builder.addOutcome({ questionId: id, arm, ...rest, ...(halves ? { halves: both } : {}) });
          });
        });
        return builder.build();
      }),
  );

describe("writeOutcomeTable", () => {
  it.each(["jsonl", "jsonl.gz", "csv", "csv.gz"])("writes a table that reads back the same as .%s", async (ending) => {
    await fc.assert(
      fc.asyncProperty(tables, async (table) => {
        const path = join(files.folder, `round-trip.${ending}`);
        await writeOutcomeTable(table, path);
        const { table: read, report } = await readOutcomeTable(path);
        expect(read.hash).toBe(table.hash);
        expect(read.rows).toEqual(table.rows);
        expect(read.arms).toEqual(table.arms);
        expect(read.score).toEqual(table.score);
        expect(report.kept).toBe(table.score.filter((score) => !Number.isNaN(score)).length);
      }),
      { seed: 20, numRuns: 60 },
    );
  });

  it("gives equal hashes for equal content and others for any change", () => {
    const options = { questions: 12, arms: 3, effect: 0.2, noise: 0.1, seed: 1 };
    const { hash } = plantedSignal(options).table;
    expect(plantedSignal(options).table.hash).toBe(hash);
    expect(plantedSignal({ ...options, effect: 0.21 }).table.hash).not.toBe(hash);
  });

  it("leaves nothing behind when it fails, and an earlier file as it was", async () => {
    const builder = new OutcomeTableBuilder({ id: "surrogate" });
    builder.addRow({ id: "q", text: "half a \ud83d pair" });
    builder.addOutcome({ questionId: "q", arm: { answerer: { candidate: "m", settings: {} } }, score: 1 });
    const table = builder.build();
    const path = files.write("kept.csv", "earlier");
    const error = await dataErrorOf(writeOutcomeTable(table, path));
    expect(error.message).toMatch(/unpaired surrogate; write .jsonl, which escapes it/);
    expect(error.location).toEqual({ file: path, line: 2 });
    expect(existsSync(path)).toBe(true);
    expect(readdirSync(files.folder).filter((file) => file.endsWith(".part"))).toEqual([]);
    const whole = join(files.folder, "kept.jsonl");
    await writeOutcomeTable(table, whole);
    expect((await readOutcomeTable(whole)).table.hash).toBe(table.hash);
  });

  it("refuses a name that does not say the format", async () => {
    const { table } = plantedSignal({ questions: 2, arms: 2, effect: 0, noise: 0, seed: 1 });
    expect((await dataErrorOf(writeOutcomeTable(table, join(files.folder, "table.xlsx")))).message).toMatch(
      /the name does not say the format/,
    );
  });
});
