import {
  ANSWERER,
  type Arm,
  armKey,
  armLabel,
  type Candidate,
  type CandidateId,
  DataError,
  type DataLocation,
  HapsError,
  type OutcomeTable,
  type Pool,
  quoteValue,
  type Settings,
  type TableRow,
  type Task,
} from "@haps/spec";
import { assertArm, assertInPool } from "./assert-arm.ts";
import { CellSums } from "./cell-sums.ts";
import { derivePool } from "./derive-pool.ts";
import { hashTable } from "./hash-table.ts";
import { textGroup } from "./normalise-text.ts";
import { checkRange } from "./number-field.ts";

/** What a table is, before its rows. */
export interface OutcomeTableOptions {
  readonly id: string;
  /** Default: one role `answerer`, or the roles of the first arm. */
  readonly task?: Task;
  /** Default: derived from the arms, see {@link derivePool}. Where given, other candidates are refused. */
  readonly pool?: Pool;
  /** Open or closed weights of candidates in a derived pool. Default: closed. */
  readonly weights?: (candidate: CandidateId) => Candidate["weights"];
  /** Currency code or unit of every cost. */
  readonly costUnit?: string;
}

/** One question to add. */
export interface NewRow {
  readonly id: string;
  readonly text: string;
  readonly context?: readonly string[];
  readonly split?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What was recorded for one question and one arm; several for one cell are averaged. */
export interface NewOutcome {
  readonly questionId: string;
  readonly arm: Arm;
  /** Mean over the samples, 0 to 1. */
  readonly score: number;
  /** Mean cost of one call, at least 0. */
  readonly cost?: number;
  /** Number of samples behind the score. Default 1. */
  readonly samples?: number;
  /** Mean score of the first and of the second half of the samples, each 0 to 1. */
  readonly halves?: readonly [first: number, second: number];
  /** Chance that the logging policy chose this arm, above 0 and at most 1. */
  readonly propensity?: number;
  /** Where it was read, for errors. */
  readonly location?: DataLocation;
}

/**
 * Collects questions, arms and outcomes and builds an `OutcomeTable`.
 *
 * A row is a question *id*: two ids with the same normalised text stay two rows of one group, since their outcomes
 * were recorded apart. Several outcomes of one cell are samples of it: score, halves and propensity are averaged with
 * the samples as weights, cost likewise over those that name one, and the samples add up. Cells without outcome are
 * `NaN` with 0 samples: not run, which is not wrong.
 *
 * @example
 * ```ts
 * import { strict as assert } from "node:assert";
 * import { singleRoleArm } from "@haps/spec";
 * import { OutcomeTableBuilder } from "@haps/datasets";
 * const builder = new OutcomeTableBuilder({ id: "mine" });
 * builder.addRow({ id: "q1", text: "What is 2 + 2?" });
 * builder.addOutcome({ questionId: "q1", arm: singleRoleArm("small"), score: 0 });
 * builder.addOutcome({ questionId: "q1", arm: singleRoleArm("small"), score: 1 });
 * const table = builder.build();
 * assert.deepEqual([table.score[0], table.samples[0]], [0.5, 2]);
 * ```
 */
export class OutcomeTableBuilder {
  readonly #options: OutcomeTableOptions;
  readonly #rows: TableRow[] = [];
  readonly #rowOf = new Map<string, number>();
  readonly #arms: Arm[] = [];
  readonly #armOf = new Map<string, number>();
  readonly #armOfText = new Map<string, number>();
  readonly #settingsOf = new Map<CandidateId, Settings>();
  readonly #cells = new CellSums();
  #built = false;

  constructor(options: OutcomeTableOptions) {
    this.#options = options;
  }

  /** True when a question with this id was added. */
  hasRow(id: string): boolean {
    return this.#rowOf.has(id);
  }

  /**
   * Adds a question; the same id may come again with the same content or parts of it.
   *
   * @throws DataError when the text is blank, the id or the split empty, or the id was added with another text, context, split or label.
   */
  addRow(row: NewRow, location: DataLocation = { file: this.#options.id }): void {
    if (row.text.trim() === "") {
      throw new DataError({ ...location, field: "text" }, "the question has no text", "give every question a text");
    }
    for (const field of ["id", "split"] as const) {
      if (row[field] !== "") continue;
      throw new DataError({ ...location, field }, "the field is empty", `name the ${field}, or leave the field out`);
    }
    const { id, text, context, split, labels = {} } = row;
    const known = this.#rowOf.get(id);
    if (known !== undefined) {
      assertSameRow(this.#rows[known] as TableRow, row, location);
      return;
    }
    this.#rowOf.set(id, this.#rows.length);
    this.#rows.push({
      question: { id, text, ...(context === undefined ? {} : { context }) },
      group: textGroup(text),
      ...(split === undefined ? {} : { split }),
      labels,
    });
  }

