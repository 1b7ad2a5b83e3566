import type { LoraFactors, LoraTarget, LoraWeights } from "@haps/spec";
import { createRng, type NamedArray } from "@haps/tensor";
import {
  type LanguageModel,
  languageModelFrom,
  type ModelConfigInput,
  parameterLayout,
  projectionSize,
  resolveModelConfig,
} from "../../src/index.ts";

const base = { vocabulary: 23, dim: 12, layers: 2, heads: 4, headDim: 4, hidden: 10, context: 64 } as const;

/** One shape per feature of the families; small enough for a float64 oracle on plain arrays. */
export const smallShapes: Readonly<Record<string, ModelConfigInput>> = {
  "llama with grouped queries and scaled rotation": {
    ...base,
    family: "llama",
    keyValueHeads: 2,
    ropeScaling: { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 16 },
    ropeBase: 50,
    endTokens: [3],
  },
  "qwen2 with biases and tied embeddings": { ...base, family: "qwen2", keyValueHeads: 1, tiedEmbeddings: true },
  "mistral with a window and all biases": {
    ...base,
    family: "mistral",
    keyValueHeads: 2,
    headDim: 10, // the output projection is not square
    slidingWindow: 5,
    outputBias: true,
    mlpBias: true,
    endTokens: [3, 5],
  },
};

/** A model whose weights are large enough for every part to matter, biases and gains too; the caller disposes it. */
export function smallModel(shape: ModelConfigInput, seed: number): LanguageModel {
  const config = resolveModelConfig(shape);
  const arrays = parameterLayout(config).map(([name, lengths]): [string, NamedArray] => {
    const size = lengths.reduce((product, length) => product * length, 1);
    const deviation = name === "embedding" ? 1 : 0.4;
    const offset = name.endsWith("/gain") ? 1 : 0;
    const drawn = createRng(seed).fork(name).normals(size, deviation);
    return [name, { shape: lengths, values: drawn.map((value) => value + offset) }];
  });
  return languageModelFrom(config, new Map(arrays));
}

/** Every projection. */
export const allProjections: readonly LoraTarget["projection"][] = ["q", "k", "v", "o", "gate", "up", "down"];

/** Weights for the given projections of the given layers. */
export function smallLora(
  model: Pick<LanguageModel, "config">,
  seed: number,
  options: { projections?: readonly LoraTarget["projection"][]; layers?: readonly number[]; rank?: number } = {},
): LoraWeights {
  const { projections = allProjections, rank = 2 } = options;
  const layers = options.layers ?? Array.from({ length: model.config.layers }, (_, layer) => layer);
  const rng = createRng(seed);
  const targets = layers.flatMap((layer) =>
    projections.map((projection): LoraFactors => {
      const target: LoraTarget = { layer, projection, ...projectionSize(model.config, projection), rank };
      const own = rng.fork(`${layer}/${projection}`);
      return {
        target,
        down: own.normals(rank * target.in, 0.4),
        up: own.normals(rank * target.out, 0.4),
      };
    }),
  );
  return { id: `lora ${seed}`, targets, scale: 0.7 };
}

/** Token ids drawn from a stream of their own. */
export function drawTokens(model: LanguageModel, count: number, seed: number): number[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => rng.integer(model.config.vocabulary));
}
