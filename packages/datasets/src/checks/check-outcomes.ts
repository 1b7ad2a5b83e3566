import { DataError } from "@haps/spec";
import { openOutcomes, type ReadOutcomeTableOptions } from "../read-outcome-table.ts";
import type { TableReading } from "../table-report.ts";
import { BrokenRecords } from "./broken-records.ts";
import { type DataCheck, dataCheck } from "./data-check.ts";
import type { Finding } from "./finding.ts";
import { RepeatedRecords } from "./repeated-records.ts";
import { isDataProblem, unreadable } from "./unreadable.ts";

/** Reason for which broken records are counted. */
const BROKEN = "broken record";

/**
 * Reads an outcome file as {@link readOutcomeTable} does, but goes on after broken records, and checks what it holds.
 *
 * Beyond {@link checkTable} it finds broken records by field, two currencies, and records of one question and arm that
 * contradict or repeat each other.
 *
 * @returns What was found; a file that cannot be read to its end is a finding too.
 * @throws ConfigError for wrong options.
 */
export async function checkOutcomes(path: string, options: ReadOutcomeTableOptions = {}): Promise<DataCheck> {
  const findings: Finding[] = [];
  const broken = new BrokenRecords();
  const repeated = new RepeatedRecords();
  let reading: TableReading | undefined;
  try {
    const { entries, assembly } = openOutcomes("checkOutcomes", path, options);
    try {
      for await (const entry of entries) {
        if ("problem" in entry) {
          broken.add(entry.line, entry.problem);
          continue;
        }
        try {
          const place = assembly.add(entry);
          if (place.ran) repeated.add(place, entry.line, entry.record);
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          broken.add(entry.line, error);
        }
      }
    } catch (error) {
      if (!isDataProblem(error)) throw error;
      findings.push(unreadable(error));
    }
    if (!(assembly.empty && broken.count + findings.length > 0)) reading = assembly.finish();
  } catch (error) {
    if (!isDataProblem(error)) throw error;
    findings.push(unreadable(error));
  }
  const { read, kept, dropped } = reading?.report ?? { read: 0, kept: 0, dropped: {} };
  const report = {
    read: read + broken.count,
    kept,
    dropped: broken.count === 0 ? dropped : { ...dropped, [BROKEN]: broken.count },
  };
  return dataCheck(path, report, reading?.table, [...findings, ...broken.findings(), ...repeated.findings()]);
}
