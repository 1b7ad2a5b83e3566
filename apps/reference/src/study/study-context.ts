import type { RunManifest } from "@haps/run";
import { DataError } from "@haps/spec";
import { type BaseOutcomes, baseOutcomes } from "../live/base-outcomes.ts";
import { atlasHopLive, type LiveBenchmark, type LiveSplit } from "../live/live-benchmark.ts";
import { type LiveSetting, openLiveSetting } from "../live/live-setting.ts";
import { readSamples } from "../sampling/read-samples.ts";
import type { StudyConfig } from "./study-config.ts";

/** What every process of a study is given; plain JSON. */
export interface StudyPlace {
  readonly config: StudyConfig;
  /** Of the pool's models. */
  readonly poolFolder: string;
  /** Of the study's run. */
  readonly folder: string;
  /** Folder of the samples of each split. */
  readonly samples: Readonly<Record<LiveSplit, string>>;
  readonly manifest: RunManifest;
}

/** A study opened in one process. */
export interface StudyContext extends StudyPlace {
  readonly setting: LiveSetting;
  /** Outcomes of the base models; train is cut to what was sampled. */
  readonly outcomes: Readonly<Record<LiveSplit, BaseOutcomes>>;
  dispose(): Promise<void>;
}

/** The benchmark of a study. */
export function studyBenchmark(config: StudyConfig): LiveBenchmark {
  if (config.benchmark === "atlas-hop") return atlasHopLive(config.sizes, config.heldOut);
  throw new DataError({ file: config.id }, `no live benchmark "${config.benchmark}"`, "choose atlas-hop");
}

/** Questions of a split of which every assignment is played. */
export function sampledItems({ splits }: LiveBenchmark, config: StudyConfig, split: LiveSplit) {
  return split === "train" ? splits.train.slice(0, config.sampled) : splits[split];
}

/**
 * Opens a study whose assignments have been sampled.
 *
 * @returns The caller disposes it.
 * @throws UsageError where samples are missing; errors of `openLiveSetting`.
 */
export async function openStudy(place: StudyPlace, signal?: AbortSignal): Promise<StudyContext> {
  const benchmark = studyBenchmark(place.config);
  const setting = await openLiveSetting({
    benchmark,
    poolFolder: place.poolFolder,
    ...(signal === undefined ? {} : { signal }),
  });
  const read = async (split: LiveSplit): Promise<BaseOutcomes> => {
    const items = sampledItems(benchmark, place.config, split);
    const facts = new Map(items.map(({ question, labels }) => [question.id, { split, labels }]));
    const table = await readSamples({
      folder: place.samples[split],
      task: benchmark.workflow.task,
      pool: {
        candidates: setting.pool.candidates.map(({ id, price }) => ({ id, weights: "open", parameters: {}, price })),
      },
      factsOf: ({ id }) => facts.get(id) ?? { split, labels: {} },
    });
    return baseOutcomes(table, items);
  };
  try {
    return {
      ...place,
      setting,
      outcomes: { train: await read("train"), valid: await read("valid"), test: await read("test") },
      dispose: () => setting.dispose(),
    };
  } catch (error) {
    await setting.dispose();
    throw error;
  }
}
