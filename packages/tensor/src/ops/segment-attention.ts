import { HapsError, ShapeError } from "@haps/spec";
import type * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { attendSegments, attendSegmentsBackward, type SegmentResults } from "../kernels/segment-heads.ts";
import type { AttentionPast, AttentionSegment, FusedLayout } from "../kernels/segment-layout.ts";
import { assertShape } from "../shape.ts";

/** Options of {@link segmentAttention}. */
export interface SegmentAttentionOptions {
  readonly heads: number;
  /** Heads of keys and values, a divisor of `heads`. Default `heads`. */
  readonly keyValueHeads?: number;
  /** Which rows belong together and what they see; rows in no segment give zeros. */
  readonly segments: readonly AttentionSegment[];
  /** Newest tokens that a row sees, itself included. Default: all before it. */
  readonly window?: number;
  /** Factor of the scores. Default `1 / √headDim`. */
  readonly scale?: number;
}

/**
 * Causal multi-head attention of packed rows: each segment sees its past, its ancestors and itself.
 *
 * `y_h = softmax(scale · q_h k_hᵀ) v_h`, keys and values of the past, the ancestors and the segment's own rows up to the query's.
 *
 * Query, key and value lie side by side in each row. What comes out for a segment depends on nothing but what it sees: how it is
 * computed is chosen by its own sizes. Segments with common ancestors form a tree, whose common part is computed once.
 *
 * @param fused - `[rows, (heads + 2 keyValueHeads) headDim]`.
 * @returns `[rows, heads * headDim]`; the caller owns it.
 * @throws ShapeError code `shape` when widths do not fit; HapsError code `config` for head counts, a window, or segments that lie
 *   outside the rows or name ancestors that do not come before them.
 *
 * Source: Vaswani et al. (2017), eq. 1; grouped queries: Ainslie et al., GQA (2023); window: Jiang et al., Mistral 7B (2023); tree of
 * continuations: Miao et al., SpecInfer (2023), section 4.
 *
 * @example
 * ```ts
 * // Two sequences of one token each: nobody to look at but oneself.
 * const fused = tf.tensor2d([[1, 1, 3], [1, 1, 4]]);
 * const y = segmentAttention(fused, { heads: 1, segments: [{ start: 0, length: 1 }, { start: 1, length: 1 }] });
 * console.assert(y.dataSync().join() === "3,4");
 * ```
 */
export function segmentAttention(fused: tf.Tensor2D, options: SegmentAttentionOptions): tf.Tensor2D {
  assertShape("segmentAttention", "fused", fused, [null, null]);
  const [rows] = fused.shape;
  const layout = layoutOf(fused, options);
  const { segments } = options;
  checkSegments(segments, rows, layout);
  let results: SegmentResults = [];
  const result = differentiable({
    inputs: { fused },
    forward: (save) => {
      save([fused]);
      const forward = attendSegments(fused, segments, layout);
      results = forward.results;
      return forward.output;
    },
    backward: (gradient, [saved]) => ({
      fused: () => {
        const tensors = { fused: saved as tf.Tensor2D, slopes: gradient };
        return attendSegmentsBackward(tensors, { segments, layout, results });
      },
    }),
  });
  return result as tf.Tensor2D;
}

function layoutOf(fused: tf.Tensor2D, options: SegmentAttentionOptions): FusedLayout {
  const { heads, keyValueHeads = heads, window } = options;
  const width = fused.shape[1];
  const whole = [heads, keyValueHeads].every((count) => Number.isInteger(count) && count > 0);
  if (!whole || heads % keyValueHeads !== 0 || (window !== undefined && !(Number.isInteger(window) && window > 0))) {
    throw new HapsError(
      "config",
      `segmentAttention: ${heads} heads, ${keyValueHeads} of keys, window ${window ?? "none"}; expected positive whole numbers, the heads a multiple of those of keys`,
      { heads, keyValueHeads, window },
    );
  }
  const headDim = width / (heads + 2 * keyValueHeads);
  if (!Number.isInteger(headDim)) {
    throw new ShapeError(
      "segmentAttention",
      "fused",
      `a last axis of a multiple of ${heads + 2 * keyValueHeads} heads`,
      fused.shape,
    );
  }
  const scale = options.scale ?? 1 / Math.sqrt(headDim);
  return { heads, keyValueHeads, headDim, width, scale, ...(window === undefined ? {} : { window }) };
}

function checkSegments(segments: readonly AttentionSegment[], rows: number, layout: FusedLayout): void {
  const stride = layout.keyValueHeads * layout.headDim;
  const covered = new Uint8Array(rows);
  segments.forEach(({ start, length, ancestors = [], past }, index) => {
    const inside =
      Number.isInteger(start) && Number.isInteger(length) && start >= 0 && length > 0 && start + length <= rows;
    const before = ancestors.every((ancestor) => Number.isInteger(ancestor) && ancestor >= 0 && ancestor < index);
    const full = past === undefined || isFull(past, stride);
    if (inside && before && full && cover(covered, start, length)) return;
    throw new HapsError(
      "config",
      `segmentAttention: segment ${index} has start ${start}, length ${length}, ancestors [${ancestors.join()}], past of ${past?.length ?? 0}; expected rows below ${rows} that no other segment has, ancestors below ${index}, and ${stride} numbers per token of the past, a whole number of tokens`,
      { index, start, length, ancestors, rows },
    );
  });
}

/** Marks rows; false where one of them has been before. A loop: segments are often one row long, and a view costs more. */
function cover(covered: Uint8Array, start: number, length: number): boolean {
  for (let row = start; row < start + length; row += 1) {
    if (covered[row] === 1) return false;
    covered[row] = 1;
  }
  return true;
}

function isFull({ keys, values, length }: AttentionPast, stride: number): boolean {
  return Number.isInteger(length) && length >= 0 && Math.min(keys.length, values.length) >= length * stride;
}
