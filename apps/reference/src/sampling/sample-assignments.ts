import { type FileSystemPort, nodeFiles, openRun, type ProcessPort, type Run, type RunManifest } from "@haps/run";
import {
  type Arm,
  type CandidateId,
  ConfigError,
  canonicalJson,
  type Decoding,
  type Environment,
  HapsError,
  type LabelledQuestion,
  type Trial,
} from "@haps/spec";
import { createRng } from "@haps/tensor";
import { parseWritten } from "../parse-written.ts";
import { type AssignmentChoice, type AssignmentPlan, planAssignments } from "./assignment-plan.ts";
import { encodeOutcomes, type SampledOutcome, sampledOutcome, sha256, type TrialPlace } from "./sampled-outcome.ts";
import {
  assertBytes,
  CHUNK_FOLDER,
  chunkFile,
  chunkHashesSchema,
  isSampling,
  readChunks,
  readFinished,
  SAMPLING_KIND,
  type SamplingResult,
  TABLE_FILE,
} from "./sampling-layout.ts";
import { type QuestionFacts, tableRecords } from "./table-lines.ts";

/** What to sample and where to keep it. */
export interface SampleAssignmentsOptions {
  /** Of the run; made where it is missing. */
  readonly folder: string;
  readonly environment: Environment;
  /** In the order of the table's rows. */
  readonly questions: readonly LabelledQuestion[];
  /** In the order of the pool. */
  readonly candidates: readonly CandidateId[];
  /** Default: all. */
  readonly choice?: AssignmentChoice;
  /** Of every role. */
  readonly decoding: Decoding;
  readonly seed: number;
  /** Trials between two checkpoints, at least 1; what is cut off in between is played again. Default 512. */
  readonly chunk?: number;
  /** Labels and split for the table's file, as they are when the run ends. Default: none. */
  readonly factsOf?: (question: LabelledQuestion) => QuestionFacts;
  /** Of an unfinished run it must stay the same; a finished one is known by its configuration alone. */
  readonly manifest: RunManifest;
  /** Forgets a sampling that lies in the folder. Default `false`. */
  readonly fresh?: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: SamplingProgress) => void;
  /** Default: the file system of Node. */
  readonly files?: FileSystemPort;
  /** Default: the running Node process. */
  readonly process?: ProcessPort;
}

/** How far a sampling has come. */
export interface SamplingProgress {
  /** Trials that have ended, those of earlier processes too. */
  readonly done: number;
  readonly total: number;
}

/** A finished sampling. */
export interface SampledAssignments {
  /** Path of the outcome table, for every command on logged outcomes. */
  readonly tableFile: string;
  readonly trials: number;
  /** Trials without a score; cells of the table that were not run. */
  readonly failed: number;
  /** Trials that earlier processes had played. */
  readonly resumedFrom: number;
  /** True when an earlier process had finished it. */
  readonly wasComplete: boolean;
}

const CHUNK = 512;

/** A trial and where its outcome belongs. */
interface PlannedTrial extends TrialPlace {
  readonly trial: Trial;
}

/**
 * Plays questions with assignments of base models, chunk by chunk in a run folder, and keeps the outcomes as a table.
 *
 * Killed at any moment and called again, it goes on after the last chunk and ends in the same bytes. A finished run with the same
 * environment, questions, candidates, choice, decoding, seed and chunk is not played again, whatever program made it.
 *
 * @throws The signal's reason; ConfigError for what cannot be planned, code `config` when the folder holds another sampling, saying what
 *   differs; DataError for damaged files; errors of the environment.
 */
export async function sampleAssignments(options: SampleAssignmentsOptions): Promise<SampledAssignments> {
  const { folder, environment, questions, candidates, choice = { kind: "all" }, seed, files = nodeFiles } = options;
  const plan = planAssignments({ task: environment.task, candidates, questions, choice, seed });
  const config = configOf(options, choice);
  const tableFile = `${folder}/${TABLE_FILE}`;
  const finished = options.fresh === true ? null : await readFinished(files, folder);
  if (finished !== null && canonicalJson(finished.config) === canonicalJson(config)) {
    const { trials, failed, table } = finished.result;
    assertBytes(await files.read(tableFile), table, tableFile);
    return { tableFile, trials, failed, resumedFrom: trials, wasComplete: true };
  }
  const run = await openSampling(options, config);
  try {
    const planned = plannedTrials(options, plan);
    const chunks = chunksOf(planned, chunkSize(options));
    const hashes = hashesOf(run);
    const resumedFrom = chunks.slice(0, hashes.length).flat().length;
    await run.appendTiming({ from: resumedFrom, commit: options.manifest.commit });
    let done = resumedFrom;
    for (const [index, chunk] of chunks.entries()) {
      if (index < hashes.length) continue;
      const outcomes = await playChunk(chunk, options, (ended) =>
        options.onProgress?.({ done: done + ended, total: planned.length }),
      );
      hashes.push(await keepChunk(run, index, outcomes, hashes));
      done += chunk.length;
    }
    const { failed } = await finishSampling(run, hashes, options, plan);
    return { tableFile, trials: planned.length, failed, resumedFrom, wasComplete: false };
  } finally {
    await run.close();
  }
}

