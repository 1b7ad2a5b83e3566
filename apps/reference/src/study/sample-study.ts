import { createHash } from "node:crypto";
import type { RunManifest } from "@haps/run";
import type { LiveBenchmark, LiveSplit } from "../live/live-benchmark.ts";
import { openLiveSetting } from "../live/live-setting.ts";
import { sampleAssignments } from "../sampling/sample-assignments.ts";
import type { StudyConfig } from "./study-config.ts";
import { sampledItems } from "./study-context.ts";

/** What {@link sampleStudy} needs. */
export interface SampleStudyOptions {
  readonly config: StudyConfig;
  readonly benchmark: LiveBenchmark;
  readonly poolFolder: string;
  /** Holds a folder for each sampling; studies of one pool share them. */
  readonly samplesFolder: string;
  readonly manifest: RunManifest;
  readonly signal: AbortSignal;
  /** Called before a trial of test is played. */
  readonly onTest: () => Promise<void>;
  readonly onProgress?: (progress: {
    readonly split: LiveSplit;
    readonly done: number;
    readonly total: number;
  }) => void;
}

const SPLITS: readonly LiveSplit[] = ["train", "valid", "test"];
/** Trials between two checkpoints. */
const CHUNK = 1024;

/**
 * Plays every assignment of the base models on the questions of a study, once for all studies of the same questions and pool.
 *
 * @returns Folder of each split's samples.
 */
export async function sampleStudy(options: SampleStudyOptions): Promise<Readonly<Record<LiveSplit, string>>> {
  const { config, benchmark, poolFolder, samplesFolder, manifest, signal } = options;
  const setting = await openLiveSetting({ benchmark, poolFolder, signal });
  try {
    const folders: Partial<Record<LiveSplit, string>> = {};
    for (const split of SPLITS) {
      const items = sampledItems(benchmark, config, split);
      const facts = new Map(items.map(({ question, labels }) => [question.id, { split, labels }]));
      const identity = [setting.environment.hash, ...items.map(({ question }) => question.id)].join("\n");
      const name = `${benchmark.id}-${split}-${createHash("sha256").update(identity).digest("hex").slice(0, 12)}`;
      const folder = `${samplesFolder}/${name}`;
      if (split === "test") await options.onTest();
      await sampleAssignments({
        folder,
        environment: setting.environment,
        questions: items.map(({ question }) => question),
        candidates: setting.pool.candidates.map(({ id }) => id),
        decoding: setting.decoding,
        seed: 1,
        chunk: CHUNK,
        factsOf: ({ id }) => facts.get(id) ?? { split },
        manifest,
        signal,
        onProgress: ({ done, total }) => options.onProgress?.({ split, done, total }),
      });
      folders[split] = folder;
    }
    return folders as Record<LiveSplit, string>;
  } finally {
    await setting.dispose();
  }
}
