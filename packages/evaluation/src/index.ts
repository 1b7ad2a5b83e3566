export { type ArmShares, armShares } from "./arm-shares.ts";
export { assertComparable } from "./assert-comparable.ts";
export { averageOverSeeds } from "./average-over-seeds.ts";
export { type ArmSummary, bestSingleArm, cheapestArm, summariseArms } from "./best-single-arm.ts";
export { type BootstrapOptions, bootstrapOptionsSchema } from "./bootstrap-options.ts";
export {
  type ClassRow,
  type ClassTable,
  type ClassTableOptions,
  classTable,
  classTableOptionsSchema,
} from "./class-table.ts";
export { type CollectedOutcomes, collectOutcomes, type OutcomesInput } from "./collect-outcomes.ts";
export {
  type CompareMethodsInput,
  compareMethods,
  type MethodComparison,
  type MethodComparisons,
  type PlannedComparison,
  type SeededMethod,
  type SeededMethodSummary,
} from "./compare-methods.ts";
export type { PricedOutcomes } from "./complete-questions.ts";
export {
  type CostQualityCurves,
  type CostQualityPoint,
  type CurvePoint,
  type CurvesInput,
  costQualityCurves,
  type MethodCurve,
} from "./cost-quality-curves.ts";
export {
  type CostQualityOptions,
  type CostQualityRatio,
  type CostQualityRatioInput,
  costQualityOptionsSchema,
  costQualityRatio,
  type RatioInterval,
} from "./cost-quality-ratio.ts";
export {
  type CrossValidationEvent,
  type CrossValidationInput,
  crossValidate,
  type JobPlan,
  planJobs,
  type SeedFolds,
} from "./cross-validate.ts";
export { assertFold, assertFolds, type Fold } from "./fold.ts";
export type { Interval } from "./group-bootstrap.ts";
export { holmAdjust } from "./holm.ts";
export { type HullAdvantage, type HullAdvantageInput, hullAdvantage } from "./hull-advantage.ts";
export type { MethodOutcomes, RecordsInput } from "./index-records.ts";
export { type JobRecord, jobName, jobRecordSchema, parseJobRecord } from "./job-record.ts";
export { type LabelBreakdown, type LabelBreakdownInput, type LabelRow, labelBreakdown } from "./label-breakdown.ts";
export type { CostRange } from "./mean-height.ts";
export { type Choices, type Outcomes, outcomesOfChoices } from "./outcomes.ts";
export { type PairedDifference, pairedBootstrap } from "./paired-bootstrap.ts";
export { questionOrder } from "./question-order.ts";
export { createRandomSource, type RandomSource } from "./random-source.ts";
export { REFERENCE_METHODS, type ReferenceMethod, referenceOutcomes } from "./reference-methods.ts";
export { type RoutingEntropy, routingEntropy } from "./routing-entropy.ts";
export { type JobInput, runJob } from "./run-job.ts";
export type { SeedScores } from "./seed-contrast.ts";
export { type ArmMixture, type HullVertex, mixtureAt, singleArmHull } from "./single-arm-hull.ts";
export { type SplitReferences, splitReferences } from "./split-references.ts";
export { type EvaluationSummary, type MethodSummary, type SummariseInput, summarise } from "./summarise.ts";
export type { CostScore } from "./upper-hull.ts";
