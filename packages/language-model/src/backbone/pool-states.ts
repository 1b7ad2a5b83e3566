import { HapsError } from "@haps/spec";
import { dense, type TokenPrompt } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/**
 * How the states of a prompt's tokens become one: their mean, as released; the last one; or the mean over the question's own tokens,
 * which a long constant template cannot hide.
 */
export type Pooling = "mean" | "last" | "span";

/** Rows that pooling reads, and those behind each prompt. */
export interface PooledRows {
  /** Among all tokens of all prompts, in order. */
  readonly rows: readonly number[];
  /** Per prompt which of `rows` are pooled, `[start, end)`. */
  readonly spans: readonly { readonly start: number; readonly end: number }[];
  /** Per prompt which of `rows` is the last token. */
  readonly last: readonly number[];
}

/**
 * Which rows of packed prompts are read after the last layer: those that are pooled and the last of each prompt.
 *
 * @param more - Tokens behind each prompt that are not pooled; its last token is then the last of them.
 */
export function pooledRows(prompts: readonly TokenPrompt[], pooling: Pooling, more: number): PooledRows {
  const rows: number[] = [];
  const spans: PooledRows["spans"][number][] = [];
  const last: number[] = [];
  let first = 0;
  prompts.forEach((prompt, index) => {
    const { start, end } = pooledSpan(prompt, pooling, index);
    const from = rows.length;
    for (let token = start; token < end; token += 1) rows.push(first + token);
    spans.push({ start: from, end: rows.length });
    first += prompt.tokens.length + more;
    if (rows.at(-1) !== first - 1) rows.push(first - 1);
    last.push(rows.length - 1);
  });
  return { rows, spans, last };
}

/**
 * Pools rows into one state per prompt, the mean of each span.
 *
 * @param states - After the final norm, `[rows, dim]`.
 * @returns `[prompts, dim]`, float32; the caller owns it.
 */
export function poolStates(states: tf.Tensor2D, spans: PooledRows["spans"]): tf.Tensor2D {
  const rows = states.shape[0];
  const weights = new Float32Array(spans.length * rows);
  spans.forEach(({ start, end }, prompt) => {
    weights.fill(1 / (end - start), prompt * rows + start, prompt * rows + end);
  });
  return tf.tidy(() => dense(tf.tensor2d(weights, [spans.length, rows]), states));
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
