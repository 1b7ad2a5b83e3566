import { createHash } from "node:crypto";
import {
  type Arm,
  canonicalJson,
  closestName,
  DataError,
  type DataLocation,
  type OutcomeTable,
  type Pool,
  quoteValue,
  singleRoleArm,
  type Task,
} from "@haps/spec";
import { FieldNames } from "./field-names.ts";
import { hashTable } from "./hash-table.ts";
import { OUTCOME_FIELDS, type OutcomeRecord } from "./outcome-record.ts";
import { type NewRow, OutcomeTableBuilder } from "./outcome-table-builder.ts";
import { RecordCounter, type TableReading } from "./table-report.ts";

/** What a table assembled from records is. */
export interface TableAssemblyOptions {
  readonly id: string;
  readonly costFrom: "cost" | "tokens" | "latency";
  readonly task?: Task;
  readonly pool?: Pool;
}

/** What a record is about. */
export interface RecordPlace {
  readonly questionId: string;
  /** Column of the table. */
  readonly armIndex: number;
  /** False for a record of a cell that was not run. */
  readonly ran: boolean;
}

/** Text, number or truth value of each further field by question. */
type FurtherFields = Map<string, string>;

/** Assembles records of the generic format to a table. */
export class TableAssembly {
  readonly #file: string;
  readonly #options: TableAssemblyOptions;
  readonly #counter = new RecordCounter();
  readonly #fieldNames = new FieldNames();
  readonly #further = new Map<string, FurtherFields>();
  /** Further fields that cannot be labels, with the reason. */
  readonly #unkept = new Map<string, string>();
  readonly #notKept = { cost: 0, tokens: 0, latency: 0 };
  #builder: OutcomeTableBuilder;
  #currency: { readonly name: string; readonly line: number } | undefined;
  #withoutCurrency = 0;

