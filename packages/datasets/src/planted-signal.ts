import { type Arm, type Cells, ConfigError, type OutcomeTable, parseConfig, singleRoleArm } from "@haps/spec";
import { z } from "zod";
import { hash53 } from "./hash-order.ts";
import { OutcomeTableBuilder } from "./outcome-table-builder.ts";
import { QUESTION_KINDS } from "./simulated-questions.ts";

/** Schema of {@link PlantedSignalOptions}. */
export const plantedSignalOptionsSchema = z.strictObject({
  /** Number of questions, at least 1; kinds take turns. */
  questions: z.int().min(1).max(200_000),
  /**
   * Number of arms, at least 2: that many candidates without settings; or candidates times settings, to test two levels.
   */
  arms: z.union([
    z.int().min(2).max(64),
    z.strictObject({ candidates: z.int().min(1).max(16), settings: z.int().min(2).max(16) }),
  ]),
  /** By how much the preferred arm of a kind beats the others, 0 to 1 in score. */
  effect: z.number().min(0).max(1),
  /** Standard deviation of one cell's noise, in score; `effect + 2 noise` is at most 1. */
  noise: z.number().min(0).max(0.5),
  /** Any whole number; another seed gives other texts and noise. */
  seed: z.int(),
});

/** What to plant. */
export interface PlantedSignalOptions extends z.input<typeof plantedSignalOptionsSchema> {}

/** A simulated table and the truth behind it. */
export interface PlantedSignal {
  /** Its id, its labels and its warnings say "simulated". */
  readonly table: OutcomeTable;
  /** True expected scores, `[rows, arms]`, row-major. */
  readonly expected: Cells;
  /** Name of each kind of question to the index of its preferred arm. */
  readonly preferred: Readonly<Record<string, number>>;
  /** Expected score of the best router minus that of the best single arm, over these questions. */
  readonly gain: number;
}

/**
 * Makes a table in which texts of several kinds each prefer another arm by a known size.
 *
 * `expected = (1 + effect) / 2` for the preferred arm of a question's kind, else `(1 - effect) / 2`;
 * `score = expected + noise * s` with `s` -1 or +1, equally likely: mean and standard deviation are exact and no score
 * leaves 0 to 1. There are as many kinds as arms, at most 6; further arms are preferred by none. With as many
 * questions of each of k kinds, routing perfectly gains `effect * (1 - 1/k)` over the best single arm. Costs are made
 * up too: arm j costs j + 1, unit `simulated`.
 *
 * @throws ConfigError for wrong options.
 *
 * @example
 * ```ts
 * import { strict as assert } from "node:assert";
 * import { plantedSignal } from "@haps/datasets";
 * const { table, gain } = plantedSignal({ questions: 400, arms: 4, effect: 0.2, noise: 0.3, seed: 1 });
 * assert.equal(table.id, "simulated/planted-1");
 * assert.ok(Math.abs(gain - 0.15) < 1e-12);
 * ```
 */
export function plantedSignal(options: PlantedSignalOptions): PlantedSignal {
  const {
    questions,
    arms: shape,
    effect,
    noise,
    seed,
  } = parseConfig("plantedSignal", plantedSignalOptionsSchema, options);
  if (effect + 2 * noise > 1) {
    const message = `effect + 2 noise is ${effect + 2 * noise}; expected at most 1, so that scores stay in 0 to 1`;
    throw new ConfigError("plantedSignal", [{ path: "noise", message }]);
  }
  const arms = simulatedArms(shape);
  const kinds = QUESTION_KINDS.slice(0, arms.length);
  const builder = new OutcomeTableBuilder({ id: `simulated/planted-${seed}`, costUnit: "simulated" });
  for (const arm of arms) builder.addArm(arm);
  const expected = new Float64Array(questions * arms.length);
  const texts = new Set<string>();
  for (let row = 0; row < questions; row += 1) {
    const kindIndex = row % kinds.length;
    const kind = kinds[kindIndex] as (typeof QUESTION_KINDS)[number];
    const text = freshText(kind.write, seed, row, texts);
    const id = `simulated-${row}`;
    builder.addRow({ id, text, labels: { task: `simulated-${kind.name}`, source: "simulated" } });
    arms.forEach((arm, column) => {
      const mean = (1 + (column === kindIndex ? effect : -effect)) / 2;
      expected[row * arms.length + column] = mean;
      const sign = hash53(`noise/${seed}/${row}/${column}`) % 2 === 0 ? 1 : -1;
      const score = Math.min(1, Math.max(0, mean + noise * sign));
      builder.addOutcome({ questionId: id, arm, score, cost: column + 1 });
    });
  }
  const warning = `simulated: ${kinds.length} kinds of made-up questions, planted effect ${effect}, noise ${noise}`;
  return {
    table: builder.build([warning]),
    expected,
    preferred: Object.fromEntries(kinds.map(({ name }, index) => [name, index])),
    gain: routingGain(expected, questions, arms.length),
  };
}

function simulatedArms(shape: number | { readonly candidates: number; readonly settings: number }): readonly Arm[] {
  if (typeof shape === "number") {
    return Array.from({ length: shape }, (_, index) => singleRoleArm(`simulated-${index + 1}`));
  }
  return Array.from({ length: shape.candidates * shape.settings }, (_, index) => {
    const candidate = `simulated-${Math.floor(index / shape.settings) + 1}`;
    return singleRoleArm(candidate, { prompt: `simulated-${(index % shape.settings) + 1}` });
  });
}

/** A text that no earlier question has: draws again with the next attempt number. */
function freshText(
  write: (draw: (limit: number) => number) => string,
  seed: number,
  row: number,
  texts: Set<string>,
): string {
  for (let attempt = 0; ; attempt += 1) {
    let step = 0;
    const draw = (limit: number): number => {
      step += 1;
      return hash53(`text/${seed}/${row}/${attempt}/${step}`) % limit;
    };
    const text = attempt < 100 ? write(draw) : `${write(draw)} (${row})`;
    if (texts.has(text)) continue;
    texts.add(text);
    return text;
  }
}

function routingGain(expected: Cells, rows: number, arms: number): number {
  let oracle = 0;
  const totals = new Float64Array(arms);
  for (let row = 0; row < rows; row += 1) {
    const cells = expected.subarray(row * arms, (row + 1) * arms);
    oracle += Math.max(...cells);
    cells.forEach((value, arm) => {
      totals[arm] = (totals[arm] ?? 0) + value;
    });
  }
  return (oracle - Math.max(...totals)) / rows;
}
