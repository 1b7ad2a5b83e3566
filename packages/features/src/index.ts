export type { NgramFeaturizerState } from "./featurizer-state.ts";
export { murmurHash3 } from "./murmur-hash.ts";
export { createNgramBackbone, type NgramBackboneConfig, ngramBackboneConfigSchema } from "./ngram-backbone.ts";
export {
  createNgramFeaturizerFactory,
  type NgramFeaturizer,
  type NgramFeaturizerFactory,
  restoreNgramFeaturizer,
} from "./ngram-featurizer.ts";
export {
  type NgramFeaturizerConfig,
  ngramFeaturizerConfigSchema,
  type ResolvedNgramFeaturizerConfig,
} from "./ngram-featurizer-config.ts";
export {
  createPrototypeFeaturizerFactory,
  type InnerFactory,
  type PrototypeFeaturizer,
  type PrototypeFeaturizerConfig,
  type PrototypeFeaturizerFactory,
  type PrototypeFeaturizerState,
  prototypeFeaturizerConfigSchema,
  type ResolvedPrototypeFeaturizerConfig,
  restorePrototypeFeaturizer,
} from "./prototype-featurizer.ts";
export {
  ROUTING_PROMPT_TEMPLATE,
  type RoutingPromptParts,
  renderRoutingPrompt,
  routingPromptHash,
} from "./routing-prompt.ts";
export { STRUCTURAL_FEATURES, structuralFeatures } from "./structural-features.ts";