  constructor(file: string, options: TableAssemblyOptions) {
    this.#file = file;
    this.#options = options;
    const { task, pool, id } = options;
    this.#builder = new OutcomeTableBuilder({
      id,
      ...(task === undefined ? {} : { task }),
      ...(pool === undefined ? {} : { pool }),
    });
  }

  /**
   * Adds a record.
   *
   * @returns The question and the arm that it is about.
   * @throws DataError for a misspelt field and for what contradicts earlier records or the pool.
   */
  add({ line, record }: { readonly line: number; readonly record: OutcomeRecord }): RecordPlace {
    const location = { file: this.#file, line };
    this.#fieldNames.check(record, location);
    const questionId = record.id ?? textId(record);
    const arm = armOf(record);
    const cost = this.#costOf(record, line);
    const armIndex = this.#builder.addArm(arm, location);
    this.#builder.addRow(rowOf(questionId, record, location), location);
    this.#addFurther(questionId, record);
    const score = record.score ?? (record.status === "no-answer" ? 0 : undefined);
    if (record.status === "failed" || record.status === "not-recorded" || score === undefined) {
      this.#counter.drop(
        `not run: ${record.status === undefined || record.status === "ok" ? "no score" : `status ${record.status}`}`,
      );
      return { questionId, armIndex, ran: false };
    }
    const { samples, halves, propensity } = record;
    this.#builder.addOutcome({
      questionId,
      arm,
      score,
      location,
      ...(cost === undefined ? {} : { cost }),
      ...(samples === undefined ? {} : { samples }),
      ...(halves === undefined ? {} : { halves }),
      ...(propensity === undefined ? {} : { propensity }),
    });
    this.#counter.keep();
    return { questionId, armIndex, ran: true };
  }

  /** True before the first record. */
  get empty(): boolean {
    return this.#counter.report().read === 0;
  }

  /** @throws DataError when there was no record. */
  finish(): TableReading {
    const report = this.#counter.report();
    if (report.read === 0) {
      throw new DataError({ file: this.#file }, "the file holds no record", "expected at least one outcome");
    }
    const table = this.#builder.build(this.#warnings());
    const rows = table.rows.map((row) => ({
      ...row,
      labels: { ...Object.fromEntries(this.#further.get(row.question.id) ?? []), ...row.labels },
    }));
    const unit = this.#options.costFrom === "cost" ? (this.#currency?.name ?? "unknown") : this.#options.costFrom;
    const named: OutcomeTable = { ...table, rows, ...(table.cost === undefined ? {} : { costUnit: unit }) };
    return { table: { ...named, hash: hashTable(named) }, report };
  }

  #costOf(record: OutcomeRecord, line: number): number | undefined {
    const { costFrom } = this.#options;
    for (const name of ["cost", "tokens", "latency"] as const) {
      if (name !== costFrom && record[name] !== undefined) this.#notKept[name] += 1;
    }
    if (costFrom !== "cost" || record.cost === undefined) return record[costFrom];
    if (record.currency === undefined) {
      this.#withoutCurrency += 1;
    } else if (this.#currency === undefined) {
      this.#currency = { name: record.currency, line };
    } else if (this.#currency.name !== record.currency) {
      const { name, line: first } = this.#currency;
      const problem = `got ${quoteValue(record.currency)}, line ${first} has ${quoteValue(name)}`;
      const location: DataLocation = { file: this.#file, line, field: "currency" };
      throw new DataError(location, problem, "convert all costs to one currency");
    }
    return record.cost;
  }

  #addFurther(questionId: string, record: OutcomeRecord): void {
    for (const [name, value] of Object.entries(record)) {
      if (OUTCOME_FIELDS.includes(name) || value === null || value === undefined) continue;
      if (typeof value === "object") {
        this.#unkept.set(name, "it holds a list or an object");
        continue;
      }
      const fields = this.#further.get(questionId) ?? new Map<string, string>();
      this.#further.set(questionId, fields);
      const text = String(value);
      const earlier = fields.get(name);
      if (earlier === undefined) fields.set(name, text);
      else if (earlier !== text) this.#unkept.set(name, "it differs between records of one question");
    }
  }

  #warnings(): readonly string[] {
    const warnings: string[] = [];
    for (const [name, reason] of this.#unkept) {
      for (const fields of this.#further.values()) fields.delete(name);
      const near = closestName(name, OUTCOME_FIELDS);
      const hint = near === undefined ? "" : `; is the field ${quoteValue(near)} meant?`;
      warnings.push(`field ${quoteValue(name)} is not kept: ${reason}${hint}`);
    }
    for (const name of ["cost", "tokens", "latency"] as const) {
      if (this.#notKept[name] === 0) continue;
      warnings.push(`${name} of ${this.#notKept[name]} records is not kept: a table has one cost (option costFrom)`);
    }
    if (this.#withoutCurrency > 0) {
      warnings.push(
        `${this.#withoutCurrency} records with a cost name no currency; ${this.#currency?.name ?? "unknown"} is assumed`,
      );
    }
    return warnings;
  }
}

function armOf(record: OutcomeRecord): Arm {
  return record.arm ?? singleRoleArm(record.candidate ?? "", record.settings ?? {});
}

function rowOf(id: string, record: OutcomeRecord, location: DataLocation): NewRow {
  const { label, labels: { task } = {} } = record;
  if (label !== undefined && task !== undefined && label !== task) {
    const problem = `label is ${quoteValue(label)} and labels.task is ${quoteValue(task)}, which mean the same`;
    throw new DataError({ ...location, field: "label" }, problem, "give one of them");
  }
  const labels = { ...record.labels, ...(record.label === undefined ? {} : { task: record.label }) };
  return {
    id,
    text: record.text,
    labels,
    ...(record.context === undefined ? {} : { context: record.context }),
    ...(record.split === undefined ? {} : { split: record.split }),
  };
}

/** Id of a question whose source names none. */
function textId({ text, context }: OutcomeRecord): string {
  return `text-${createHash("sha256")
    .update(canonicalJson([text, context ?? []]))
    .digest("hex")
    .slice(0, 16)}`;
}
