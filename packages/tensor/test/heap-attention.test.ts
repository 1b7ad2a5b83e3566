import { type AttentionSegment, createFloatStore, createRng, segmentAttention } from "@haps/tensor";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { expect, it } from "vitest";

/** Attention over pasts in stores and, with the same numbers, in plain arrays. */
function both(
  shape: { heads: number; keyValueHeads: number; headDim: number; window?: number },
  lengths: readonly { readonly past: number; readonly own: number }[],
): { stored: Float32Array; plain: Float32Array } {
  const { heads, keyValueHeads, headDim, window } = shape;
  const rng = createRng(3);
  const width = keyValueHeads * headDim;
  const stores: { dispose(): void }[] = [];
  let rows = 0;
  const segments = lengths.map(({ past, own }) => {
    const start = rows;
    rows += own;
    // Longer than what is seen, as in a cache.
    const arrays = { keys: rng.normals((past + 2) * width), values: rng.normals((past + 2) * width) };
    const keys = createFloatStore(arrays.keys.length);
    const values = createFloatStore(arrays.values.length);
    keys.values.set(arrays.keys);
    values.values.set(arrays.values);
    stores.push(keys, values);
    const stored = {
      get keys() {
        return keys.values;
      },
      get values() {
        return values.values;
      },
      length: past,
    };
    return { start, length: own, stored, plain: { ...arrays, length: past } };
  });
  const fusedWidth = (heads + 2 * keyValueHeads) * headDim;
  const fused = tf.tensor2d(rng.normals(rows * fusedWidth), [rows, fusedWidth]);
  const run = (which: "stored" | "plain"): Float32Array => {
    const seen = segments.map(
      ({ start, length, ...pasts }): AttentionSegment => ({ start, length, past: pasts[which] }),
    );
    const options = { heads, keyValueHeads, segments: seen, ...(window === undefined ? {} : { window }) };
    return tf.tidy(() => segmentAttention(fused, options)).dataSync<"float32">();
  };
  const result = { stored: run("stored"), plain: run("plain") };
  fused.dispose();
  for (const store of stores) store.dispose();
  return result;
}

describeEachBackend("attention over a past in a store", () => {
  it("agrees with attention over plain arrays", () => {
    fc.assert(
      fc.property(
        fc.record({
          keyValueHeads: fc.integer({ min: 1, max: 3 }),
          group: fc.integer({ min: 1, max: 2 }),
          headDim: fc.constantFrom(2, 4, 6, 12, 16, 20, 36),
          window: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
        }),
        fc.array(fc.record({ past: fc.integer({ min: 0, max: 20 }), own: fc.integer({ min: 1, max: 10 }) }), {
          minLength: 1,
          maxLength: 4,
        }),
        ({ keyValueHeads, group, headDim, window }, lengths) => {
          const shape = { heads: keyValueHeads * group, keyValueHeads, headDim };
          const { stored, plain } = both(window === undefined ? shape : { ...shape, window }, lengths);
          expectClose(stored, plain, { rtol: 1e-5, atol: 2e-6 });
        },
      ),
      { seed: 11, numRuns: 60 },
    );
  });

  it("takes pasts in stores and in plain arrays to the same bits", () => {
    for (const headDim of [4, 20]) {
      const { stored, plain } = both({ heads: 4, keyValueHeads: 2, headDim }, [
        { past: 9, own: 1 },
        { past: 20, own: 12 },
      ]);
      expect(stored).toEqual(plain);
    }
  });

  it("hands a NaN of the past on", () => {
    const keys = createFloatStore(4);
    const values = createFloatStore(4);
    keys.values.fill(Number.NaN);
    const fused = tf.ones<tf.Rank.R2>([1, 12]);
    const past = { keys: keys.values, values: values.values, length: 1 };
    const y = segmentAttention(fused, { heads: 1, segments: [{ start: 0, length: 1, past }] });
    expect([...y.dataSync()].every(Number.isNaN)).toBe(true);
    tf.dispose([y, fused]);
    keys.dispose();
    values.dispose();
  });

  it("leaves no tensor behind", () => {
    const store = createFloatStore(8);
    const fused = tf.ones<tf.Rank.R2>([1, 12]);
    expectNoTensorLeak(() => {
      const past = { keys: store.values, values: store.values, length: 2 };
      return segmentAttention(fused, { heads: 1, segments: [{ start: 0, length: 1, past }] });
    });
    fused.dispose();
    store.dispose();
  });
});

describeEachBackend("createFloatStore", () => {
  it("begins with zeros, also where the room was used before", () => {
    const used = createFloatStore(100);
    used.values.fill(7);
    used.dispose();
    const stores = [createFloatStore(100), createFloatStore(50)];
    for (const { values } of stores) expect(values.every((value) => value === 0)).toBe(true);
    for (const store of stores) store.dispose();
  });

  it("keeps its numbers while the memory behind it grows", () => {
    const store = createFloatStore(3);
    store.values.set([1, 2, 3]);
    const before = tf.memory().numTensors;
    const large = Array.from({ length: 5 }, () => tf.zeros([2_000_000]));
    for (const tensor of large) tensor.dataSync();
    expect([...store.values]).toEqual([1, 2, 3]);
    tf.dispose(large);
    expect(tf.memory().numTensors).toBe(before);
    store.dispose();
    expect(() => {
      store.dispose();
    }).not.toThrow();
  });
});
