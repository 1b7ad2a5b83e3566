export {
  type AssignmentTokens,
  assignmentText,
  type EncodeAssignmentsOptions,
  encodeAssignments,
  type RoleTokens,
} from "./backbone/assignment-tokens.ts";
export { createTransformerBackbone, type TransformerBackboneOptions } from "./backbone/create-transformer-backbone.ts";
export { encodePrompt, type PromptParts } from "./backbone/encode-prompt.ts";
export type { Pooling } from "./backbone/pool-states.ts";
export { checkLora, projectionSize } from "./decoder/check-lora.ts";
export { type DecoderRows, packSequences } from "./decoder/decoder-rows.ts";
export { createKeyValueCache, type KeyValueCache, type KeyValueCacheOptions } from "./decoder/key-value-cache.ts";
export type { LoraRows } from "./decoder/lora-rows.ts";
export { type LoraSamples, loraSamplesOf } from "./decoder/lora-samples.ts";
export { ropeFrequencies } from "./decoder/rope-frequencies.ts";
export { embedTokens, finalNorm, logitsOf, type RunLayersOptions, runLayers } from "./decoder/run-decoder.ts";
export { type LoraDivergence, loraDivergence } from "./effect/lora-divergence.ts";
export {
  type LoraUpdateSize,
  loraUpdateSizes,
  type TargetUpdateSize,
  type UpdateSize,
} from "./effect/lora-update-sizes.ts";
export { createTensorEngine, type TensorEngineOptions } from "./engine/create-tensor-engine.ts";
export {
  assertFits,
  estimateMemory,
  type MemoryEstimate,
  type MemoryLimit,
  memoryLimit,
} from "./folder/estimate-memory.ts";
export { type ConfigTexts, parseHuggingFaceConfig } from "./folder/hugging-face-config.ts";
export { type LoadLanguageModelOptions, type LoadProgress, loadLanguageModel } from "./folder/load-language-model.ts";
export { type SaveLanguageModelOptions, saveLanguageModel } from "./folder/save-language-model.ts";
export { createGenerator, type GeneratorOptions, type TextGenerator } from "./generation/create-generator.ts";
export { type DecodeTokensOptions, decodeTokens } from "./generation/decode-tokens.ts";
export { type GenerateTokensOptions, generateTokens } from "./generation/generate-tokens.ts";
export { decodingSchema, type ResolvedDecoding, resolveDecoding } from "./generation/resolve-decoding.ts";
export { sampleToken, type TokenSample } from "./generation/sample-token.ts";
export { createStopMatcher, type StopMatch, type StopMatcher } from "./generation/stop-matcher.ts";
export { type TokenDistribution, type TokenFilter, tokenDistribution } from "./generation/token-distribution.ts";
export type {
  FailedRequest,
  SampledToken,
  TokenEvent,
  TokenGeneration,
  TokenRequest,
} from "./generation/token-request.ts";
export { type CompletionGradientOptions, completionGradient } from "./gradient/completion-gradient.ts";
export type { CompletionItem, CompletionTokens } from "./gradient/completion-item.ts";
export { mergeLora } from "./gradient/merge-lora.ts";
export { type TailActivations, tailActivations } from "./gradient/tail-activations.ts";
export { type TailCut, tailCutOf } from "./gradient/tail-cut.ts";
export {
  createLanguageModel,
  type LanguageModel,
  type LanguageModelOptions,
  languageModelFrom,
} from "./model/language-model.ts";
export {
  MODEL_FAMILIES,
  type ModelConfig,
  type ModelConfigInput,
  modelConfigSchema,
  resolveModelConfig,
} from "./model/model-config.ts";
export { countParameters, type ParameterShape, parameterLayout } from "./model/parameter-layout.ts";
export { assertTokenizerFits } from "./tokenizer/assert-tokenizer-fits.ts";
export { createTokenizer, type TokenizerParts } from "./tokenizer/create-tokenizer.ts";
export { loadTokenizer } from "./tokenizer/load-tokenizer.ts";
export type {
  ChatOptions,
  DecodeOptions,
  EncodeOptions,
  StreamDecoder,
  TextTokenizer,
} from "./tokenizer/text-tokenizer.ts";
export {
  createLanguageModelTrainer,
  type LanguageModelTrainer,
  type LanguageModelTrainerOptions,
  type LanguageModelTrainingState,
  type LanguageModelTrainingStep,
} from "./training/create-language-model-trainer.ts";
export { nextTokenLoss } from "./training/next-token-loss.ts";
export { shuffledBatches } from "./training/shuffled-batches.ts";
export {
  type ResolvedTrainerConfig,
  type TrainerConfig,
  trainerConfigSchema,
} from "./training/trainer-config.ts";
export { countedTokens, type TrainingSequence } from "./training/training-sequence.ts";