/** Everything that decides the table, and the size of chunks, which decides the other bytes of the folder. */
function configOf(options: SampleAssignmentsOptions, choice: AssignmentChoice): Readonly<Record<string, unknown>> {
  const { environment, questions, candidates, decoding, seed } = options;
  return {
    kind: SAMPLING_KIND,
    version: 1,
    environment: environment.hash,
    task: environment.task.id,
    questions: { count: questions.length, hash: questionsHash(questions) },
    candidates,
    choice,
    decoding,
    seed,
    chunk: chunkSize(options),
  };
}

/** SHA-256 of questions with their gold answers, in their order. */
export function questionsHash(questions: readonly LabelledQuestion[]): string {
  return sha256(canonicalJson(questions.map(({ id, text, context = null, gold }) => ({ id, text, context, gold }))));
}

function chunkSize({ chunk = CHUNK }: SampleAssignmentsOptions): number {
  if (Number.isSafeInteger(chunk) && chunk >= 1) return chunk;
  throw new ConfigError("sampleAssignments", [{ path: "chunk", message: `${chunk} is not a whole number from 1` }]);
}

async function openSampling(options: SampleAssignmentsOptions, config: unknown): Promise<Run> {
  const { folder, manifest, fresh, files, process } = options;
  return openRun({
    folder,
    config,
    // The versions hold a hash of the code: a commit that changes no code must not end a sampling.
    manifest: { ...manifest, commit: null },
    ...(fresh === true ? { fresh: { isOwn: isSampling, names: [CHUNK_FOLDER, TABLE_FILE] } } : {}),
    ...(files === undefined ? {} : { files }),
    ...(process === undefined ? {} : { process }),
  });
}

function plannedTrials(
  { questions, decoding, seed }: SampleAssignmentsOptions,
  { arms, armsOf }: AssignmentPlan,
): readonly PlannedTrial[] {
  const rng = createRng(seed);
  return questions.flatMap((question, row) =>
    (armsOf[row] ?? []).map((arm) => {
      const players = Object.entries(arms[arm] as Arm).map(([role, { candidate }]) => [role, { candidate, decoding }]);
      const id = canonicalJson([question.id, arms[arm]]);
      // Of the trial's own, so that it stays the same beside other questions and assignments.
      const trialSeed = rng.fork(`trial/${id}`).integer(2 ** 32);
      const trial: Trial = { id, question, roles: Object.fromEntries(players) as Trial["roles"], seed: trialSeed };
      return { questionId: question.id, arm, trial };
    }),
  );
}

function chunksOf<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

function hashesOf({ checkpoint, folder }: Run): string[] {
  const bytes = checkpoint?.files["chunks.json"];
  if (bytes === undefined) return [];
  const place = { file: `${folder}/checkpoint`, advice: "restore it from a copy, or sample anew" };
  return parseWritten(chunkHashesSchema, JSON.parse(new TextDecoder().decode(bytes)) as unknown, place);
}

/** The outcomes of a chunk in the order of its trials, however they came. */
async function playChunk(
  chunk: readonly PlannedTrial[],
  { environment, signal }: SampleAssignmentsOptions,
  onEnded: (ended: number) => void,
): Promise<readonly SampledOutcome[]> {
  signal.throwIfAborted();
  const placeOf = new Map<string, TrialPlace>(chunk.map(({ trial, ...place }) => [trial.id, place]));
  const outcomes = new Map<string, SampledOutcome>();
  const trials = chunk.map(({ trial }) => trial);
  try {
    for await (const outcome of environment.run(trials, { signal })) {
      const place = placeOf.get(outcome.trialId);
      if (place !== undefined) outcomes.set(outcome.trialId, sampledOutcome(outcome, place));
      onEnded(outcomes.size);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  return trials.map(({ id }) => {
    const outcome = outcomes.get(id);
    if (outcome !== undefined) return outcome;
    const message = `sampleAssignments: the environment gave no outcome for trial ${id}; expected one for each`;
    throw new HapsError("state", message, { trial: id });
  });
}

/** Writes a chunk and points the checkpoint to it; returns its hash. */
async function keepChunk(
  run: Run,
  index: number,
  outcomes: readonly SampledOutcome[],
  hashes: readonly string[],
): Promise<string> {
  const bytes = encodeOutcomes(outcomes);
  const hash = sha256(bytes);
  await run.writeFile(chunkFile(index), bytes);
  const scores = outcomes.flatMap((outcome) => ("score" in outcome ? [outcome.score] : []));
  const meanScore = scores.length === 0 ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length;
  await run.appendMetric({ chunk: index, trials: outcomes.length, scored: scores.length, meanScore });
  const state = new TextEncoder().encode(`${JSON.stringify([...hashes, hash])}\n`);
  await run.saveCheckpoint(index + 1, { "chunks.json": state });
  return hash;
}

async function finishSampling(
  run: Run,
  hashes: readonly string[],
  { questions, factsOf }: SampleAssignmentsOptions,
  { arms }: AssignmentPlan,
): Promise<SamplingResult> {
  const outcomes = await readChunks(hashes, run.folder, (path) => run.readFile(path));
  const parts = { arms, questions, ...(factsOf === undefined ? {} : { factsOf }) };
  const lines = [...tableRecords(outcomes, parts)].map((record) => `${JSON.stringify(record)}\n`);
  const bytes = new TextEncoder().encode(lines.join(""));
  await run.writeFile(TABLE_FILE, bytes);
  const failed = outcomes.filter((outcome) => !("score" in outcome)).length;
  const result = { trials: outcomes.length, failed, chunks: [...hashes], table: sha256(bytes) };
  await run.finish(result);
  return result;
}
