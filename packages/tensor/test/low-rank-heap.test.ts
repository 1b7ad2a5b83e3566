import { addLowRank, createRng } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const [SAMPLES, RANK, IN, OUT, ROWS] = [3, 8, 12, 5, 6];

describeEachBackend("addLowRank where it works on four numbers at a time", () => {
  it("gives the formula, and a row the same bits alone", () => {
    const rng = createRng(9);
    const [down, up] = [rng.normals(SAMPLES * RANK * IN), rng.normals(SAMPLES * OUT * RANK)];
    const [base, x] = [rng.normals(ROWS * (OUT + 2)), rng.normals(ROWS * IN)];
    const sampleOf = [2, -1, 0, 2, 1, -1];
    const run = (rows: readonly number[]): Float32Array => {
      const pick = (values: Float32Array, width: number) =>
        tf.tensor2d(Float32Array.from(rows.flatMap((row) => [...values.slice(row * width, (row + 1) * width)])), [
          rows.length,
          width,
        ]);
      return tf
        .tidy(() =>
          addLowRank(pick(base, OUT + 2), pick(x, IN), {
            down: tf.tensor3d(down, [SAMPLES, RANK, IN]),
            up: tf.tensor3d(up, [SAMPLES, OUT, RANK]),
            scale: 0.3,
            sampleOf: rows.map((row) => sampleOf[row] as number),
            column: 1,
          }),
        )
        .dataSync<"float32">();
    };
    const all = run([0, 1, 2, 3, 4, 5]);
    const expected = Array.from(base, (value, index) => {
      const row = Math.floor(index / (OUT + 2));
      const output = (index % (OUT + 2)) - 1;
      const sample = sampleOf[row] as number;
      if (sample < 0 || output < 0 || output >= OUT) return value;
      let update = 0;
      for (let r = 0; r < RANK; r += 1) {
        let narrow = 0;
        for (let i = 0; i < IN; i += 1) {
          narrow += (x[row * IN + i] as number) * (down[(sample * RANK + r) * IN + i] as number);
        }
        update += narrow * (up[(sample * OUT + output) * RANK + r] as number);
      }
      return value + 0.3 * update;
    });
    expectClose(all, expected, { rtol: 1e-5, atol: 1e-5 });
    for (let row = 0; row < ROWS; row += 1) {
      expect(run([row])).toEqual(all.slice(row * (OUT + 2), (row + 1) * (OUT + 2)));
    }
  });
});
