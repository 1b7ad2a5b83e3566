import { hashTable, readOutcomeTable } from "@haps/datasets";
import { type FileSystemPort, nodeFiles } from "@haps/run";
import type { OutcomeTable, Pool, Question, Task } from "@haps/spec";
import { UsageError } from "../usage-error.ts";
import type { SampledOutcome } from "./sampled-outcome.ts";
import { assertBytes, type FinishedSampling, readChunks, readFinished, TABLE_FILE } from "./sampling-layout.ts";
import type { QuestionFacts } from "./table-lines.ts";

/** How to read samples as a table. */
export interface ReadSamplesOptions {
  /** Of a finished run. */
  readonly folder: string;
  readonly task: Task;
  /** Default: what the arms imply, with closed weights. */
  readonly pool?: Pool;
  /** Labels and split of a question, in place of those in the file. Default: those in the file. */
  readonly factsOf?: (question: Question) => QuestionFacts;
  /** `tokens` for samples without prices. Default `cost`. */
  readonly costFrom?: "cost" | "tokens";
}

/**
 * Reads the samples of a finished run as a table; failed trials are cells that were not run.
 *
 * @throws UsageError where no sampling has finished; DataError for a table that is not what the sampling wrote.
 */
export async function readSamples(options: ReadSamplesOptions): Promise<OutcomeTable> {
  const { folder, task, pool, factsOf, costFrom = "cost" } = options;
  const { result } = await finishedSampling(nodeFiles, folder);
  const file = `${folder}/${TABLE_FILE}`;
  assertBytes(await nodeFiles.read(file), result.table, file);
  const { table } = await readOutcomeTable(file, { task, costFrom, ...(pool === undefined ? {} : { pool }) });
  const failed =
    result.failed === 0 ? [] : [`${result.failed} of ${result.trials} trials failed; their cells are not run`];
  const warned = { ...table, warnings: [...failed, ...table.warnings] };
  if (factsOf === undefined) return warned;
  const rows = table.rows.map(({ question, group }) => {
    const { split, labels = {} } = factsOf(question);
    return { question, group, labels, ...(split === undefined ? {} : { split }) };
  });
  return { ...warned, rows, hash: hashTable({ ...table, rows }) };
}

/**
 * Everything that came of a finished run's trials: answers, all scores, usage of every role, and why trials failed.
 *
 * @throws UsageError where no sampling has finished; DataError naming a damaged file.
 */
export async function readSampledOutcomes(folder: string): Promise<readonly SampledOutcome[]> {
  const { result } = await finishedSampling(nodeFiles, folder);
  return readChunks(result.chunks, folder, (path) => nodeFiles.read(`${folder}/${path}`));
}

async function finishedSampling(files: FileSystemPort, folder: string): Promise<FinishedSampling> {
  const finished = await readFinished(files, folder);
  if (finished !== null) return finished;
  throw new UsageError(`no finished sampling of assignments in ${folder}; sample into it first`);
}
