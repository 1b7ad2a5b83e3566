import { attention } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const random = (shape: [number, number, number], seed: number): tf.Tensor3D =>
  tf.randomNormal<tf.Rank.R3>(shape, 0, 1, "float32", seed);

describeEachBackend("attention", () => {
  it("lets a token see no later one", () => {
    tf.tidy(() => {
      const x = random([1, 5, 4], 1);
      const changed = tf.concat<tf.Tensor3D>([tf.slice(x, 0, [1, 3, 4]), random([1, 2, 4], 2)], 1);
      const first = attention(x, x, x, { heads: 2 }).dataSync().slice(0, 12);
      expect(attention(changed, changed, changed, { heads: 2 }).dataSync().slice(0, 12)).toEqual(first);
      const slope = tf.grad((value: tf.Tensor) =>
        tf.slice(attention(x, x, value as tf.Tensor3D, { heads: 2 }), 0, [1, 3, 4]),
      )(x);
      expectClose(slope.dataSync().slice(12), new Array(8).fill(0));
    });
  });

  it("gives the last tokens what they get in the whole sequence, as a cache needs", () => {
    tf.tidy(() => {
      const [query, key, value] = [random([2, 6, 4], 1), random([2, 6, 4], 2), random([2, 6, 4], 3)];
      const whole = attention(query, key, value, { heads: 2 });
      const tail = attention(tf.slice(query, [0, 4, 0], [2, 2, 4]), key, value, { heads: 2 });
      expectClose(tail, tf.slice(whole, [0, 4, 0], [2, 2, 4]));
    });
  });

  it("gives each row of the batch what it gets alone, with its padding cut off", () => {
    tf.tidy(() => {
      const x = random([2, 4, 4], 4);
      const both = attention(x, x, x, { heads: 2, causal: false, lengths: [4, 3] });
      const short = tf.slice(x, [1, 0, 0], [1, 3, 4]);
      const alone = attention(short, short, short, { heads: 2, causal: false });
      expectClose(tf.slice(both, [1, 0, 0], [1, 3, 4]), alone);
    });
  });

  it("averages the values where all scores are equal", () => {
    tf.tidy(() => {
      const value = tf.tensor3d([[[1], [2], [6]]]);
      const zeros = tf.zeros<tf.Rank.R3>([1, 3, 1]);
      expectClose(attention(zeros, zeros, value, { heads: 1 }), [1, 1.5, 3]);
    });
  });

  it("picks one value where one score is far above the others", () => {
    tf.tidy(() => {
      const key = tf.tensor3d([[[-1e18], [1e18], [0]]]);
      const query = tf.fill<tf.Rank.R3>([1, 1, 1], 1e18);
      expectClose(attention(query, key, tf.tensor3d([[[1], [2], [6]]]), { heads: 1, causal: false }), [2]);
    });
  });

  it("gives zeros to a row without keys", () => {
    tf.tidy(() => {
      const x = random([2, 2, 2], 5);
      const call = (value: tf.Tensor) => attention(x, x, value as tf.Tensor3D, { heads: 1, lengths: [2, 0] });
      expectClose(call(x).dataSync().slice(4), [0, 0, 0, 0]);
      expectClose(tf.grad(call)(x).dataSync().slice(4), [0, 0, 0, 0]);
    });
  });

  it("gives every head its own part", () => {
    tf.tidy(() => {
      const x = random([1, 3, 6], 6);
      const parts = tf.split<tf.Tensor3D>(x, 3, 2).map((part) => attention(part, part, part, { heads: 1 }));
      expectClose(attention(x, x, x, { heads: 3 }), tf.concat(parts, 2));
    });
  });

  it("repeats a head of keys for its group of queries", () => {
    tf.tidy(() => {
      const query = random([1, 3, 8], 7);
      const narrow = random([1, 3, 4], 8);
      const [first, second] = tf.split<tf.Tensor3D>(narrow, 2, 2) as [tf.Tensor3D, tf.Tensor3D];
      const wide = tf.concat<tf.Tensor3D>([first, first, second, second], 2);
      const grouped = attention(query, narrow, narrow, { heads: 4, keyValueHeads: 2 });
      expectClose(grouped, attention(query, wide, wide, { heads: 4 }));
    });
  });

  it.each([1, 2, 4, 9])("lets a token see itself and the newest before it in a window of %i", (window) => {
    tf.tidy(() => {
      const [query, key, value] = [random([2, 6, 4], 1), random([2, 6, 2], 2), random([2, 6, 2], 3)];
      const all = attention(query, key, value, { heads: 2, keyValueHeads: 1, window });
      for (let token = 0; token < 6; token += 1) {
        const first = Math.max(0, token + 1 - window);
        const size = token + 1 - first;
        const seen = (x: tf.Tensor3D) => tf.slice(x, [0, first, 0], [2, size, 2]);
        const last = tf.slice(query, [0, token, 0], [2, 1, 4]);
        const alone = attention(last, seen(key), seen(value), { heads: 2, keyValueHeads: 1 });
        expectClose(tf.slice(all, [0, token, 0], [2, 1, 4]), alone);
      }
    });
  });

  it("refuses shapes that do not fit", () => {
    tf.tidy(() => {
      const shapeError = expect.objectContaining({ code: "shape" });
      const ones = (...shape: [number, number, number]) => tf.ones<tf.Rank.R3>(shape);
      const x = ones(2, 3, 4);
      const flat = tf.ones([3, 4]) as unknown as tf.Tensor3D;
      expect(() => attention(flat, x, x, { heads: 2 })).toThrow(shapeError);
      expect(() => attention(x, x, x, { heads: 3 })).toThrow(shapeError);
      expect(() => attention(x, ones(1, 3, 4), ones(1, 3, 4), { heads: 2 })).toThrow(shapeError);
      expect(() => attention(x, ones(2, 3, 2), ones(2, 3, 2), { heads: 2 })).toThrow(shapeError);
      expect(() => attention(x, x, ones(2, 4, 4), { heads: 2 })).toThrow(shapeError);
      expect(() => attention(x, ones(2, 2, 4), ones(2, 2, 4), { heads: 2 })).toThrow(shapeError);
    });
  });

  it("refuses counts of heads, lengths and windows out of range", () => {
    tf.tidy(() => {
      const configError = expect.objectContaining({ code: "config" });
      const x = tf.ones<tf.Rank.R3>([2, 3, 4]);
      for (const options of [
        { heads: 0 },
        { heads: 1.5 },
        { heads: 2, keyValueHeads: 4 },
        { heads: 2, lengths: [3] },
        { heads: 2, lengths: [3, 4] },
        { heads: 2, lengths: [-1, 3] },
        { heads: 2, lengths: [1.5, 3] },
        { heads: 2, window: 0 },
        { heads: 2, window: 1.5 },
        { heads: 2, window: 2, causal: false },
      ]) {
        expect(() => attention(x, x, x, options)).toThrow(configError);
      }
    });
  });
});
