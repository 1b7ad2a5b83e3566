import { trustedArmMeans } from "@haps/reward";
import type { CandidateId, Featurizer, FitContext, Settings } from "@haps/spec";
import { createRng } from "@haps/tensor";
import { calibrate } from "./calibration.ts";
import type { HapsConfig } from "./config.ts";
import type { HapsModel, HapsModelConfig } from "./haps-model.ts";
import { createMember, type HapsParts } from "./haps-parts.ts";
import { PolicyTrainer, type TrainedMembers, type TrainerSnapshot, type TrainerStep } from "./policy-trainer.ts";
import { resolveTrainingInput, type TrainingInput } from "./training-input.ts";

/** Training of one HAPS, a step at a time, so that the caller can show progress, save and stop. */
export interface HapsTraining {
  readonly totalSteps: number;
  readonly completedSteps: number;
  readonly done: boolean;
  /** One update. */
  step(): TrainerStep;
  /** A copy of everything that changes while training. */
  snapshot(): TrainerSnapshot;
  /** Continues from a snapshot of a training with the same context, parts and configuration. */
  restore(snapshot: TrainerSnapshot): void;
  /** Calibrates on held-out rows and hands the model over; the caller owns it. Code `state` before training is done. */
  finish(): HapsModel;
  /** Frees what `finish` has not handed over; may be called twice. */
  dispose(): void;
}

/** What {@link startHapsTraining} may be given beside context and parts. */
export interface HapsTrainingOptions {
  readonly config?: HapsConfig;
  /** A featurizer fitted on the same questions, to be shared; absent: one is fitted here. */
  readonly featurizer?: Featurizer;
}

/**
 * Prepares the training of HAPS on a table of outcomes: features are fitted, nothing is updated yet.
 *
 * Cost weights are those of the context, else quality only. Where the table has propensities the default objective is
 * `reinforce`, since `expected` would be biased.
 *
 * @throws ConfigError for a wrong configuration or cost weight; HapsError code `data` for a table that cannot be learned
 * from, such as one with a single text.
 */
export function startHapsTraining(
  context: FitContext,
  parts: HapsParts,
  options: HapsTrainingOptions = {},
): HapsTraining {
  const { training: table, seed } = context;
  const input = resolveTrainingInput(context, options.config);
  const questions = table.rows.map((row) => row.question);
  const featurizer = options.featurizer ?? parts.featurizer.fit(questions, seed);
  const trainer = createTrainer(context, parts, featurizer, input);
  const finish = (): HapsModel => {
    const members = trainer.finish();
    const { policies, actions } = members;
    return { config: describeModel(context, input, featurizer, members), featurizer, policies, actions };
  };
  return {
    totalSteps: trainer.totalSteps,
    get completedSteps() {
      return trainer.completedSteps;
    },
    get done() {
      return trainer.done;
    },
    step: () => trainer.step(),
    snapshot: () => trainer.snapshot(),
    restore: (snapshot) => trainer.restore(snapshot),
    finish,
    dispose: () => trainer.dispose(),
  };
}

function createTrainer(
  { training: table, pool, seed }: FitContext,
  parts: HapsParts,
  featurizer: Featurizer,
  { config, costScale, costWeights }: TrainingInput,
): PolicyTrainer {
  const candidates = new Map(pool.candidates.map((candidate) => [candidate.id, candidate]));
  const featureDimension = featurizer.dimension;
  const roles = table.task.roles.length;
  return new PolicyTrainer({
    table,
    pool,
    features: { values: featurizer.transform(table.rows.map((row) => row.question)), dimension: featureDimension },
    makePolicy: (rng, prior) => createMember({ parts, pool, roles, featureDimension, config, rng, prior }),
    settingsOf: (id: CandidateId): readonly Settings[] | null => {
      const candidate = candidates.get(id);
      return candidate === undefined ? null : parts.settingsOf(candidate);
    },
    levels: config.levels,
    objective: config.objective,
    costScale,
    costWeights,
    config: config.trainer,
    seed,
  });
}

function describeModel(
  { training: table, pool, seed }: FitContext,
  { config, costScale, costWeights }: TrainingInput,
  featurizer: Featurizer,
  members: TrainedMembers,
): HapsModelConfig {
  const means = trustedArmMeans(members.rewards);
  const plain = (values: Float64Array): (number | null)[] =>
    Array.from(values, (value) => (Number.isNaN(value) ? null : value));
  return {
    kind: "haps",
    formatVersion: 1,
    task: table.task,
    pool,
    arms: table.arms,
    config,
    costScale,
    costUnit: table.costUnit ?? null,
    means: { quality: plain(means.quality), cost: plain(means.cost) },
    calibration: calibrate({
      members,
      groups: table.rows.map((row) => row.group),
      costWeights,
      temperature: config.trainer.temperature,
      levels: config.levels,
      shrinkage: config.shrinkage,
      rng: createRng(seed).fork("calibration"),
      ...(table.propensity === undefined
        ? {}
        : { logged: { propensity: table.propensity, clip: config.objective.importanceClip } }),
    }),
    members: members.policies.length,
    featureDimension: featurizer.dimension,
    seed,
    trainingRows: table.rows.length,
    dataHash: table.hash,
  };
}