  /**
   * Adds an arm, unless it is there; arms keep the order in which they came.
   *
   * @throws DataError for a candidate, role or setting that a given pool or the other arms do not know.
   */
  addArm(arm: Arm, location: DataLocation = { file: this.#options.id }): number {
    // Most calls name an arm that is known in the very same form, which is much quicker to see than its canonical form.
    const text = JSON.stringify(arm);
    const same = this.#armOfText.get(text);
    if (same !== undefined) return same;
    assertArm(this.#options.task?.roles.map((role) => role.id) ?? Object.keys(this.#arms[0] ?? arm), arm, location);
    const index = this.#armOf.get(armKey(arm)) ?? this.#newArm(arm, location);
    this.#armOfText.set(text, index);
    return index;
  }

  #newArm(arm: Arm, location: DataLocation): number {
    if (this.#options.pool !== undefined) assertInPool(this.#options.pool, arm, location);
    else this.#assertSettingsFit(arm, location);
    this.#armOf.set(armKey(arm), this.#arms.length);
    this.#arms.push(arm);
    return this.#arms.length - 1;
  }

  /**
   * Adds an outcome of a question that was added before; new arms are added with it.
   *
   * @throws DataError for an unknown question id and for numbers out of range.
   */
  addOutcome(outcome: NewOutcome): void {
    const location = outcome.location ?? { file: this.#options.id };
    const row = this.#rowOf.get(outcome.questionId);
    if (row === undefined) {
      const problem = `no question has the id ${quoteValue(outcome.questionId)}`;
      throw new DataError(location, problem, "add the question or correct the id");
    }
    assertOutcome(outcome, location);
    this.#cells.add(row, this.addArm(outcome.arm, location), outcome);
  }

  #assertSettingsFit(arm: Arm, location: DataLocation): void {
    for (const { candidate, settings } of Object.values(arm)) {
      const known = this.#settingsOf.get(candidate);
      const names = Object.keys(settings);
      if (known === undefined) {
        this.#settingsOf.set(candidate, settings);
        continue;
      }
      const fits = names.length === Object.keys(known).length;
      if (fits && names.every((name) => typeof known[name] === typeof settings[name])) continue;
      const problem = `${quoteValue(candidate)} has the settings ${quoteValue(known)} before and ${quoteValue(settings)} here`;
      const advice = "give all records of a candidate the same settings, each always a number or always text";
      throw new DataError({ ...location, field: "settings" }, problem, advice);
    }
  }

  /**
   * Builds the table; the builder cannot be used for a second one.
   *
   * @throws HapsError code `data` when there is no question or no arm, code `state` when it was built before.
   */
  build(warnings: readonly string[] = []): OutcomeTable {
    const { id, weights, costUnit } = this.#options;
    if (this.#built) throw new HapsError("state", "OutcomeTableBuilder: the table was built before; use a new builder");
    this.#built = true;
    if (this.#rows.length === 0 || this.#arms.length === 0) {
      const problem = `got ${this.#rows.length} questions and ${this.#arms.length} arms; expected at least one of each`;
      throw new HapsError("data", `OutcomeTableBuilder: ${problem}; check what the source holds`, { id });
    }
    const cells = this.#cells.toCells(this.#rows.length, this.#arms.length);
    const content = {
      rows: this.#rows,
      arms: this.#arms,
      score: cells.score,
      samples: cells.samples,
      ...(cells.cost === undefined ? {} : { cost: cells.cost, costUnit: costUnit ?? "unknown" }),
      ...(cells.halves === undefined ? {} : { halves: cells.halves }),
      ...(cells.propensity === undefined ? {} : { propensity: cells.propensity }),
    };
    return {
      id,
      task: this.#options.task ?? deriveTask(id, this.#arms[0] as Arm),
      pool: this.#options.pool ?? derivePool(this.#arms, weights),
      ...content,
      hash: hashTable(content),
      warnings: [...warnings, ...cells.warnings],
    };
  }
}

function deriveTask(id: string, arm: Arm): Task {
  const roles = Object.keys(arm).map((role) => ({
    id: role,
    description: role === ANSWERER ? "Answers the question." : `The ${role} of the task.`,
  }));
  return { id, description: "Answer the question.", roles };
}

function assertSameRow(known: TableRow, row: NewRow, location: DataLocation): void {
  const { text, context } = known.question;
  const pairs: readonly (readonly [field: string, before: unknown, now: unknown])[] = [
    ["text", text, row.text],
    ["context", context, row.context],
    ["split", known.split, row.split],
    ...Object.entries(row.labels ?? {}).map(([name, now]) => [`labels.${name}`, known.labels[name], now] as const),
  ];
  for (const [field, before, now] of pairs) {
    if (now === undefined) continue;
    if (JSON.stringify(before) === JSON.stringify(now)) continue;
    const problem = `question ${quoteValue(row.id)} had ${quoteValue(before)} before and has ${quoteValue(now)} here`;
    throw new DataError({ ...location, field }, problem, "use one id per question");
  }
}

function assertOutcome(outcome: NewOutcome, location: DataLocation): void {
  const { score, cost, samples, halves, propensity } = outcome;
  checkRange(score, { ...location, field: "score" }, { minimum: 0, maximum: 1 });
  for (const half of halves ?? []) checkRange(half, { ...location, field: "halves" }, { minimum: 0, maximum: 1 });
  if (cost !== undefined) checkRange(cost, { ...location, field: "cost" }, { minimum: 0 });
  if (samples !== undefined) checkRange(samples, { ...location, field: "samples" }, { minimum: 1, integer: true });
  if (propensity === undefined) return;
  checkRange(propensity, { ...location, field: "propensity" }, { minimum: 0, maximum: 1 });
  if (propensity > 0) return;
  const problem = `the arm ${quoteValue(armLabel(outcome.arm))} was logged with chance 0`;
  throw new DataError({ ...location, field: "propensity" }, problem, "expected a number above 0 and at most 1");
}
