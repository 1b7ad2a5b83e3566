import { HapsError } from "@haps/spec";
import { type AttentionSegment, peekValues } from "@haps/tensor";
import type * as tf from "@tensorflow/tfjs";
import type { ModelConfig } from "../model/model-config.ts";
import { attentionWidths } from "../model/parameter-layout.ts";

/** Keys and values of one sequence, so that a further token costs one row. Plain arrays that grow; nothing to dispose. */
export interface KeyValueCache {
  /** Tokens whose keys and values are there. */
  readonly length: number;
  /** What a segment that continues the sequence sees of the past in one layer; borrowed, good until the next `append`. */
  past(layer: number): NonNullable<AttentionSegment["past"]>;
  /**
   * Copies keys and values of some rows behind those that are there.
   *
   * @param fused - Query, key and value side by side, as `runLayers` hands them out.
   * @param start - First row of the sequence in it.
   * @param rows - How many there are.
   */
  append(layer: number, fused: tf.Tensor2D, start: number, rows: number): void;
  /** Makes the rows that every layer has appended part of the past. */
  commit(rows: number): void;
  /** Forgets everything after the first `length` tokens. */
  truncate(length: number): void;
}

interface LayerCache {
  keys: Float32Array;
  values: Float32Array;
}

/**
 * Makes an empty cache.
 *
 * @param capacity - Tokens to make room for at first; it grows by doubling. Default 64.
 */
export function createKeyValueCache(config: ModelConfig, capacity = 64): KeyValueCache {
  const { query, key: width, fused: stride } = attentionWidths(config);
  const layers = Array.from(
    { length: config.layers },
    (): LayerCache => ({
      keys: new Float32Array(capacity * width),
      values: new Float32Array(capacity * width),
    }),
  );
  let length = 0;
  const layerOf = (layer: number): LayerCache => {
    const found = layers[layer];
    if (found !== undefined) return found;
    throw new HapsError("state", `KeyValueCache: there is no layer ${layer}; the model has ${config.layers}`, {
      layer,
    });
  };
  return {
    get length() {
      return length;
    },
    past: (layer) => ({ ...layerOf(layer), length }),
    append(layer, fused, start, rows) {
      const cache = layerOf(layer);
      grow(cache, (length + rows) * width, length * width);
      const source = peekValues(fused);
      for (let row = 0; row < rows; row += 1) {
        const from = (start + row) * stride + query;
        const to = (length + row) * width;
        cache.keys.set(source.subarray(from, from + width), to);
        cache.values.set(source.subarray(from + width, from + 2 * width), to);
      }
    },
    commit(rows) {
      length += rows;
    },
    truncate(kept) {
      if (!Number.isSafeInteger(kept) || kept < 0 || kept > length) {
        throw new HapsError(
          "state",
          `KeyValueCache.truncate: ${kept} tokens; expected a whole number in [0, ${length}]`,
          {
            kept,
            length,
          },
        );
      }
      length = kept;
    },
  };
}

function grow(cache: LayerCache, needed: number, used: number): void {
  if (cache.keys.length >= needed) return;
  const size = Math.max(needed, 2 * cache.keys.length);
  for (const part of ["keys", "values"] as const) {
    const larger = new Float32Array(size);
    larger.set(cache[part].subarray(0, used));
    cache[part] = larger;
  }
}
