import { createLoraGenerator, publishedLoraGenerator } from "@haps/hypernetwork";
import { createTransformerBackbone, encodeAssignments, type LanguageModel } from "@haps/language-model";
import { createRng, type LoraGenerator, type PromptBackbone, type TokenPrompt } from "@haps/tensor";
import { benchTokens } from "./bench-model.ts";

/** A router of two roles and two candidates on one language model. */
export interface RoutingParts {
  readonly backbone: PromptBackbone;
  readonly generators: readonly LoraGenerator[];
  readonly prompt: TokenPrompt;
  dispose(): void;
}

/** One token per character, as the smallest vocabularies have it: the longest continuations there are. */
const encode = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

export function createRoutingParts(model: LanguageModel, promptLength: number): RoutingParts {
  const assignments = encodeAssignments({ roles: ["teacher", "student"], candidates: 2, encode, endToken: 2 });
  const { dim, layers } = model.config;
  const generators = [1, 2].map((seed) =>
    createLoraGenerator({
      ...publishedLoraGenerator({ layers, in: dim, out: dim }),
      hiddenDimension: dim,
      rng: createRng(seed),
    }),
  );
  return {
    backbone: createTransformerBackbone({ model, assignments, pooling: "mean" }),
    generators,
    prompt: { tokens: benchTokens("routing prompt", promptLength) },
    dispose() {
      for (const { variables } of generators) variables.dispose();
    },
  };
}
