import { HapsError, type LoraWeights } from "@haps/spec";
import { tidyValue } from "@haps/tensor";
import { loraSamplesOf } from "../decoder/lora-samples.ts";
import { finalNorm, logitsOf } from "../decoder/run-decoder.ts";
import { type CompletionTokens, checkItems } from "../gradient/completion-item.ts";
import { type PassRows, passRows } from "../gradient/gradient-pass.ts";
import { gradientTerms } from "../gradient/gradient-term.ts";
import { runTail } from "../gradient/run-tail.ts";
import { CHUNK_ROWS, type TailBatch, tailBatches } from "../gradient/tail-passes.ts";
import type { LanguageModel } from "../model/language-model.ts";

/** How far LoRA weights move a model away from itself. */
export interface LoraDivergence {
  /** Mean over all tokens, in nats; 0 for none. */
  readonly mean: number;
  /** Tokens that the mean is over. */
  readonly tokens: number;
  /** Sum over the tokens of each item, in nats. */
  readonly sums: readonly number[];
}

const OPERATION = "loraDivergence";

/**
 * Divergence of a model with LoRA weights from the model without, at every token of given completions.
 *
 * `Σ_t KL(p_lora(· | prompt, tokens before t) ‖ p(· | the same))` per item, p the softmax over the whole vocabulary at temperature 1;
 * summed in float64. Weights that change no logit have divergence 0, exactly on wasm. On completions that were sampled with the
 * weights the mean estimates the divergence of the replies per token.
 *
 * What lies before the first LoRA weights runs once for both; equal items once.
 *
 * @param model - Borrowed.
 * @param items - As for `completionGradient`; an empty completion has divergence 0.
 * @throws As `completionGradient`: HapsError code `data`, `non-finite` naming item and token, and the codes of `checkLora`.
 *
 * @example
 * ```ts
 * const shape = { family: "llama", vocabulary: 16, dim: 4, layers: 2, heads: 2, hidden: 8, context: 32 } as const;
 * const model = createLanguageModel({ ...shape, rng: createRng(1) });
 * const target = { layer: 1, projection: "o", in: 4, out: 4, rank: 1 } as const;
 * const loraOf = (up: number) => {
 *   const factors = { target, down: new Float32Array(4).fill(0.5), up: new Float32Array(4).fill(up) };
 *   return { id: `${up}`, targets: [factors], scale: 1 };
 * };
 * const items = [0, 1].map((up) => ({ promptTokens: [1, 2], tokens: [3, 4], lora: loraOf(up) }));
 * const { sums, tokens } = loraDivergence(model, items);
 * console.assert(sums[0] === 0 && tokens === 4);
 * model.dispose();
 * ```
 */
export function loraDivergence(
  model: LanguageModel,
  items: readonly (CompletionTokens & { readonly lora: LoraWeights })[],
): LoraDivergence {
  const unweighted = items.map(({ promptTokens, tokens, lora }) => ({ promptTokens, tokens, lora, weight: 0 }));
  checkItems(OPERATION, unweighted, model.config);
  const { terms, termOf } = gradientTerms(OPERATION, unweighted);
  const sumOf = new Map<number, number>();
  for (const batch of tailBatches(model, terms, { chunkRows: CHUNK_ROWS })) {
    const divergences = rowDivergences(model, batch);
    let row = 0;
    for (const { item, targets, offset } of batch.parts) {
      for (let place = 0; place < targets.length; place += 1, row += 1) {
        const divergence = divergences[row] as number;
        if (!Number.isFinite(divergence)) throw notFinite(item, offset + place, divergence);
        sumOf.set(item, (sumOf.get(item) ?? 0) + divergence);
      }
    }
  }
  const sums = termOf.map(({ item }) => sumOf.get(item) ?? 0);
  const tokens = items.reduce((count, item) => count + item.tokens.length, 0);
  return { mean: tokens === 0 ? 0 : sums.reduce((total, sum) => total + sum, 0) / tokens, tokens, sums };
}

function notFinite(item: number, token: number, divergence: number): HapsError {
  return new HapsError(
    "non-finite",
    `${OPERATION}: the divergence at token ${token} of item ${item} is ${divergence}; expected finite numbers; check the scale of its LoRA weights`,
    { item, token },
  );
}

/** Divergence of each row that predicts. */
function rowDivergences(model: LanguageModel, { cut, pieces, parts }: TailBatch): Float64Array {
  return tidyValue(() => {
    const samples = loraSamplesOf(
      parts.map(({ lora }) => lora),
      model.config,
    );
    const rows = passRows(parts, samples, (group) => (samples[group] as (typeof samples)[number]).factors);
    const logitsWith = (own: PassRows): Float32Array =>
      logitsOf(model, finalNorm(model, runTail(model, cut, pieces, own))).dataSync<"float32">();
    const changed = logitsWith(rows);
    const base = logitsWith({ ...rows, lora: [], predictingLora: [] });
    const { vocabulary } = model.config;
    return Float64Array.from(rows.predicting, (_, row) => {
      const [start, end] = [row * vocabulary, (row + 1) * vocabulary];
      return divergence(changed.subarray(start, end), base.subarray(start, end));
    });
  });
}

/** `KL(softmax(one) ‖ softmax(other))`; rounding may not make it negative. */
function divergence(one: Float32Array, other: Float32Array): number {
  const own = logSum(one);
  const shift = logSum(other) - own;
  let sum = 0;
  for (let token = 0; token < one.length; token += 1) {
    const logit = one[token] as number;
    sum += Math.exp(logit - own) * (logit - (other[token] as number) + shift);
  }
  return Math.max(0, sum);
}

function logSum(logits: Float32Array): number {
  let top = Number.NEGATIVE_INFINITY;
  for (const logit of logits) top = Math.max(top, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - top);
  return top + Math.log(sum);
}
