import { createRng, segmentAttention } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const HEADS = { heads: 2, keyValueHeads: 1 };
/** Heads of width 4. */
const fused = (rows: number): tf.Tensor2D => tf.tensor2d(createRng(1).normals(rows * 16), [rows, 16]);

describeEachBackend("silent segments", () => {
  it.each([3, 12])("are seen by others and give zeros [%d rows]", (length) => {
    const x = fused(length + 2);
    const after = { start: length, length: 2, ancestors: [0] };
    const loud = segmentAttention(x, { ...HEADS, segments: [{ start: 0, length }, after] });
    const silent = segmentAttention(x, { ...HEADS, segments: [{ start: 0, length, silent: true }, after] });
    const [zeros, seen] = [tf.slice(silent, [0, 0], [length, 8]), tf.slice(silent, [length, 0])];
    expect([...zeros.dataSync()].every((value) => value === 0)).toBe(true);
    expectClose(seen, tf.slice(loud, [length, 0]), { atol: 1e-7 });
    tf.dispose([x, loud, silent, zeros, seen]);
    tf.disposeVariables();
  });

  it("pass gradients on to the keys and values that others saw", () => {
    const x = fused(5);
    const segments = [
      { start: 0, length: 3, silent: true },
      { start: 3, length: 2, ancestors: [0] },
    ];
    checkGradient((rows) => segmentAttention(rows as tf.Tensor2D, { ...HEADS, segments }), [x]);
    const slope = tf.grad((rows) => tf.sum(segmentAttention(rows as tf.Tensor2D, { ...HEADS, segments })))(x);
    const rows = slope.arraySync() as number[][];
    expect(rows.slice(0, 3).every((row) => row.slice(0, 8).every((value) => value === 0))).toBe(true); // no queries
    expect(rows.slice(0, 3).every((row) => row.slice(8).some((value) => value !== 0))).toBe(true);
    tf.dispose([x, slope]);
  });
});
