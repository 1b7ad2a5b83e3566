import { type AttentionSegment, createFloatStore, createRng, segmentAttention } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { expect, it } from "vitest";

/** A trunk after a past, and branches that continue it; lengths in tokens. */
interface Tree {
  readonly past: number;
  readonly trunk: number;
  readonly branches: readonly number[];
}

const rowsOf = ({ trunk, branches }: Tree): number => branches.reduce((sum, length) => sum + length, trunk);

/** The segments of a tree whose rows begin at `start` and whose trunk is segment `first`. */
function segmentsOf(tree: Tree, past: AttentionSegment["past"], start: number, first: number): AttentionSegment[] {
  const before = past === undefined ? {} : { past };
  const segments: AttentionSegment[] = [{ start, length: tree.trunk, ...before }];
  let next = start + tree.trunk;
  for (const length of tree.branches) {
    segments.push({ start: next, length, ancestors: [first], ...before });
    next += length;
  }
  return segments;
}

describeEachBackend("packed trees", () => {
  // Heads of four numbers run in the memory of wasm where that is there, those of six in plain loops and products.
  it.each([4, 6])("get the same bits alone and beside others, both ways, heads of %i", (headDim) => {
    const shape = { heads: 2, keyValueHeads: 1 };
    const width = 4 * headDim;
    const lengths = fc.integer({ min: 1, max: 12 });
    const trees = fc.array(
      fc.record({
        past: fc.integer({ min: 0, max: 9 }),
        trunk: lengths,
        branches: fc.array(lengths, { maxLength: 3 }),
      }),
      { minLength: 2, maxLength: 4 },
    );
    const windows = fc.option(fc.integer({ min: 1, max: 15 }), { nil: undefined });
    fc.assert(
      fc.property(trees, windows, (forest, window) => {
        tf.tidy(() => {
          const options = window === undefined ? shape : { ...shape, window };
          const run = (x: tf.Tensor, segments: readonly AttentionSegment[]) => {
            const call = (fused: tf.Tensor) => segmentAttention(fused as tf.Tensor2D, { ...options, segments });
            return [call(x), tf.grad(call)(x)] as const;
          };
          const parts = forest.map((tree, index) => {
            const rng = createRng(index);
            const rows = tf.tensor2d(rng.normals(rowsOf(tree) * width), [rowsOf(tree), width]);
            const past = {
              keys: rng.normals(tree.past * headDim),
              values: rng.normals(tree.past * headDim),
              length: tree.past,
            };
            return { tree, rows, past };
          });
          const packed: AttentionSegment[] = [];
          const starts = parts.map(({ tree, past }, index) => {
            const start = forest.slice(0, index).reduce((sum, other) => sum + rowsOf(other), 0);
            packed.push(...segmentsOf(tree, past, start, packed.length));
            return start;
          });
          const together = run(tf.concat(parts.map(({ rows }) => rows)), packed);
          parts.forEach(({ tree, rows, past }, index) => {
            run(rows, segmentsOf(tree, past, 0, 0)).forEach((alone, kind) => {
              const own = tf.slice(together[kind] as tf.Tensor, [starts[index] as number, 0], [rowsOf(tree), -1]);
              expect(own.dataSync()).toEqual(alone.dataSync());
            });
          });
        });
      }),
      { seed: 12, numRuns: 15 },
    );
  });

  it("give a branch what it gets as one sequence with its trunk", () => {
    tf.tidy(() => {
      const tree: Tree = { past: 0, trunk: 10, branches: [3, 4] };
      const x = tf.tensor2d(createRng(2).normals(17 * 16), [17, 16]);
      const options = { heads: 2, keyValueHeads: 1, window: 8 };
      const whole = segmentAttention(x, { ...options, segments: segmentsOf(tree, undefined, 0, 0) });
      for (const [start, length] of [
        [10, 3],
        [13, 4],
      ] as const) {
        const sequence = tf.concat<tf.Tensor2D>([tf.slice(x, [0, 0], [10, 16]), tf.slice(x, [start, 0], [length, 16])]);
        const alone = segmentAttention(sequence, { ...options, segments: [{ start: 0, length: 10 + length }] });
        expectClose(tf.slice(whole, [start, 0], [length, 8]), tf.slice(alone, [10, 0], [length, 8]).dataSync());
      }
    });
  });

  it("give the same gradient with a past in a store as in an array, also after the memory behind it has moved", () => {
    const stores = [createFloatStore(5 * 4), createFloatStore(5 * 4)] as const;
    const arrays = [createRng(3).normals(20), createRng(4).normals(20)] as const;
    stores.forEach(({ values }, index) => {
      values.set(arrays[index] as Float32Array);
    });
    const stored = {
      get keys() {
        return stores[0].values;
      },
      get values() {
        return stores[1].values;
      },
      length: 5,
    };
    const plain = { keys: arrays[0], values: arrays[1], length: 5 };
    const x = tf.tensor2d(createRng(5).normals(12 * 16), [12, 16]);
    const slopesWith = (past: AttentionSegment["past"], between: () => void): Float32Array => {
      const slope = tf.grad((rows) => {
        const segments = segmentsOf({ past: 5, trunk: 9, branches: [3] }, past, 0, 0);
        const y = segmentAttention(rows as tf.Tensor2D, { heads: 2, keyValueHeads: 1, segments });
        between();
        return y;
      })(x);
      const values = slope.dataSync<"float32">();
      slope.dispose();
      return values;
    };
    const large: tf.Tensor[] = [];
    const expected = slopesWith(plain, () => undefined);
    const found = slopesWith(stored, () => {
      for (let count = 0; count < 5; count += 1) large.push(tf.keep(tf.zeros([2_000_000])));
    });
    expect(found).toEqual(expected);
    tf.dispose([...large, x]);
    for (const store of stores) store.dispose();
  });
});
