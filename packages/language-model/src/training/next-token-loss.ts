import { embedding, softmaxCrossEntropy } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { embedTokens, finalNorm, logitsOf, runLayers } from "../decoder/run-decoder.ts";
import type { LanguageModel } from "../model/language-model.ts";
import { packTraining, type TrainingSequence } from "./training-sequence.ts";

/**
 * Mean cross-entropy of the next token over the tokens that count, in nats.
 *
 * `L = -1/N Σ log P(token_i | tokens before it in its sequence)`. The sequences go through the decoder as packed rows, so that one
 * costs what it is long; logits are made for the rows that count only. Differentiable with respect to every variable of the model,
 * tied embeddings included.
 *
 * @param sequences - At least one token of them must count; they are told apart, so order and grouping change nothing but rounding.
 * @returns A scalar; the caller owns it.
 * @throws HapsError code `data`, naming sequence and position, for tokens outside the vocabulary, more of them than the context
 *   holds, a mask of another length, or when nothing counts.
 *
 * @example
 * ```ts
 * const shape = { family: "llama", vocabulary: 8, dim: 8, layers: 1, heads: 2, hidden: 8, context: 16 } as const;
 * const model = createLanguageModel({ ...shape, rng: createRng(1) });
 * const loss = nextTokenLoss(model, [{ tokens: [1, 2, 3] }, { tokens: [4, 5, 6, 7], lossFrom: 3 }]);
 * console.assert(Math.abs((loss.dataSync()[0] ?? 0) - Math.log(8)) < 0.1); // it knows nothing yet
 * ```
 */
export function nextTokenLoss(model: LanguageModel, sequences: readonly TrainingSequence[]): tf.Scalar {
  const { tokens, positions, segments, counted, targets } = packTraining("nextTokenLoss", sequences, model.config);
  return tf.tidy(() => {
    const hidden = runLayers(model, embedTokens(model, tokens), { positions, segments });
    // Looking rows up has the gradient on every backend that tf.gather lacks on wasm.
    const kept =
      counted.length === tokens.length ? hidden : (embedding(hidden, tf.tensor1d(counted, "int32")) as tf.Tensor2D);
    const logits = logitsOf(model, finalNorm(model, kept), { trainable: true });
    return softmaxCrossEntropy(logits, tf.tensor1d(targets, "int32")) as tf.Scalar;
  });
}
