import { HapsError } from "@haps/spec";
import { type EncodedPrompts, type PromptBackbone, type TokenPrompt, untaped } from "@haps/tensor";
import type * as tf from "@tensorflow/tfjs";
import { finalNorm } from "../decoder/run-decoder.ts";
import type { LanguageModel } from "../model/language-model.ts";
import { assignmentScorer } from "./assignment-scorer.ts";
import { type AssignmentTokens, checkAssignmentTokens } from "./assignment-tokens.ts";
import { type Pooling, pooledRows, pooledSpan, poolStates } from "./pool-states.ts";
import { runPrompts } from "./prompt-states.ts";
import { trainedVariables } from "./trained-variables.ts";

/** What {@link createTransformerBackbone} needs. */
export interface TransformerBackboneOptions {
  /** Borrowed; training the backbone changes it. */
  readonly model: LanguageModel;
  /** Assignments as text, from `encodeAssignments`. Absent: there is no scorer. */
  readonly assignments?: AssignmentTokens;
  /** Default `mean`, as released. */
  readonly pooling?: Pooling;
  /**
   * First layer that is trained, 0 for all with the embedding, the number of layers for the final norm and the head only; tied
   * embeddings are trained from 0 alone, as embedding and as head. Default 0.
   */
  readonly trainFrom?: number | "frozen";
}

/**
 * Makes a language model the shared encoder θ of both levels.
 *
 * `encode` runs each prompt once: its pooled states after the final norm are what the low level reads, and assignments are scored as
 * continuations of the same pass, of which only their own tokens are run. Layers below `trainFrom` leave nothing on the tape.
 *
 * @returns `variables` are those that are trained, a view: the model owns them. Tensors of the result live as long as the `tf.tidy` or
 *   gradient around the call.
 * @throws HapsError code `config` for a layer that the model does not have, or assignments that cannot be told apart or do not fit the
 *   vocabulary.
 *
 * `encode` throws HapsError code `data` for an empty prompt, one that is too long with the longest assignment, or a missing span.
 *
 * Source: sections 3.1 and 3.2 of the HAPS paper. As released, one language model writes the assignment and its states, averaged over the
 * prompt in float32, feed the low level. Deviations: one pass in place of two or three; exact probabilities of the legal assignments in
 * place of greedy text; pooling over the question's own tokens as an option.
 *
 * @example
 * ```ts
 * const shape = { family: "llama", vocabulary: 128, dim: 16, layers: 2, heads: 4, hidden: 32, context: 128 } as const;
 * const model = createLanguageModel({ ...shape, rng: createRng(1) });
 * const encode = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
 * const assignments = encodeAssignments({ roles: ["teacher", "student"], candidates: 2, encode });
 * const backbone = createTransformerBackbone({ model, assignments, pooling: "span" });
 * const prompt = encodePrompt({ before: "Question: ", question: "Who?", after: " Assignment: ", encode });
 * tidyValue(() => {
 *   const { hidden, scorer } = backbone.encode([prompt], { inference: true });
 *   console.assert(hidden.shape.join() === "1,16" && scorer?.joint?.().shape.join() === "1,4");
 * });
 * model.dispose();
 * ```
 */
export function createTransformerBackbone(options: TransformerBackboneOptions): PromptBackbone {
  const { model, assignments, pooling = "mean", trainFrom = 0 } = options;
  const { layers, dim, vocabulary } = model.config;
  checkLayer(trainFrom, layers);
  if (assignments !== undefined) checkAssignmentTokens(assignments, vocabulary);
  // All assignments begin with it, so that it is run with the prompt; causal attention keeps it out of the prompt's states.
  const lead = assignments?.roles[0]?.lead ?? [];
  const longest = assignments === undefined ? 0 : longestAssignment(assignments);
  return {
    variables: trainedVariables(model, trainFrom),
    hiddenDimension: dim,
    encode(prompts, { inference = false } = {}): EncodedPrompts {
      checkPrompts(prompts, { pooling, longest, context: model.config.context });
      const taped = !inference && trainFrom !== "frozen";
      const { rows, spans, last: lastRows } = pooledRows(prompts, pooling, lead.length);
      const sequences = prompts.map(({ tokens }) => [...tokens, ...lead]);
      const states = runPrompts(model, sequences, rows, taped ? trainFrom : layers);
      const pooled = (): tf.Tensor2D => poolStates(finalNorm(model, states.rows), spans);
      const hidden = taped ? pooled() : untaped(pooled);
      if (assignments === undefined) return { hidden };
      const trainable = taped && trainFrom === 0;
      return { hidden, scorer: assignmentScorer({ states, assignments, taped, trainable, lastRows }) };
    },
  };
}

function checkLayer(trainFrom: number | "frozen", layers: number): void {
  if (trainFrom === "frozen") return;
  if (Number.isInteger(trainFrom) && trainFrom >= 0 && trainFrom <= layers) return;
  throw new HapsError(
    "config",
    `createTransformerBackbone: trainFrom is ${trainFrom}; expected a whole number in [0, ${layers}] or "frozen"`,
    { trainFrom, layers },
  );
}

function longestAssignment({ roles, end }: AssignmentTokens): number {
  return roles.reduce(
    (sum, { lead, options }) => sum + lead.length + Math.max(...options.map(({ length }) => length)),
    end.length,
  );
}

function checkPrompts(
  prompts: readonly TokenPrompt[],
  limits: { readonly pooling: Pooling; readonly longest: number; readonly context: number },
): void {
  const { pooling, longest, context } = limits;
  if (prompts.length === 0) {
    throw new HapsError("data", "PromptBackbone.encode: no prompts; expected at least one; skip empty batches");
  }
  prompts.forEach((prompt, index) => {
    const { length } = prompt.tokens;
    if (length === 0 || length + longest > context) {
      throw new HapsError(
        "data",
        `PromptBackbone.encode: prompt ${index} has ${length} tokens; expected 1 to ${context - longest}, for a context of ${context} with assignments of up to ${longest}; shorten the question`,
        { index, length, longest, context },
      );
    }
    pooledSpan(prompt, pooling, index);
  });
}
