import type { FileSystemPort } from "@haps/run";
import { DataError } from "@haps/spec";
import { z } from "zod";
import { parseWritten } from "../parse-written.ts";
import { decodeOutcomes, type SampledOutcome, sha256 } from "./sampled-outcome.ts";

/** Kind of a run that samples assignments. */
export const SAMPLING_KIND = "assignment-samples";
/** The outcome table of a finished run, which every command on logged outcomes reads. */
export const TABLE_FILE = "outcomes.jsonl";
/** Holds everything that came of the trials, chunk by chunk. */
export const CHUNK_FOLDER = "chunks";

/** Path of a chunk in its run folder. */
export function chunkFile(index: number): string {
  return `${CHUNK_FOLDER}/${String(index).padStart(6, "0")}.jsonl`;
}

/** Schema of the hashes that a checkpoint holds, one for each chunk. */
export const chunkHashesSchema = z.array(z.string());

/** Schema of the result of a run. */
export const samplingResultSchema = z.strictObject({
  trials: z.int().positive(),
  failed: z.int().nonnegative(),
  chunks: chunkHashesSchema,
  /** SHA-256 of the table's file. */
  table: z.string(),
});

/** The result of a run. */
export type SamplingResult = z.output<typeof samplingResultSchema>;

/** A finished run, as its folder tells. */
export interface FinishedSampling {
  readonly config: unknown;
  readonly result: SamplingResult;
}

const ADVICE = "restore it from a copy, or sample anew";

/** What a finished run in a folder says of itself; `null` where there is none. */
export async function readFinished(files: FileSystemPort, folder: string): Promise<FinishedSampling | null> {
  const [config, result] = await Promise.all(
    ["config.json", "result.json"].map((name) => files.read(`${folder}/${name}`)),
  );
  if (config == null || result == null || !isSampling(parseJson(config, `${folder}/config.json`))) return null;
  const file = `${folder}/result.json`;
  return {
    config: parseJson(config, `${folder}/config.json`),
    result: parseWritten(samplingResultSchema, parseJson(result, file), { file, advice: ADVICE }),
  };
}

/**
 * All outcomes of a run in the order of its plan, each chunk as it was written.
 *
 * @throws DataError naming the first chunk that is missing or differs.
 */
export async function readChunks(
  hashes: readonly string[],
  folder: string,
  read: (path: string) => Promise<Uint8Array | null>,
): Promise<readonly SampledOutcome[]> {
  const outcomes: SampledOutcome[] = [];
  for (const [index, hash] of hashes.entries()) {
    const path = chunkFile(index);
    const bytes = await read(path);
    outcomes.push(...decodeOutcomes(assertBytes(bytes, hash, `${folder}/${path}`), `${folder}/${path}`));
  }
  return outcomes;
}

/** The bytes of a file, if they are those that were written. */
export function assertBytes(bytes: Uint8Array | null, hash: string, file: string): Uint8Array {
  if (bytes === null) throw new DataError({ file }, "is missing", ADVICE);
  if (sha256(bytes) !== hash) throw new DataError({ file }, "is not what the sampling wrote", ADVICE);
  return bytes;
}

/** Whether a run's configuration is that of a sampling. */
export function isSampling(config: unknown): boolean {
  return typeof config === "object" && config !== null && "kind" in config && config.kind === SAMPLING_KIND;
}

function parseJson(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch (error) {
    throw new DataError({ file }, "is not JSON", ADVICE, { cause: error });
  }
}
