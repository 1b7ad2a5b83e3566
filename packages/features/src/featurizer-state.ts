import { HapsError, ShapeError } from "@haps/spec";
import type { NamedArray } from "@haps/tensor";
import type { ResolvedNgramFeaturizerConfig } from "./ngram-featurizer-config.ts";

/** A fitted n-gram featurizer as plain data: JSON and named arrays, e.g. for a safetensors file. */
export interface NgramFeaturizerState {
  readonly kind: "ngram";
  readonly formatVersion: 1;
  readonly config: ResolvedNgramFeaturizerConfig;
  /**
   * `words.idf` and `characters.idf` `[buckets]` (0: bucket not used) where the kind is on; `projection`
   * `[buckets in use, components]`, words before characters, by bucket; `structural.mean` and `structural.scale`
   * `[structural features]`.
   */
  readonly arrays: Readonly<Record<string, NamedArray>>;
}

/**
 * The array `name` of a state with its shape checked; `null` in `shape` takes any length.
 *
 * @throws HapsError code `state` when it is missing; code `shape` for another shape; code `non-finite`.
 */
export function stateArray(state: NgramFeaturizerState, name: string, shape: readonly (number | null)[]): NamedArray {
  const array = state.arrays[name];
  if (array === undefined) {
    throw new HapsError(
      "state",
      `restoreNgramFeaturizer: no array "${name}"; got ${Object.keys(state.arrays).join(", ") || "none"}; restore all arrays of one state`,
      { name },
    );
  }
  const fits =
    array.shape.length === shape.length && shape.every((size, axis) => size === null || array.shape[axis] === size);
  const filled = array.shape.reduce((product, size) => product * size, 1) === array.values.length;
  if (!fits || !filled) {
    const expected = `[${shape.map((size) => size ?? "any").join(", ")}] and as many values`;
    throw new ShapeError("restoreNgramFeaturizer", name, expected, array.shape);
  }
  const bad = array.values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new HapsError(
      "non-finite",
      `restoreNgramFeaturizer: "${name}" holds ${array.values[bad]} at ${bad}; expected finite numbers; the file is damaged`,
      { name, index: bad },
    );
  }
  return array;
}
