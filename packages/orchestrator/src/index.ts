export type { PolicyPrior, UtilityPrior } from "./action-prior.ts";
export type { ActionSpace } from "./action-space.ts";
export type { CalibratedPoint, Calibration } from "./calibration.ts";
export {
  type HapsConfig,
  hapsConfigSchema,
  type ResolvedHapsConfig,
  type ResolvedShrinkageConfig,
  type ResolvedTrainerConfig,
  resolveHapsConfig,
  type ShrinkageConfig,
  type TrainerConfig,
} from "./config.ts";
export { type HapsModel, type HapsModelConfig, modelArrays, restoreHapsModel } from "./haps-model.ts";
export type { HapsParts } from "./haps-parts.ts";
export { createHapsRouter, type HapsRouterOptions } from "./haps-router.ts";
export { type HapsTraining, type HapsTrainingOptions, startHapsTraining } from "./haps-training.ts";
export { bothLevels, type Levels } from "./levels.ts";
export {
  createJointTrainer,
  type JointProgress,
  type JointTrainer,
  type JointTrainerOptions,
} from "./live/create-joint-trainer.ts";
export {
  type CurvePoint,
  createLiveTraining,
  type LiveTraining,
  type LiveTrainingOptions,
  type LiveTrainingProgress,
  type ResumableTrainer,
  type StopReason,
  type TrainingEvent,
  type Validation,
} from "./live/create-live-training.ts";
export { createPromptPolicy, type PromptPolicyParts } from "./live/create-prompt-policy.ts";
export {
  createWarmUp,
  type ResolvedWarmUpTrainerConfig,
  type WarmUp,
  type WarmUpOptions,
  type WarmUpProgress,
  type WarmUpRow,
  type WarmUpStep,
  type WarmUpTrainerConfig,
  warmUpTrainerSchema,
} from "./live/create-warm-up.ts";
export { type AssignmentChoice, type DecideLiveOptions, decideLive, type LiveDecision } from "./live/decide-live.ts";
export { type EvaluateLiveOptions, evaluateLive, type LiveEvaluation, type LiveResult } from "./live/evaluate-live.ts";
export type { JointStep } from "./live/joint-step.ts";
export {
  type JointTrainerConfig,
  jointTrainerSchema,
  type ResolvedJointTrainerConfig,
} from "./live/joint-trainer-config.ts";
export type { LiveQuestion } from "./live/live-question.ts";
export {
  type LiveTrainingConfig,
  liveTrainingSchema,
  type ResolvedLiveTrainingConfig,
} from "./live/live-training-config.ts";
export type { LiveTrainingState } from "./live/live-training-state.ts";
export { type MakeTrialsOptions, makeTrials } from "./live/make-trials.ts";
export {
  type OptimizationConfig,
  optimizationSchema,
  type ResolvedOptimizationConfig,
} from "./live/optimization-config.ts";
export { type ReleasedTraining, type ReleasedTrainingOptions, releasedTraining } from "./live/released-training.ts";
export { createPolicy, type PolicyParts } from "./policy.ts";
export type { TrainerSnapshot, TrainerStep } from "./policy-trainer.ts";
