import type { Cells, OutcomeTable } from "@haps/spec";

/** The parts of an outcome that are averaged. */
export interface CellOutcome {
  readonly score: number;
  readonly cost?: number;
  readonly samples?: number;
  readonly halves?: readonly [first: number, second: number];
  readonly propensity?: number;
}

/** The cell arrays of a table. */
export type CellArrays = Pick<OutcomeTable, "score" | "cost" | "samples" | "halves" | "propensity" | "warnings">;

/** Most arms of a table: cells are keyed by `row * MOST_ARMS + arm`. */
const MOST_ARMS = 2 ** 20;
/** The values that are averaged, each with its weight: the samples of the outcomes that name it. */
const MEANS = ["score", "cost", "propensity", "first", "second"] as const;
type MeanName = (typeof MEANS)[number];
/** Numbers per cell: samples, then weight and mean of each value. */
const STRIDE = 1 + 2 * MEANS.length;

/**
 * Averages outcomes by cell, with the number of samples as weight.
 *
 * Sums lie in one growing array, since logs may have millions of cells.
 */
export class CellSums {
  readonly #offsets = new Map<number, number>();
  #sums = new Float64Array(64 * STRIDE);

  add(row: number, arm: number, outcome: CellOutcome): void {
    const offset = this.#offsetOf(row * MOST_ARMS + arm);
    const samples = outcome.samples ?? 1;
    this.#sums[offset] = (this.#sums[offset] ?? 0) + samples;
    const [first, second] = outcome.halves ?? [];
    const values = [outcome.score, outcome.cost, outcome.propensity, first, second];
    values.forEach((value, index) => {
      if (value !== undefined) this.#addTo(offset + 1 + 2 * index, value, samples);
    });
  }

  /**
   * The arrays `[rows, arms]`; cost and propensity where any cell has one, halves where every cell that ran has them.
   */
  toCells(rows: number, arms: number): CellArrays {
    const empty = (value: number): Cells => new Float64Array(rows * arms).fill(value);
    const samples = empty(0);
    const means = Object.fromEntries(MEANS.map((name) => [name, empty(Number.NaN)])) as Record<MeanName, Cells>;
    const having = { cost: 0, propensity: 0, halves: 0 };
    for (const [key, offset] of this.#offsets) {
      const cell = Math.floor(key / MOST_ARMS) * arms + (key % MOST_ARMS);
      samples[cell] = this.#sums[offset] ?? 0;
      const weights = MEANS.map((name, index) => {
        const weight = this.#sums[offset + 1 + 2 * index] ?? 0;
        if (weight > 0) means[name][cell] = this.#sums[offset + 2 + 2 * index] ?? Number.NaN;
        return weight;
      });
      having.cost += (weights[MEANS.indexOf("cost")] ?? 0) > 0 ? 1 : 0;
      having.propensity += (weights[MEANS.indexOf("propensity")] ?? 0) > 0 ? 1 : 0;
      having.halves += weights[MEANS.indexOf("first")] === samples[cell] ? 1 : 0;
    }
    const ran = this.#offsets.size;
    const { score, cost, propensity, first, second } = means;
    return {
      score,
      samples,
      ...(having.cost === 0 ? {} : { cost }),
      ...(having.propensity === 0 ? {} : { propensity }),
      ...(ran === 0 || having.halves < ran ? {} : { halves: { first, second } }),
      warnings: partialWarnings(ran, having),
    };
  }

  #offsetOf(key: number): number {
    const known = this.#offsets.get(key);
    if (known !== undefined) return known;
    const offset = this.#offsets.size * STRIDE;
    this.#offsets.set(key, offset);
    if (offset + STRIDE > this.#sums.length) {
      const larger = new Float64Array(2 * this.#sums.length);
      larger.set(this.#sums);
      this.#sums = larger;
    }
    return offset;
  }

  /** Running mean: the first value is kept exactly. */
  #addTo(at: number, value: number, samples: number): void {
    const weight = (this.#sums[at] ?? 0) + samples;
    const mean = this.#sums[at + 1] ?? 0;
    this.#sums[at] = weight;
    this.#sums[at + 1] = weight === samples ? value : mean + ((value - mean) * samples) / weight;
  }
}

function partialWarnings(ran: number, having: Readonly<Record<"cost" | "propensity" | "halves", number>>): string[] {
  const consequence = { cost: "the others have no cost", propensity: "the others have none", halves: "left out" };
  return (["cost", "propensity", "halves"] as const)
    .filter((name) => having[name] > 0 && having[name] < ran)
    .map((name) => `${name}: recorded for ${having[name]} of ${ran} cells; ${consequence[name]}`);
}
