import { type AttentionSegment, createRng, segmentAttention } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { expect, it } from "vitest";

interface Shape {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
}

const widthOf = ({ heads, keyValueHeads, headDim }: Shape): number => (heads + 2 * keyValueHeads) * headDim;

function fusedRows(rows: number, shape: Shape, seed = 1): tf.Tensor2D {
  return tf.tensor2d(createRng(seed).normals(rows * widthOf(shape)), [rows, widthOf(shape)]);
}

/** The formula in float64: what each row of `segments` sees, masked by hand. */
function reference(
  rows: readonly (readonly number[])[],
  shape: Shape,
  segments: readonly AttentionSegment[],
  window = Number.POSITIVE_INFINITY,
): number[][] {
  const { heads, keyValueHeads, headDim } = shape;
  const output = rows.map(() => new Array<number>(heads * headDim).fill(0));
  const part = (row: readonly number[], start: number) => row.slice(start, start + headDim);
  for (const { start, length, ancestors = [], past } of segments) {
    const keyWidth = keyValueHeads * headDim;
    const before = Array.from({ length: past?.length ?? 0 }, (_, token) => ({
      key: [...(past?.keys.slice(token * keyWidth, (token + 1) * keyWidth) ?? [])],
      value: [...(past?.values.slice(token * keyWidth, (token + 1) * keyWidth) ?? [])],
    }));
    const tokenOf = (row: number) => ({
      key: (rows[row] as number[]).slice(heads * headDim, heads * headDim + keyWidth),
      value: (rows[row] as number[]).slice(heads * headDim + keyWidth),
    });
    const rowsOf = (segment: AttentionSegment) =>
      Array.from({ length: segment.length }, (_, offset) => tokenOf(segment.start + offset));
    const context = [...before, ...ancestors.flatMap((index) => rowsOf(segments[index] as AttentionSegment))];
    for (let offset = 0; offset < length; offset += 1) {
      const row = start + offset;
      const own = Array.from({ length: offset + 1 }, (_, index) => tokenOf(start + index));
      const seen = [...context, ...own].slice(-window);
      for (let head = 0; head < heads; head += 1) {
        const shared = Math.floor(head / (heads / keyValueHeads)) * headDim;
        const query = part(rows[row] as number[], head * headDim);
        const scores = seen.map(({ key }) =>
          part(key, shared).reduce((sum, value, index) => sum + value * (query[index] as number), 0),
        );
        const weights = scores.map((score) =>
          Math.exp(score / Math.sqrt(headDim) - Math.max(...scores) / Math.sqrt(headDim)),
        );
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (let column = 0; column < headDim; column += 1) {
          const mixed = seen.reduce(
            (sum, { value }, index) => sum + (weights[index] as number) * (value[shared + column] as number),
            0,
          );
          (output[row] as number[])[head * headDim + column] = mixed / total;
        }
      }
    }
  }
  return output;
}

const shapes: readonly Shape[] = [
  { heads: 2, keyValueHeads: 2, headDim: 4 },
  { heads: 4, keyValueHeads: 2, headDim: 6 },
  { heads: 3, keyValueHeads: 1, headDim: 10 },
];

