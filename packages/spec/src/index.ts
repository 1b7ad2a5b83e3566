export { type Arm, type ArmChoice, armKey, armLabel, singleRoleArm } from "./arm.ts";
export { canonicalJson } from "./canonical-json.ts";
export { closestName } from "./closest-name.ts";
export { type ArmScores, createScoredRouter, type ScoredRouterOptions } from "./create-scored-router.ts";
export { decideByScores, type ScoredArms } from "./decide-by-scores.ts";
export type {
  CallFailure,
  CallRecord,
  ChatMessage,
  Decoding,
  Engine,
  EngineCapabilities,
  FinishReason,
  Generation,
  GenerationCall,
  GenerationChunk,
  GradientEngine,
  GradientItem,
  LogProbKind,
  LoraGradients,
  Prompt,
  Settled,
} from "./engine.ts";
export type { Environment, Outcome, OutcomeBase, RolePlayer, RoleUsage, Scorer, Trial } from "./environment.ts";
export type {
  EpisodeEnd,
  EpisodeFailure,
  EpisodeTrace,
  TracedCall,
  TracedFailedCall,
  TracedFailedRetrieval,
  TracedRetrieval,
  TracedRole,
  TraceEntry,
} from "./episode-trace.ts";
export {
  ConfigError,
  type ConfigIssue,
  DataError,
  type DataLocation,
  type ErrorCode,
  type ErrorFacts,
  HapsError,
  quoteValue,
  ShapeError,
} from "./errors.ts";
export type { Featurizer, FeaturizerFactory } from "./featurizer.ts";
export { legalArms } from "./legal-arms.ts";
export type { LoraFactors, LoraWeights } from "./lora-weights.ts";
export { type Cells, type OutcomeTable, selectRows, type TableRow } from "./outcome-table.ts";
export { parseConfig } from "./parse-config.ts";
export {
  type Candidate,
  type Dimension,
  LORA_PROJECTIONS,
  type LoraSpace,
  type LoraTarget,
  type Money,
  type ParameterSpace,
  type Pool,
  type Price,
  type Settings,
} from "./pool.ts";
export {
  type Abortable,
  type Decision,
  decisionArm,
  type RankedAssignment,
  type RoleChoice,
  type Router,
  type RouterInfo,
  type RoutingRequest,
} from "./router.ts";
export type { CreateRouter, FitContext, FitEvent, RouterFactory } from "./router-factory.ts";
export {
  ANSWERER,
  type CandidateId,
  type Gold,
  type LabelledQuestion,
  type Question,
  type Role,
  type RoleId,
  type Task,
} from "./task.ts";
export type {
  Effect,
  EndReason,
  Episode,
  Paragraph,
  Reply,
  Retrieval,
  Retriever,
  RoleCall,
  Step,
  Workflow,
} from "./workflow.ts";
