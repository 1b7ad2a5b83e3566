export { type AffineReader, affineReader } from "./affine-reader.ts";
export { allAssignments, assignmentCode, assignmentOf } from "./assignment-order.ts";
export { type BackendAttempt, type BackendName, type LoadedBackend, loadBackend } from "./backend.ts";
export { checkLoraFactor, checkLoraWeights } from "./check-lora-weights.ts";
export type {
  AssignmentDistribution,
  AssignmentHead,
  AssignmentOptions,
  AssignmentReader,
  AssignmentScorer,
  Backbone,
  BackboneReader,
  EncodedPrompts,
  EncodeOptions,
  LoraGenerator,
  LoraTargetTensors,
  LoraTensors,
  ParameterGenerator,
  ParameterReader,
  Policy,
  PolicyBatch,
  PolicyOutput,
  PolicyReader,
  PromptBackbone,
  PromptPolicy,
  PromptPolicyBatch,
  PromptPolicyOutput,
  SettingsDistribution,
  TokenPrompt,
} from "./contracts.ts";
export { type DifferentiableOperation, differentiable, type LazyGradient } from "./differentiable.ts";
export { firstNonFinite } from "./first-non-finite.ts";
export { createFloatStore, type FloatStore } from "./kernels/float-store.ts";
export { type LogitPeak, logitPeak } from "./kernels/logit-peak.ts";
export { peekValues } from "./kernels/peek-values.ts";
export type { AttentionPast, AttentionSegment } from "./kernels/segment-layout.ts";
export {
  type ApplyAttentionOptions,
  type AttentionLayerOptions,
  applyAttention,
  attentionParameters,
} from "./layers/attention-layer.ts";
export { applyDecoderBlock, type DecoderBlockOptions, decoderBlockParameters } from "./layers/decoder-block.ts";
export { applyLinear, type LinearLayerOptions, linearParameters } from "./layers/linear-layer.ts";
export { applyMlp, type MlpLayerOptions, mlpParameters } from "./layers/mlp-layer.ts";
export { applyNorm, type NormKind, normParameters } from "./layers/norm-layer.ts";
export { constantVector, normalMatrix, type Parameters } from "./layers/parameters.ts";
export { logSoftmaxOf, type NormalisedRow } from "./log-softmax-of.ts";
export { surrogateLoss } from "./lora-surrogate.ts";
export { loraTargetName } from "./lora-target-name.ts";
export { loraUpdateNorms } from "./lora-update-norms.ts";
export { loraWeightsOf } from "./lora-weights-of.ts";
export { type AddLowRankOptions, addLowRank } from "./ops/add-low-rank.ts";
export { type AttentionOptions, attention } from "./ops/attention.ts";
export { dense } from "./ops/dense.ts";
export { embedding } from "./ops/embedding.ts";
export { type GeluForm, gelu } from "./ops/gelu.ts";
export { linear } from "./ops/linear.ts";
export { FORBIDDEN_LOG_PROBABILITY, type LogSoftmaxOptions, logSoftmax } from "./ops/log-softmax.ts";
export { layerNorm, type NormOptions, rmsNorm } from "./ops/normalise-rows.ts";
export { type RopeOptions, rope } from "./ops/rope.ts";
export { type RopeRowsOptions, ropeRows } from "./ops/rope-rows.ts";
export { type SegmentAttentionOptions, segmentAttention } from "./ops/segment-attention.ts";
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from "./ops/softmax-cross-entropy.ts";
export { swiglu } from "./ops/swiglu.ts";
export { swigluPair } from "./ops/swiglu-pair.ts";
export { type ClippedGradients, clipByGlobalNorm, globalNorm } from "./optimizers/clip-by-global-norm.ts";
export { type AdamWConfig, adamWConfigSchema, createAdamW } from "./optimizers/create-adam-w.ts";
export { createSgd, type SgdConfig, sgdConfigSchema } from "./optimizers/create-sgd.ts";
export type { Gradients, Optimizer, OptimizerState } from "./optimizers/optimizer.ts";
export { type ParameterGroup, parameterGroupSchema } from "./optimizers/parameter-groups.ts";
export { type GradientPenalty, pullToStart } from "./optimizers/pull-to-start.ts";
export { createSchedule, type Schedule, type ScheduleConfig, scheduleConfigSchema } from "./optimizers/schedule.ts";
export { createRng, type Rng, type RngState } from "./rng.ts";
export type { SafetensorsDtype } from "./safetensors/dtype.ts";
export {
  type ByteSource,
  type OpenSafetensors,
  openSafetensors,
  type SafetensorsEntry,
} from "./safetensors/open-safetensors.ts";
export {
  type ReadSafetensorsOptions,
  readSafetensors,
  type SafetensorsContent,
} from "./safetensors/read-safetensors.ts";
export { type WriteSafetensorsOptions, writeSafetensors } from "./safetensors/write-safetensors.ts";
export { assertShape } from "./shape.ts";
export type { WordPair } from "./threefry.ts";
export { tidyValue } from "./tidy-value.ts";
export {
  type LossAndGradients,
  lossAndGradients,
  type TrainStepOptions,
  type TrainStepResult,
  trainStep,
} from "./train-step.ts";
export { untaped } from "./untaped.ts";
export {
  createVariables,
  joinVariables,
  type NamedArray,
  type NamedVariables,
  readVariables,
  writeVariables,
} from "./variables.ts";
