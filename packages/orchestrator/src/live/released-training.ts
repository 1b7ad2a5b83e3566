import { type ObjectiveConfig, objectivePresets, type ResolvedObjectiveConfig, resolveObjective } from "@haps/reward";
import { parseConfig } from "@haps/spec";
import { z } from "zod";
import type { JointTrainerConfig } from "./joint-trainer-config.ts";
import type { LiveTrainingConfig } from "./live-training-config.ts";

const releasedSchema = z.strictObject({
  questions: z.int().positive(),
  epochs: z.int().positive().default(3),
  maxTokens: z.int().positive().default(256),
  learningRate: z.number().positive().default(1e-5),
  backboneFactor: z.number().nonnegative().default(0.1),
});

/** Sizes and rates of {@link releasedTraining}. */
export interface ReleasedTrainingOptions {
  /** Questions to train on: the learning rate falls over all passes. */
  readonly questions: number;
  /** Passes over them. Default 3. */
  readonly epochs?: number;
  /** Most tokens of a call. Default 256. */
  readonly maxTokens?: number;
  /** Of the generators. Default 1e-5, which suits generators for models of several billion parameters. */
  readonly learningRate?: number;
  /** What the backbone's rate is of that. Default 0.1: 1e-6. */
  readonly backboneFactor?: number;
}

/** The authors' algorithm as options of the common trainer. */
export interface ReleasedTraining {
  readonly objective: ResolvedObjectiveConfig;
  readonly trainer: JointTrainerConfig;
  readonly training: LiveTrainingConfig;
}

/**
 * Options under which `createJointTrainer` and `createLiveTraining` do what the authors' code does.
 *
 * One question and one episode per update; the best assignment, which gets no gradient; tokens from their nucleus of 0.9 at temperature
 * 1; `loss = -R Σ log π(token)` over all calls with π renormalised on the nucleus, R the score with 0 as -1; no baseline, length
 * normalisation, entropy or clipping; AdamW, linear to a tenth; a look at valid every 30 questions, 4 looks of patience.
 *
 * @throws ConfigError naming every field that is wrong.
 *
 * Deviations: float32 throughout, one schedule for all parts (theirs advances a generator's only when it is used), all LLMs resident,
 * evaluation in batches.
 *
 * @example
 * ```ts
 * const { trainer, training } = releasedTraining({ questions: 300 });
 * console.assert(trainer.questionsPerStep === 1 && training.steps === 900);
 * ```
 */
export function releasedTraining(options: ReleasedTrainingOptions): ReleasedTraining {
  const { questions, epochs, maxTokens, learningRate, backboneFactor } = parseConfig(
    "releasedTraining",
    releasedSchema,
    options,
  );
  const steps = questions * epochs;
  const objective: ObjectiveConfig = { ...objectivePresets.released, parameterGradient: "tokenLikelihood" };
  return {
    objective: resolveObjective(objective),
    trainer: {
      questionsPerStep: 1,
      rollouts: 1,
      decoding: { temperature: 1, topP: 0.9, nucleus: "released", maxTokens },
      likelihood: "sampled",
      tokenReduction: "sum",
      optimizer: {
        learningRate: { kind: "linear", rate: learningRate, totalSteps: steps, finalRate: learningRate / 10 },
      },
      parts: { backbone: { learningRateFactor: backboneFactor, weightDecay: 0.01 } },
      clipNorm: null,
    },
    training: { steps, validateEvery: 30, patience: 4, validateAtStart: false },
  };
}
