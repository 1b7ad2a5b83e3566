import {
  createAdamW,
  createSgd,
  createVariables,
  lossAndGradients,
  type NamedVariables,
  readVariables,
  tidyValue,
  trainStep,
} from "@haps/tensor";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const failure = (code: string, facts: object = {}) =>
  expect.objectContaining({ code, facts: expect.objectContaining(facts) });

const make = (values: Record<string, number[]>): NamedVariables =>
  createVariables(Object.entries(values).map(([name, array]) => [name, tf.tidy(() => tf.tensor1d(array))] as const));

/** Variables a and b, freed after the test's body. */
function withVariables(values: Record<string, number[]>, body: (variables: NamedVariables) => void): void {
  const variables = tidyValue(() => make(values));
  try {
    body(variables);
  } finally {
    variables.dispose();
  }
}

describeEachBackend("lossAndGradients", () => {
  it("gives the loss and the gradient of each variable that it uses, in the variables' order", () => {
    withVariables({ a: [1, 2], unused: [7], b: [3, 4] }, (variables) => {
      const found = lossAndGradients(variables, () =>
        tf.sum(tf.mul(variables.get("b"), tf.square(variables.get("a")))),
      );
      expect(found.loss).toBe(19);
      expect([...found.gradients.keys()]).toEqual(["a", "b"]);
      expectClose(found.gradients.get("a") ?? [], [6, 16]);
      expectClose(found.gradients.get("b") ?? [], [1, 4]);
    });
  });

  it("does not differentiate variables of others", () => {
    withVariables({ a: [2] }, (variables) => {
      withVariables({ a: [5] }, (others) => {
        const { gradients } = lossAndGradients(variables, () => tf.sum(tf.mul(variables.get("a"), others.get("a"))));
        expect([...gradients]).toEqual([["a", Float32Array.of(5)]]);
      });
    });
  });

  it("accepts a loss of one element, of any rank", () => {
    withVariables({ a: [3] }, (variables) => {
      expect(lossAndGradients(variables, () => tf.mul(variables.get("a"), 2)).loss).toBe(6);
    });
  });

  it("leaves nothing in tfjs, and nothing when it fails either", () => {
    withVariables({ a: [3] }, (variables) => {
      expectNoTensorLeak(() => {
        lossAndGradients(variables, () => tf.sum(tf.square(variables.get("a"))));
        return [];
      });
      expectNoTensorLeak(() => {
        for (const loss of [
          () => tf.log(tf.sub(variables.get("a"), 3)),
          () => tf.concat([tf.square(variables.get("a")), tf.ones([1])]),
          () => tf.square(tf.ones([1])),
          () => tf.matMul(tf.square(variables.get("a")), tf.ones([1])),
        ]) {
          expect(() => lossAndGradients(variables, loss)).toThrow();
        }
        return [];
      });
    });
  });

  it("refuses a loss that is no scalar, uses no variable, or has none to use", () => {
    withVariables({ a: [3, 4] }, (variables) => {
      expect(() => lossAndGradients(variables, () => tf.square(variables.get("a")))).toThrow(
        failure("shape", { actual: [2] }),
      );
      const later = async () => Promise.resolve(tf.sum(variables.get("a")));
      expect(() => lossAndGradients(variables, later as unknown as () => tf.Tensor)).toThrow(
        expect.objectContaining({ code: "shape", message: expect.stringContaining("not async") as unknown }),
      );
      expect(() => lossAndGradients(variables, () => tf.scalar(1))).toThrow(failure("state", { variables: ["a"] }));
    });
    const none = createVariables([]);
    expect(() => lossAndGradients(none, () => tf.scalar(1))).toThrow(expect.objectContaining({ code: "state" }));
  });

  it("lets an error of the loss through as it is", () => {
    withVariables({ a: [3] }, (variables) => {
      const stop = () => {
        throw new RangeError("stop");
      };
      expect(() => lossAndGradients(variables, stop)).toThrow(new RangeError("stop"));
      expect(lossAndGradients(variables, () => tf.sum(variables.get("a"))).loss).toBe(3);
    });
  });
});

describeEachBackend("trainStep", () => {
  it("reports what it did and moves the variables", () => {
    withVariables({ a: [3], b: [4] }, (variables) => {
      const optimizer = createSgd(variables, { learningRate: 0.1 });
      const loss = () => tf.sum(tf.add(tf.square(variables.get("a")), tf.square(variables.get("b"))));
      expect(trainStep(optimizer, loss)).toEqual({
        loss: 25,
        gradientNorm: 10,
        clipped: false,
        learningRate: 0.1,
        step: 0,
      });
      expectClose(variables.get("a").dataSync(), [2.4]);
      expect(trainStep(optimizer, loss)).toMatchObject({ step: 1, gradientNorm: expect.closeTo(8, 5) });
    });
  });

  it("clips by the joint norm and reports the norm before", () => {
    withVariables({ a: [3], b: [4] }, (variables) => {
      const optimizer = createSgd(variables, { learningRate: 1 });
      const loss = () => tf.sum(tf.add(tf.square(variables.get("a")), tf.square(variables.get("b"))));
      expect(trainStep(optimizer, loss, { clipNorm: 1 })).toMatchObject({ gradientNorm: 10, clipped: true });
      expectClose(variables.get("a").dataSync(), [2.4]);
      expectClose(variables.get("b").dataSync(), [3.2]);
      expect(trainStep(optimizer, loss, { clipNorm: 100 }).clipped).toBe(false);
    });
  });

  it("names the step of a loss that is not finite, and writes nothing", () => {
    withVariables({ a: [1] }, (variables) => {
      const optimizer = createAdamW(variables, { learningRate: 0.5 });
      trainStep(optimizer, () => tf.sum(variables.get("a")));
      const before = readVariables(variables);
      const state = optimizer.state();
      for (const [value, loss] of [
        [Number.NaN, () => tf.sum(tf.mul(variables.get("a"), Number.NaN))],
        [Infinity, () => tf.sum(tf.div(variables.get("a"), 0))],
      ] as const) {
        expect(() => trainStep(optimizer, loss)).toThrow(failure("non-finite", { tensor: "the loss", value, step: 1 }));
      }
      expect(readVariables(variables)).toEqual(before);
      expect(optimizer.state()).toEqual(state);
    });
  });

  it("names the variable and the step of a gradient that is not finite, and writes nothing", () => {
    withVariables({ good: [1], bad: [0, 1] }, (variables) => {
      const optimizer = createSgd(variables, { learningRate: 1 });
      // The root of 0 is finite, its slope is not.
      const loss = () => tf.add(tf.sum(variables.get("good")), tf.sum(tf.sqrt(variables.get("bad"))));
      const expected = failure("non-finite", { tensor: 'the gradient of "bad"', value: Infinity, step: 0 });
      expect(() => trainStep(optimizer, loss)).toThrow(expected);
      expect(() => trainStep(optimizer, loss)).toThrowErrorMatchingInlineSnapshot(
        `[HapsError: trainStep: the gradient of "bad" is Infinity at step 0; expected finite numbers; lower the learning rate, clip, or check the data]`,
      );
      expect([...variables.get("good").dataSync()]).toEqual([1]);
      expect(optimizer.step).toBe(0);
    });
  });

  it("refuses a limit that is not positive", () => {
    withVariables({ a: [1] }, (variables) => {
      const optimizer = createSgd(variables, { learningRate: 1 });
      for (const clipNorm of [0, -1, Number.NaN]) {
        const run = () => trainStep(optimizer, () => tf.sum(variables.get("a")), { clipNorm });
        expect(run).toThrow(failure("config"));
      }
    });
  });
});
