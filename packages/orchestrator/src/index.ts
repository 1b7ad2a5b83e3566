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
export { createPolicy, type PolicyParts } from "./policy.ts";
export type { TrainerSnapshot, TrainerStep } from "./policy-trainer.ts";
