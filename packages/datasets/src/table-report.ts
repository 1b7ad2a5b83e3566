import type { OutcomeTable } from "@haps/spec";

/** What became of the records of a source; `read` equals `kept` plus everything in `dropped`. */
export interface TableReport {
  /** Records read. */
  readonly read: number;
  /** Records that stand in the table. */
  readonly kept: number;
  /** Reason to number of records left out. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** A table with the account of how it was read. */
export interface TableReading {
  readonly table: OutcomeTable;
  readonly report: TableReport;
}

/** Counts records while they are read. */
export class RecordCounter {
  #read = 0;
  #kept = 0;
  readonly #dropped = new Map<string, number>();

  keep(): void {
    this.#read += 1;
    this.#kept += 1;
  }

  drop(reason: string): void {
    this.#read += 1;
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }

  report(): TableReport {
    return { read: this.#read, kept: this.#kept, dropped: Object.fromEntries(this.#dropped) };
  }
}
