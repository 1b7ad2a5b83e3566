export {
  type AdvantageResult,
  type BaselineConfig,
  type BaselineState,
  baselineSchema,
  computeAdvantages,
  initialBaselineState,
  type SampledRewards,
} from "./advantages.ts";
export { type ArmIndex, type ArmIndexOptions, armLogProbs, createArmIndex } from "./arm-index.ts";
export { type ArmMeans, armMeans, rewardsAt, trustedArmMeans } from "./arm-means.ts";
export { type CostScale, type CostScaleTable, costScaleSchema, fitCostScale, normaliseCost } from "./cost-scale.ts";
export { type ArmLogProbs, type ExpectedLossOptions, expectedLoss } from "./expected-loss.ts";
export {
  assertObjectiveFits,
  type ObjectiveConfig,
  objectivePresets,
  objectiveSchema,
  type ResolvedObjectiveConfig,
  resolveObjective,
  type WarmUpConfig,
  warmUpSchema,
} from "./objective-config.ts";
export { readArmLogProbs } from "./read-arm-log-probs.ts";
export {
  type RewardCells,
  type RewardTerms,
  type RewardWeights,
  reward,
  rewardCells,
  type Shaping,
  shapeQuality,
} from "./reward.ts";
export { type RewardTable, rewardAt, rewardTable } from "./reward-table.ts";
export { type SampledLogProbs, type SampledLossOptions, type SampledOutcomes, sampledLoss } from "./sampled-loss.ts";
export { stopGradient } from "./stop-gradient.ts";
export { warmUpLoss } from "./warm-up-loss.ts";
export {
  type HardBestOptions,
  hardBest,
  softTargets,
  type TiePolicy,
  type WarmUpTargets,
} from "./warm-up-targets.ts";
