import { HapsError, type OutcomeTable } from "@haps/spec";
import { averageOverSeeds } from "./average-over-seeds.ts";
import { summariseArms } from "./best-single-arm.ts";
import type { CollectedOutcomes } from "./collect-outcomes.ts";
import type { MethodOutcomes } from "./index-records.ts";
import { recordedMean } from "./recorded-mean.ts";

/** What happens to the questions of one label. */
export interface LabelRow {
  readonly label: string;
  /** Number of questions with this label. */
  readonly questions: number;
  /** `[arms]`, share of the method's choices, averaged over seeds. */
  readonly shares: readonly number[];
  /** `[arms]`, mean score on these questions; `null` for an arm that was run for none of them. */
  readonly scores: readonly (number | null)[];
  /** Mean score of the method; `null` when no chosen cell was run. */
  readonly haps: number | null;
  /** Mean score of the best single arm of the training part of each fold. */
  readonly bestSingle: number | null;
}

/** Where a method sends the questions of every label. */
export interface LabelBreakdown {
  /** Name of the label. */
  readonly name: string;
  /** By label text; questions that lack the label stand under `(none)`. */
  readonly rows: readonly LabelRow[];
}

/** What {@link labelBreakdown} reads. */
export interface LabelBreakdownInput {
  readonly table: OutcomeTable;
  readonly collected: CollectedOutcomes;
  /** Name of the label, e.g. `task`. */
  readonly label: string;
  /** Name of the routed method to look at. Default `haps`. */
  readonly method?: string;
}

/**
 * Breaks the choices of one method down by a privileged label, which routers never saw: does it route by task?
 *
 * @returns `null` when no row of the table has the label.
 * @throws HapsError code `config` when the method is not among the outcomes or mixes arms.
 */
export function labelBreakdown(input: LabelBreakdownInput): LabelBreakdown | null {
  const { table, collected, label, method: name = "haps" } = input;
  const { order } = collected;
  if (!table.rows.some((row) => row.labels[label] !== undefined)) return null;
  const method = findMethod(collected, name);
  const bestSingle = findMethod(collected, "best-single");
  const places = new Map<string, number[]>();
  order.forEach((row, question) => {
    const text = table.rows[row]?.labels[label] ?? "(none)";
    const known = places.get(text);
    if (known === undefined) places.set(text, [question]);
    else known.push(question);
  });
  const rows = [...places].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    name: label,
    rows: rows.map(([text, questions]) => ({
      label: text,
      questions: questions.length,
      shares: sharesOn(method, questions, table.arms.length),
      scores: summariseArms(
        table,
        questions.map((question) => order[question] as number),
      ).map(({ score }) => recordedOrNull(score)),
      haps: scoreOn(method, questions),
      bestSingle: scoreOn(bestSingle, questions),
    })),
  };
}

function findMethod({ methods }: CollectedOutcomes, name: string): MethodOutcomes {
  const method = methods.find((candidate) => candidate.name === name);
  if (method?.perSeed.every(({ chosen }) => chosen !== undefined)) return method;
  const problem = method === undefined ? "is not among the methods" : "mixes arms, so it has no choices";
  const known = methods.filter(({ perSeed }) => perSeed.every(({ chosen }) => chosen !== undefined));
  throw new HapsError(
    "config",
    `labelBreakdown: method ${JSON.stringify(name)} ${problem}; expected one of ${known.map((one) => one.name).join(", ")}`,
    { method: name },
  );
}

function sharesOn({ perSeed }: MethodOutcomes, questions: readonly number[], arms: number): number[] {
  const counts = new Float64Array(arms);
  for (const { chosen } of perSeed) {
    for (const question of questions) {
      const arm = chosen?.[question] ?? -1;
      if (arm >= 0) counts[arm] = (counts[arm] as number) + 1;
    }
  }
  return Array.from(counts, (count) => count / (questions.length * perSeed.length));
}

function scoreOn({ perSeed }: MethodOutcomes, questions: readonly number[]): number | null {
  const mean = averageOverSeeds(perSeed.map(({ score }) => score));
  return recordedOrNull(recordedMean(Float64Array.from(questions, (question) => mean[question] as number)));
}

function recordedOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
