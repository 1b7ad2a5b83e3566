import { HapsError } from "@haps/spec";
import { type AttentionSegment, createFloatStore, type FloatStore, peekValues } from "@haps/tensor";
import type * as tf from "@tensorflow/tfjs";
import type { ModelConfig } from "../model/model-config.ts";
import { attentionWidths } from "../model/parameter-layout.ts";

/** Keys and values of one sequence, so that a further token costs one row; the room grows. */
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
  /** Frees the room of a cache that was made with `native`; others need it not. */
  dispose(): void;
}

/** Options of {@link createKeyValueCache}. */
export interface KeyValueCacheOptions {
  /**
   * Keeps the numbers where the backend reads them in place, instead of copying them there at every step; the caller disposes the
   * cache. Default false: plain arrays.
   */
  readonly native?: boolean;
}

interface LayerCache {
  keys: FloatStore;
  values: FloatStore;
}

/**
 * Makes an empty cache.
 *
 * @param capacity - Tokens to make room for at first; it grows by doubling. Default 64.
 * @throws HapsError code `backend` where there is no room; nothing is held then.
 */
export function createKeyValueCache(
  config: ModelConfig,
  capacity = 64,
  { native = false }: KeyValueCacheOptions = {},
): KeyValueCache {
  const { query, key: width, fused: stride } = attentionWidths(config);
  const makeStore = native ? createFloatStore : plainStore;
  const layers = makeLayers(config.layers, () => makeStore(capacity * width));
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
    past(layer) {
      const cache = layerOf(layer);
      // Looked up when they are read: a tensor that is made in between may move the memory behind them.
      return {
        get keys() {
          return cache.keys.values;
        },
        get values() {
          return cache.values.values;
        },
        length,
      };
    },
    append(layer, fused, start, rows) {
      const cache = layerOf(layer);
      for (const part of ["keys", "values"] as const) {
        cache[part] = grown(cache[part], (length + rows) * width, length * width, makeStore);
      }
      const source = peekValues(fused);
      const keys = cache.keys.values;
      const values = cache.values.values;
      for (let row = 0; row < rows; row += 1) {
        const from = (start + row) * stride + query;
        const to = (length + row) * width;
        keys.set(source.subarray(from, from + width), to);
        values.set(source.subarray(from + width, from + 2 * width), to);
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
    dispose() {
      for (const { keys, values } of layers) {
        keys.dispose();
        values.dispose();
      }
    },
  };
}

/** Room for all layers or, where it runs out, for none. */
function makeLayers(count: number, makeStore: () => FloatStore): LayerCache[] {
  const made: FloatStore[] = [];
  try {
    while (made.length < 2 * count) made.push(makeStore());
  } catch (error) {
    for (const store of made) store.dispose();
    throw error;
  }
  return Array.from({ length: count }, (_, layer) => ({
    keys: made[2 * layer] as FloatStore,
    values: made[2 * layer + 1] as FloatStore,
  }));
}

function plainStore(length: number): FloatStore {
  return { values: new Float32Array(length), dispose: () => undefined };
}

/** The store, or a larger one with what was used of it. */
function grown(store: FloatStore, needed: number, used: number, makeStore: (length: number) => FloatStore): FloatStore {
  const size = store.values.length;
  if (size >= needed) return store;
  const larger = makeStore(Math.max(needed, 2 * size));
  larger.values.set(store.values.subarray(0, used));
  store.dispose();
  return larger;
}
