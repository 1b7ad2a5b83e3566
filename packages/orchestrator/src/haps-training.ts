import { fitCostScale } from "@haps/reward";
import type { CandidateId, Featurizer, FitContext } from "@haps/spec";
import { createRng } from "@haps/tensor";
import { armMeans } from "./action-space.ts";
import { calibrate } from "./calibration.ts";
import { type HapsConfig, type ResolvedHapsConfig, resolveHapsConfig } from "./config.ts";
import type { HapsModel } from "./haps-model.ts";
import { createMember, type HapsParts } from "./haps-parts.ts";
import { PolicyTrainer, type TrainerSnapshot, type TrainerStep } from "./policy-trainer.ts";

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
 * @throws ConfigError for a wrong configuration; HapsError code `data` for a table that cannot be learned from.
 */
export function startHapsTraining(
  context: FitContext,
  parts: HapsParts,
  options: HapsTrainingOptions = {},
): HapsTraining {
  const { training: table, seed, pool } = context;
  const config = resolveConfig(context, options.config);
  const questions = table.rows.map((row) => row.question);
  const featurizer = options.featurizer ?? parts.featurizer.fit(questions, seed);
  const costWeights = [...new Set(context.costWeights ?? [0])].sort((a, b) => a - b);
  const costScale =
    table.cost === undefined
      ? null
      : fitCostScale({ cost: table.cost, score: table.score, arms: table.arms.length }, config.objective.costScale);
  const candidates = new Map(pool.candidates.map((candidate) => [candidate.id, candidate]));
  const trainer = new PolicyTrainer({
    table,
    features: { values: featurizer.transform(questions), dimension: featurizer.dimension },
    makePolicy: (rng, prior) =>
      createMember({
        parts,
        pool,
        roles: table.task.roles.length,
        featureDimension: featurizer.dimension,
        config,
        rng,
        prior,
      }),
    settingsOf: (id: CandidateId) => {
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
  const finish = (): HapsModel => {
    const members = trainer.finish();
    const means = armMeans(members.rewards);
    const plain = (values: Float64Array): (number | null)[] =>
      Array.from(values, (value) => (Number.isNaN(value) ? null : value));
    return {
      config: {
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
        }),
        members: members.policies.length,
        featureDimension: featurizer.dimension,
        seed,
        trainingRows: table.rows.length,
        dataHash: table.hash,
      },
      featurizer,
      policies: members.policies,
      actions: members.actions,
    };
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

function resolveConfig(context: FitContext, config: HapsConfig = {}): ResolvedHapsConfig {
  const logged = context.training.propensity !== undefined && config.objective?.assignmentGradient === undefined;
  if (!logged) return resolveHapsConfig(config);
  return resolveHapsConfig({ ...config, objective: { ...config.objective, assignmentGradient: "reinforce" } });
}
