import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { appendOpening, type RunManifest, readOpenings } from "@haps/run";
import { canonicalJson } from "@haps/spec";
import { poolHashes } from "../pool/open-pool.ts";
import type { UnitProgress } from "./run-unit.ts";
import { runUnits } from "./run-units.ts";
import { sampleStudy } from "./sample-study.ts";
import type { StudyConfig } from "./study-config.ts";
import { openStudy, type StudyContext, type StudyPlace, studyBenchmark } from "./study-context.ts";
import { saveStudyPlace } from "./study-place-file.ts";
import { planUnits, type StudyUnit, type UnitRecord } from "./study-unit.ts";
import { readUnit } from "./unit-records.ts";

/** What {@link runStudy} needs. */
export interface RunStudyOptions {
  readonly config: StudyConfig;
  readonly poolFolder: string;
  /** Where runs, samples and the log of openings are. */
  readonly runsFolder: string;
  readonly seeds: readonly number[];
  /** Methods and routers to run; default all. */
  readonly only?: readonly string[];
  /** Processes that train; 0: none but this one. */
  readonly workers: number;
  readonly manifest: RunManifest;
  readonly time: string;
  readonly signal: AbortSignal;
  readonly onSampling?: (progress: { readonly split: string; readonly done: number; readonly total: number }) => void;
  readonly onPlanned?: (units: { readonly done: number; readonly total: number }) => void;
  readonly onUnit?: (unit: StudyUnit, milliseconds: number) => void;
  readonly onProgress?: (unit: StudyUnit, progress: UnitProgress) => void;
}

/** A study whose units have finished. */
export interface FinishedStudy {
  readonly place: StudyPlace;
  readonly records: readonly UnitRecord[];
  /** How often test of this benchmark was opened, this time included. */
  readonly openings: number;
}

const OPENINGS_FILE = "openings.jsonl";

/**
 * Samples assignments, trains and evaluates every method with every seed, each process on a core of its own.
 *
 * Killed at any moment and called again, it goes on where it was: samples, checkpoints and finished units are kept.
 */
export async function runStudy(options: RunStudyOptions): Promise<FinishedStudy> {
  const { config, poolFolder, runsFolder, seeds, manifest, signal } = options;
  const benchmark = studyBenchmark(config);
  const folder = studyFolder(options);
  await mkdir(folder, { recursive: true });
  let openings = 0;
  const samples = await sampleStudy({
    config,
    benchmark,
    poolFolder,
    samplesFolder: `${runsFolder}/samples`,
    manifest: { ...manifest, commit: null },
    signal,
    onTest: async () => {
      if (config.heldOut === "test") openings = await noteOpening(options, benchmark.hashes.test);
    },
    ...(options.onSampling === undefined ? {} : { onProgress: options.onSampling }),
  });
  const place: StudyPlace = { config, poolFolder, folder, samples, manifest };
  await saveStudyPlace(place);
  const units = planUnits(config, seeds).filter(({ method }) => options.only?.includes(method) ?? true);
  const missing: StudyUnit[] = [];
  for (const unit of units) if ((await readUnit(folder, unit)) === null) missing.push(unit);
  options.onPlanned?.({ done: units.length - missing.length, total: units.length });
  await runUnits(place, missing, {
    workers: options.workers,
    signal,
    onDone: (unit, milliseconds) => options.onUnit?.(unit, milliseconds),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  const records: UnitRecord[] = [];
  for (const unit of units) {
    const record = await readUnit(folder, unit);
    if (record === null) throw new Error(`internal: ${unit.method} with seed ${unit.seed} left no record`);
    records.push(record);
  }
  return { place, records, openings };
}

/** Opens what a finished study needs for its summary; the caller disposes it. */
export function openFinished({ place }: FinishedStudy): Promise<StudyContext> {
  return openStudy(place);
}

/** A folder for each configuration, pool and program: a unit is never mixed with those of another one. */
function studyFolder({ config, runsFolder, poolFolder, manifest }: RunStudyOptions): string {
  const identity = canonicalJson({ config, pool: poolHashes(poolFolder), manifest: { ...manifest, commit: null } });
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, 12);
  return `${runsFolder}/studies/${config.id}-${hash}`;
}

/** Adds to the log of openings, but once only for a run that goes on where it was stopped. */
async function noteOpening(
  { config, runsFolder, manifest, seeds, time, only }: RunStudyOptions,
  testHash: string,
): Promise<number> {
  const file = `${runsFolder}/${OPENINGS_FILE}`;
  const about = {
    experiment: config.benchmark,
    program: manifest.versions.haps ?? "unknown",
    configHash: createHash("sha256").update(canonicalJson(config)).digest("hex").slice(0, 12),
    dataHash: testHash,
    methods: [...(only ?? [...Object.keys(config.methods), ...config.routers])],
    seeds: [...seeds],
  };
  const { openings } = await readOpenings(file);
  const ofTest = openings.filter(
    ({ experiment, dataHash }) => experiment === config.benchmark && dataHash === testHash,
  );
  const isSame = ({ time: _, commit: __, schemaVersion: ___, ...opening }: (typeof openings)[number]): boolean =>
    canonicalJson(opening) === canonicalJson(about);
  if (ofTest.some(isSame)) return ofTest.length;
  return appendOpening(file, { ...about, time, commit: manifest.commit });
}
