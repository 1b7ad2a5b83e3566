import { readFileSync } from "node:fs";
import {
  type LanguageModel,
  languageModelFrom,
  type ModelConfigInput,
  parameterLayout,
  resolveModelConfig,
  type TrainerConfig,
  type TrainingSequence,
} from "@haps/language-model";
import type { NamedArray } from "@haps/tensor";

/** What `make-training.py` wrote. */
export interface TrainingFixture {
  readonly sequences: readonly TrainingSequence[];
  readonly config: TrainerConfig;
  readonly models: Readonly<
    Record<
      "llama" | "qwen2",
      {
        /** Of the loss at the start. */
        readonly gradients: Readonly<Record<string, readonly number[]>>;
        readonly steps: readonly {
          readonly loss: number;
          readonly gradientNorm: number;
          readonly learningRate: number;
        }[];
        /** After the steps. */
        readonly weights: Readonly<Record<string, readonly number[]>>;
      }
    >
  >;
}

const shape = {
  vocabulary: 11,
  dim: 8,
  hidden: 10,
  layers: 2,
  heads: 2,
  keyValueHeads: 1,
  headDim: 4,
  context: 32,
} as const;
const shapes: Readonly<Record<keyof TrainingFixture["models"], ModelConfigInput>> = {
  llama: { ...shape, family: "llama" },
  qwen2: { ...shape, family: "qwen2", tiedEmbeddings: true },
};

/** Numbers of an independent implementation in float64. */
export function readTrainingFixture(): TrainingFixture {
  const file = new URL("../fixtures/training/training.json", import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as TrainingFixture;
}

/** The model that the fixture starts from; the caller disposes it. */
export function fixtureModel(name: keyof TrainingFixture["models"]): LanguageModel {
  const config = resolveModelConfig(shapes[name]);
  const arrays = parameterLayout(config).map(([parameter, lengths], number): [string, NamedArray] => {
    const size = lengths.reduce((product, length) => product * length, 1);
    const values = Float32Array.from({ length: size }, (_, index) => {
      const wave = Math.sin(0.37 * index * index + 1.1 * index + number);
      return parameter.endsWith("/gain") ? 1 + 0.2 * wave : 0.5 * wave;
    });
    return [parameter, { shape: lengths, values }];
  });
  return languageModelFrom(config, new Map(arrays));
}
