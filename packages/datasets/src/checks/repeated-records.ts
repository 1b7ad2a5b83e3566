import type { OutcomeRecord } from "../outcome-record.ts";
import type { RecordPlace } from "../table-assembly.ts";
import { examplesOf, type Finding, shareOf } from "./finding.ts";
import { contradict } from "./sampling.ts";

/** Ratio of two costs of one call of the same arm on the same question that the answer's length hardly explains. */
const COST_RATIO = 10;

interface CellRecords {
  readonly line: number;
  readonly score: number;
  readonly samples: number;
  readonly content: string;
  count: number;
  differs: boolean;
}

/** Watches records of one file for several of the same question and arm. */
export class RepeatedRecords {
  readonly #cells = new Map<string, CellRecords>();
  readonly #costs = new Map<string, { lowest: number; highest: number }>();
  readonly #copies: number[] = [];
  readonly #contradictions: (readonly [first: number, second: number])[] = [];
  #wideCosts = 0;

  add({ questionId, armIndex }: RecordPlace, line: number, record: OutcomeRecord): void {
    const key = `${armIndex}/${questionId}`;
    this.#addCost(key, record.cost);
    const score = record.score ?? 0;
    const samples = record.samples ?? 1;
    const cell = this.#cells.get(key);
    if (cell === undefined) {
      const content = measured(record);
      this.#cells.set(key, { line, score, samples, content, count: 1, differs: false });
      return;
    }
    cell.count += 1;
    if (Math.abs(score - cell.score) > 1e-9) cell.differs = true;
    if (cell.content !== "" && cell.content === measured(record)) this.#copies.push(line);
    if (contradict(score, samples, cell.score, cell.samples)) this.#contradictions.push([cell.line, line]);
  }

  findings(): readonly Finding[] {
    const cells = [...this.#cells.values()];
    const repeated = cells.filter(({ count }) => count > 1);
    if (repeated.length === 0) return [];
    const findings: Finding[] = [];
    const differing = repeated.filter(({ differs }) => differs).length;
    // Where most cells have one record, a few with several are two runs mixed rather than samples taken on purpose.
    const accidental = repeated.length <= cells.length / 2;
    const contradictions = this.#contradictions.length + this.#wideCosts;
    if (contradictions > 0 || (accidental && differing > 0)) {
      findings.push({
        severity: "warning",
        code: "contradicting-rows",
        message:
          `${shareOf(repeated.length, cells.length)} pairs of question and arm have several records, ${differing} of ` +
          `them with other scores (${this.#contradictions.length} beyond what samples explain) and ${this.#wideCosts} ` +
          `with costs more than ${COST_RATIO} times apart; all are averaged here; keep one run only, or see which is right`,
        facts: {
          pairs: repeated.length,
          differing,
          contradicting: this.#contradictions.length,
          costs: this.#wideCosts,
          lines: examplesOf(this.#contradictions),
        },
      });
    } else {
      findings.push({
        severity: "note",
        code: "repeated-records",
        message: `${shareOf(repeated.length, cells.length)} pairs of question and arm have several records; they count as samples and are averaged`,
        facts: { pairs: repeated.length, differing },
      });
    }
    if (this.#copies.length > 0) {
      findings.push({
        severity: "warning",
        code: "repeated-records",
        message: `${this.#copies.length} records repeat an earlier one to the last digit and count twice; remove the copies`,
        facts: { records: this.#copies.length, lines: examplesOf(this.#copies) },
      });
    }
    return findings;
  }

  #addCost(key: string, cost: number | undefined): void {
    if (cost === undefined || cost <= 0) return;
    const range = this.#costs.get(key) ?? { lowest: cost, highest: cost };
    const before = range.highest > COST_RATIO * range.lowest;
    range.lowest = Math.min(range.lowest, cost);
    range.highest = Math.max(range.highest, cost);
    this.#costs.set(key, range);
    if (!before && range.highest > COST_RATIO * range.lowest) this.#wideCosts += 1;
  }
}

/** What was measured, where it is fine enough that two true samples hardly agree; else nothing. */
function measured({ score, samples = 1, cost, tokens, latency, halves }: OutcomeRecord): string {
  if (latency === undefined && samples === 1) return "";
  return JSON.stringify([score, samples, cost, tokens, latency, halves]);
}