describeEachBackend("segmentAttention", () => {
  it.each(shapes)("agrees with the formula for $heads heads, $keyValueHeads of keys, of width $headDim", (shape) => {
    const keyWidth = shape.keyValueHeads * shape.headDim;
    const rng = createRng(8);
    // Room for more tokens than there are, as a cache has.
    const past = { keys: rng.normals(9 * keyWidth), values: rng.normals(9 * keyWidth), length: 7 };
    const segments: readonly AttentionSegment[] = [
      { start: 0, length: 12 },
      { start: 12, length: 3, ancestors: [0] },
      { start: 15, length: 1, ancestors: [0, 1] },
      { start: 16, length: 10, past },
      { start: 26, length: 1, past },
      { start: 27, length: 9, ancestors: [3], past },
    ];
    for (const window of [undefined, 1, 4, 15]) {
      tf.tidy(() => {
        const fused = fusedRows(36, shape);
        const result = segmentAttention(fused, { ...shape, segments, ...(window === undefined ? {} : { window }) });
        const expected = reference(fused.arraySync(), shape, segments, window);
        expectClose(result, expected.flat(), { rtol: 1e-4, atol: 1e-5 });
      });
    }
  });

  it.each(shapes)("has the gradient of the formula for heads of width $headDim", (shape) => {
    const keyWidth = shape.keyValueHeads * shape.headDim;
    const past = { keys: createRng(5).normals(3 * keyWidth), values: createRng(6).normals(3 * keyWidth), length: 3 };
    const segments: readonly AttentionSegment[] = [
      { start: 0, length: 4 },
      { start: 4, length: 2, ancestors: [0], past },
      { start: 6, length: 9, ancestors: [0, 1] }, // long enough for products
    ];
    const fused = fusedRows(16, shape); // the last row belongs to nobody
    for (const options of [{}, { window: 5, scale: 0.7 }]) {
      checkGradient((rows) => segmentAttention(rows as tf.Tensor2D, { ...shape, ...options, segments }), [fused]);
    }
    fused.dispose();
  });

  it.each(shapes)(
    "gives a sequence the same bits alone and packed with any others, width $headDim, both ways",
    (shape) => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }), (lengths) => {
          tf.tidy(() => {
            const parts = lengths.map((length, index) => fusedRows(length, shape, index + 1));
            let start = 0;
            const segments = lengths.map((length) => {
              start += length;
              return { start: start - length, length };
            });
            const run = (x: tf.Tensor, pieces: readonly AttentionSegment[]) => {
              const call = (fused: tf.Tensor) => segmentAttention(fused as tf.Tensor2D, { ...shape, segments: pieces });
              return [call(x), tf.grad(call)(x)] as const;
            };
            const together = run(tf.concat(parts), segments);
            parts.forEach((part, index) => {
              const { start: from, length } = segments[index] as AttentionSegment;
              run(part, [{ start: 0, length }]).forEach((alone, kind) => {
                const slice = tf.slice(together[kind] as tf.Tensor, [from, 0], [length, -1]);
                expect(slice.dataSync()).toEqual(alone.dataSync());
              });
            });
          });
        }),
        { seed: 4, numRuns: 12 },
      );
    },
  );

  it("gives zeros to rows in no segment, and to silent ones, which others still see", () => {
    tf.tidy(() => {
      const shape = shapes[0] as Shape;
      const fused = fusedRows(4, shape);
      const segments = [
        { start: 0, length: 2 },
        { start: 2, length: 1, ancestors: [0] },
      ];
      const whole = segmentAttention(fused, { ...shape, segments }).arraySync();
      const quiet = segmentAttention(fused, {
        ...shape,
        segments: [{ start: 0, length: 2, silent: true }, segments[1] as AttentionSegment],
      }).arraySync();
      expect(quiet[0]).toEqual(new Array(8).fill(0));
      expect(quiet[2]).toEqual(whole[2]);
      expect(whole[3]).toEqual(new Array(8).fill(0));
    });
  });

  it("keeps nothing, with and without a gradient", () => {
    const shape = shapes[0] as Shape;
    const fused = fusedRows(20, shape);
    const segments = [
      { start: 0, length: 19 },
      { start: 19, length: 1, ancestors: [0] },
    ];
    const call = (x: tf.Tensor) => segmentAttention(x as tf.Tensor2D, { ...shape, segments });
    expectNoTensorLeak(() => call(fused));
    expectNoTensorLeak(() => tf.grad(call)(fused));
    fused.dispose();
  });

  it("refuses segments, heads and windows that do not fit", () => {
    tf.tidy(() => {
      const shape = shapes[0] as Shape;
      const fused = fusedRows(3, shape);
      const configError = expect.objectContaining({ code: "config" });
      const run = (segments: readonly AttentionSegment[], changes: object = {}) =>
        segmentAttention(fused, { ...shape, segments, ...changes });
      for (const segments of [
        [{ start: 0, length: 4 }],
        [{ start: -1, length: 1 }],
        [{ start: 0, length: 0 }],
        [{ start: 0.5, length: 1 }],
        [{ start: 0, length: 1, ancestors: [0] }],
        [
          { start: 0, length: 2 },
          { start: 1, length: 1 },
        ],
        [{ start: 0, length: 1, past: { keys: new Float32Array(8), values: new Float32Array(7), length: 1 } }],
        [{ start: 0, length: 1, past: { keys: new Float32Array(8), values: new Float32Array(8), length: 0.5 } }],
        [{ start: 0, length: 1, past: { keys: new Float32Array(8), values: new Float32Array(8), length: -1 } }],
      ]) {
        expect(() => run(segments)).toThrow(configError);
      }
      expect(() => run([], { window: 0 })).toThrow(configError);
      expect(() => run([], { heads: 2, keyValueHeads: 4 })).toThrow(configError);
      expect(() => run([], { heads: 5, keyValueHeads: 5 })).toThrow(expect.objectContaining({ code: "shape" }));
    });
  });
});
