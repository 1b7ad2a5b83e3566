import { createRng } from "@haps/tensor";

/** Sizes of a decoder and of one batch for it. */
export interface DecoderSizes {
  readonly vocabulary: number;
  readonly dim: number;
  readonly heads: number;
  readonly layers: number;
  /** Width inside the SwiGLU layers. */
  readonly hidden: number;
  readonly batch: number;
  readonly tokens: number;
}

/** The decoder of the project's measurements: 490,112 parameters with this width of the SwiGLU layers. */
export const DECODER_SIZES: DecoderSizes = {
  vocabulary: 512,
  dim: 128,
  heads: 4,
  layers: 2,
  hidden: 296,
  batch: 16,
  tokens: 128,
};

/** One batch: the tokens, and after each of them the one to predict. */
export interface DecoderBatch {
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
}

/** Token ids of `[batch, tokens]`, drawn from a seed. */
export function makeDecoderBatch(sizes: DecoderSizes, seed: number): DecoderBatch {
  const rng = createRng(seed).fork("tokens");
  const draw = () => Int32Array.from({ length: sizes.batch * sizes.tokens }, () => rng.integer(sizes.vocabulary));
  return { inputs: draw(), targets: draw() };
}

/** Both sides train with these. */
export const TRAINING = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, clipNorm: 1 } as const;
