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

/** Pieces as byte-pair tokenizers of language models have them: an assignment with its end is 12 tokens. */
const PIECES = ['{"', "teacher", '":', " ", "0", "1", ',"', "student", "}"];
const END = 2;
const FIRST = 10;

function encode(text: string): number[] {
  return (text.match(/[a-z]+|[0-9]| |[^a-z0-9 ]+/g) ?? []).map((piece) => FIRST + PIECES.indexOf(piece));
}

/** A language model as the backbone of a router with two roles, two candidates and the published hypernetwork. */
export function createRoutingParts(
  model: LanguageModel,
  promptLength: number,
  options: { readonly write?: (assignment: readonly number[]) => string } = {},
): RoutingParts {
  const roles = ["teacher", "student"];
  const assignments = encodeAssignments({ roles, candidates: 2, encode, endToken: END, ...options });
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
