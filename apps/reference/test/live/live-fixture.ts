import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Environment, Outcome } from "@haps/spec";
import { loadBackend } from "@haps/tensor";
import { afterAll, beforeAll } from "vitest";
import { type LiveMethod, type LiveMethodInput, liveMethodSchema } from "../../src/live/live-method.ts";
import { type LiveSetting, openLiveSetting } from "../../src/live/live-setting.ts";
import type { TrainingOutcomes, TrainLiveMethodOptions } from "../../src/live/train-live-method.ts";
import { plantedOutcomes } from "./planted-outcomes.ts";
import { tinyBenchmark, writeTinyPool } from "./tiny-pool.ts";

export const MANIFEST = { versions: { haps: "test" }, backend: "test", commit: null, dataHash: null };

/** Two steps of warm-up and two of joint training. */
export const TINY_METHOD: LiveMethodInput = {
  low: { rank: 2, trunkWidth: 8, init: "xavier" },
  warmUp: {
    objective: { warmUp: { kind: "soft", temperature: 0.2 } },
    trainer: { rowsPerStep: 4, optimizer: { learningRate: 0.01 } },
    training: { steps: 2, validateEvery: 1 },
  },
  joint: {
    objective: {
      assignmentGradient: "reinforce",
      parameterGradient: "tokenLikelihood",
      baseline: { kind: "leaveOneOut" },
    },
    trainer: { questionsPerStep: 2, rollouts: 4, episodesPerAssignment: 2, optimizer: { learningRate: 0.01 } },
    // Without a look at the start the trained weights are the best ones, whatever their noise scores.
    training: { steps: 2, validateEvery: 2, validateAtStart: false },
  },
};

/** {@link TINY_METHOD} with parts replaced. */
export function tinyMethod(changes: Partial<LiveMethodInput> = {}): LiveMethod {
  return liveMethodSchema.parse({ ...TINY_METHOD, ...changes });
}

/** Where tests of a file find a pool of untrained models and a setting that is disposed after them. */
export interface TinyPlace {
  readonly root: string;
  readonly poolFolder: string;
  readonly setting: LiveSetting;
}

/** Makes a {@link TinyPlace} before the tests of a file. */
export function useTinyPlace(): () => TinyPlace {
  let place: TinyPlace | undefined;
  beforeAll(async () => {
    await loadBackend();
    const root = mkdtempSync(join(tmpdir(), "haps-live-"));
    const poolFolder = join(root, "pool");
    await writeTinyPool(poolFolder);
    const setting = await openLiveSetting({ benchmark: tinyBenchmark(), poolFolder });
    place = { root, poolFolder, setting: { ...setting, environment: withNoisyScores(setting.environment) } };
  });
  afterAll(async () => {
    await place?.setting.dispose();
    if (place !== undefined) rmSync(place.root, { recursive: true, force: true });
  });
  return () => place as TinyPlace;
}

/** Untrained models are never right: an answer scores by its tokens here, so that there is something to learn. */
export function withNoisyScores(environment: Environment): Environment {
  const scored = (outcome: Outcome): Outcome => {
    if (!("score" in outcome)) return outcome;
    const tokens = (outcome.calls ?? []).flatMap((call) => call.tokens);
    const score = tokens.filter((token) => token % 2 === 0).length / Math.max(1, tokens.length);
    return { ...outcome, score };
  };
  return {
    ...environment,
    async *run(trials, options) {
      for await (const outcome of environment.run(trials, options)) yield scored(outcome);
    },
  };
}

/** Base models with large in both roles best and dearest. */
export function tinyOutcomes({ benchmark: { splits } }: LiveSetting): TrainingOutcomes {
  const planted = { score: () => [0.1, 0.2, 0.4, 0.9], cost: () => [1, 2, 3, 4] };
  return { train: plantedOutcomes(splits.train.slice(0, 6), planted), valid: plantedOutcomes(splits.valid, planted) };
}

/** A training of {@link TINY_METHOD}. */
export function tinyTraining(
  setting: LiveSetting,
  folder: string,
  changes: Partial<TrainLiveMethodOptions> = {},
): TrainLiveMethodOptions {
  return {
    setting,
    method: tinyMethod(),
    outcomes: tinyOutcomes(setting),
    seed: 1,
    folder,
    identity: {},
    manifest: MANIFEST,
    signal: new AbortController().signal,
    ...changes,
  };
}
