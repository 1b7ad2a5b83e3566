import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { ANSWERER, type Arm, DataError, type OutcomeTable } from "@haps/spec";
import { OUTCOME_CSV_COLUMNS, outcomeCsvLine } from "./outcome-csv-line.ts";
import { outcomeFormat } from "./read-outcome-records.ts";

/**
 * Writes a table in the generic outcome format: JSON Lines or CSV by the name's end, gzipped where it ends in `.gz`.
 *
 * One record per cell that ran; for the first row also the cells that did not (without a score), so that the order of
 * the arms survives, and for a row without any outcome one such record. Reading the file back gives the same rows, arms
 * and cells and so the same hash; id, task, pool and warnings are options of the reader, not part of the file. Costs
 * without a unit are read back with the unit `unknown`.
 *
 * The file appears whole or not at all: it is written beside its place and renamed.
 *
 * @throws DataError for a name that does not say the format, and for text that UTF-8 cannot hold (an unpaired
 * surrogate) in a CSV; errors of the file system.
 */
export async function writeOutcomeTable(table: OutcomeTable, path: string): Promise<void> {
  const lines = outcomeFormat(path) === "csv" ? csvLines(table, path) : jsonLines(table);
  const part = `${path}.part`;
  const source = Readable.from(lines);
  try {
    if (path.toLowerCase().endsWith(".gz")) await pipeline(source, createGzip(), createWriteStream(part));
    else await pipeline(source, createWriteStream(part));
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

function* jsonLines(table: OutcomeTable): Generator<string, void, undefined> {
  for (const record of records(table)) yield `${JSON.stringify(record)}\n`;
}

function* csvLines(table: OutcomeTable, path: string): Generator<string, void, undefined> {
  const columns = OUTCOME_CSV_COLUMNS.flatMap((column) => {
    if (isSingleRole(table.arms[0])) return [column];
    if (column === "settings") return [];
    return column === "candidate" ? ["arm"] : [column];
  });
  yield `${columns.join(",")}\n`;
  let line = 1;
  for (const record of records(table)) {
    line += 1;
    const written = outcomeCsvLine(record, columns);
    if (/\p{Surrogate}/u.test(written)) {
      throw new DataError(
        { file: path, line },
        "the text holds an unpaired surrogate",
        "write .jsonl, which escapes it",
      );
    }
    yield `${written}\n`;
  }
}

function* records(table: OutcomeTable): Generator<Record<string, unknown>, void, undefined> {
  const width = table.arms.length;
  for (let row = 0; row < table.rows.length; row += 1) {
    let written = 0;
    for (let column = 0; column < width; column += 1) {
      const ran = Number.isFinite(table.score[row * width + column]);
      const needed = row === 0 || (written === 0 && column === width - 1);
      if (!ran && !needed) continue;
      written += 1;
      yield recordOf(table, row, column);
    }
  }
}

function recordOf(table: OutcomeTable, row: number, column: number): Record<string, unknown> {
  const { question, split, labels } = table.rows[row] as OutcomeTable["rows"][number];
  const index = row * table.arms.length + column;
  const score = table.score[index] as number;
  const head = {
    id: question.id,
    text: question.text,
    context: question.context,
    split,
    labels,
    ...armFields(table.arms[column] as Arm),
  };
  if (!Number.isFinite(score)) return { ...head, score: null };
  const cost = finite(table.cost?.[index]);
  const first = finite(table.halves?.first[index]);
  const second = finite(table.halves?.second[index]);
  return {
    ...head,
    score,
    samples: table.samples[index],
    cost,
    currency: cost === undefined ? undefined : table.costUnit,
    halves: first === undefined || second === undefined ? undefined : [first, second],
    propensity: finite(table.propensity?.[index]),
  };
}

function armFields(arm: Arm): Record<string, unknown> {
  const choice = arm[ANSWERER];
  if (choice === undefined || !isSingleRole(arm)) return { arm };
  return { candidate: choice.candidate, settings: choice.settings };
}

function isSingleRole(arm: Arm | undefined): boolean {
  return arm !== undefined && Object.hasOwn(arm, ANSWERER) && Object.keys(arm).length === 1;
}

function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
