import type { Cells, OutcomeTable } from "@haps/spec";

/** Sums over the outcomes of one cell. */
interface CellSum {
  samples: number;
  score: Mean;
  cost: Mean;
  propensity: Mean;
  first: Mean;
  second: Mean;
}

/** A weighted mean in the making. */
interface Mean {
  weight: number;
  value: number;
}

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

/** Averages outcomes by cell, with the number of samples as weight. */
export class CellSums {
  readonly #rows = new Map<number, Map<number, CellSum>>();

  add(row: number, arm: number, outcome: CellOutcome): void {
    const cells = this.#rows.get(row) ?? new Map<number, CellSum>();
    this.#rows.set(row, cells);
    const cell = cells.get(arm) ?? emptySum();
    cells.set(arm, cell);
    const samples = outcome.samples ?? 1;
    cell.samples += samples;
    addTo(cell.score, outcome.score, samples);
    if (outcome.cost !== undefined) addTo(cell.cost, outcome.cost, samples);
    if (outcome.propensity !== undefined) addTo(cell.propensity, outcome.propensity, samples);
    if (outcome.halves !== undefined) {
      addTo(cell.first, outcome.halves[0], samples);
      addTo(cell.second, outcome.halves[1], samples);
    }
  }

  /**
   * The arrays `[rows, arms]`; cost and propensity where any cell has one, halves where every cell that ran has them.
   */
  toCells(rows: number, arms: number): CellArrays {
    const empty = (value: number): Cells => new Float64Array(rows * arms).fill(value);
    const score = empty(Number.NaN);
    const samples = empty(0);
    const [cost, propensity, first, second] = [score, score, score, score].map((cells) => cells.slice()) as [
      Cells,
      Cells,
      Cells,
      Cells,
    ];
    let ran = 0;
    const having = { cost: 0, propensity: 0, halves: 0 };
    for (const [row, cells] of this.#rows) {
      for (const [arm, cell] of cells) {
        const index = row * arms + arm;
        ran += 1;
        having.cost += cell.cost.weight > 0 ? 1 : 0;
        having.propensity += cell.propensity.weight > 0 ? 1 : 0;
        having.halves += cell.first.weight === cell.samples ? 1 : 0;
        score[index] = cell.score.value;
        samples[index] = cell.samples;
        cost[index] = meanOf(cell.cost);
        propensity[index] = meanOf(cell.propensity);
        first[index] = meanOf(cell.first);
        second[index] = meanOf(cell.second);
      }
    }
    return {
      score,
      samples,
      ...(having.cost === 0 ? {} : { cost }),
      ...(having.propensity === 0 ? {} : { propensity }),
      ...(ran === 0 || having.halves < ran ? {} : { halves: { first, second } }),
      warnings: partialWarnings(ran, having),
    };
  }
}

function emptySum(): CellSum {
  const mean = (): Mean => ({ weight: 0, value: 0 });
  return { samples: 0, score: mean(), cost: mean(), propensity: mean(), first: mean(), second: mean() };
}

/** Running mean: the first value is kept exactly. */
function addTo(mean: Mean, value: number, weight: number): void {
  mean.weight += weight;
  mean.value = mean.weight === weight ? value : mean.value + ((value - mean.value) * weight) / mean.weight;
}

function meanOf(mean: Mean): number {
  return mean.weight === 0 ? Number.NaN : mean.value;
}

function partialWarnings(ran: number, having: Readonly<Record<"cost" | "propensity" | "halves", number>>): string[] {
  const consequence = { cost: "the others have no cost", propensity: "the others have none", halves: "left out" };
  return (["cost", "propensity", "halves"] as const)
    .filter((name) => having[name] > 0 && having[name] < ran)
    .map((name) => `${name}: recorded for ${having[name]} of ${ran} cells; ${consequence[name]}`);
}
