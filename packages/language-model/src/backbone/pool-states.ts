import { HapsError } from "@haps/spec";
import { dense, type TokenPrompt } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/**
 * How the states of a prompt's tokens become one: their mean, as released; the last one; or the mean over the question's own tokens,
 * which a long constant template cannot hide.
 */
export type Pooling = "mean" | "last" | "span";

/**
 * Pools packed rows into one state per prompt.
 *
 * @param states - Rows after the final norm, `[all tokens, dim]`, prompt after prompt.
 * @returns `[prompts, dim]`, float32; the caller owns it.
 */
export function poolStates(states: tf.Tensor2D, prompts: readonly TokenPrompt[], pooling: Pooling): tf.Tensor2D {
  const rows = states.shape[0];
  const weights = new Float32Array(prompts.length * rows);
  let first = 0;
  prompts.forEach((prompt, index) => {
    const { start, end } = pooledSpan(prompt, pooling, index);
    const row = index * rows + first;
    weights.fill(1 / (end - start), row + start, row + end);
    first += prompt.tokens.length;
  });
  return tf.tidy(() => dense(tf.tensor2d(weights, [prompts.length, rows]), states));
}

/**
 * Tokens of a prompt that are pooled, `[start, end)`.
 *
 * @throws HapsError code `data` when pooling `span` finds no span of the question, or one outside the prompt.
 */
export function pooledSpan(
  prompt: TokenPrompt,
  pooling: Pooling,
  index: number,
): { readonly start: number; readonly end: number } {
  const { length } = prompt.tokens;
  if (pooling === "mean") return { start: 0, end: length };
  if (pooling === "last") return { start: length - 1, end: length };
  const span = prompt.question;
  const whole = span !== undefined && Number.isSafeInteger(span.start) && Number.isSafeInteger(span.end);
  if (whole && span.start >= 0 && span.start < span.end && span.end <= length) return span;
  throw new HapsError(
    "data",
    `PromptBackbone.encode: prompt ${index} has the question's span ${span === undefined ? "missing" : `[${span.start}, ${span.end})`}; expected one inside its ${length} tokens; make prompts by encodePrompt, or pool by "mean" or "last"`,
    { index, span, length },
  );
}
