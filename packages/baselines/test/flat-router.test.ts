import { createFlatRouterFactory } from "@haps/baselines";
import { createRng } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { calibrationSlope } from "../src/calibration-slope.ts";
import { contrastError } from "../src/contrast-error.ts";
import { expectedRewardLoss } from "../src/expected-reward-loss.ts";
import { ask, chosenArm, contextOf, decide, meanScore, numberFeatures, tableOf } from "./fixture.ts";

const NONE = Number.NaN;
const features = numberFeatures(3);
const textOf = (x: readonly number[]): string => x.join(" ");

/** The loss in double precision, from its formula. */
function lossFormula(
  scores: readonly (readonly number[])[],
  rewards: readonly (readonly number[])[],
  temperature: number,
): number {
  const values = scores.flatMap((row, index) => {
    const open = row.map((_, arm) => arm).filter((arm) => !Number.isNaN(rewards[index]?.[arm]));
    if (open.length === 0) return [];
    const weights = open.map((arm) => Math.exp((row[arm] ?? 0) / temperature));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const policy = weights.map((weight) => weight / total);
    return [
      open.reduce((sum, arm, place) => {
        const probability = policy[place] ?? 0;
        return sum + probability * ((rewards[index]?.[arm] ?? 0) - temperature * Math.log(probability));
      }, 0),
    ];
  });
  return -values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

describeEachBackend("expectedRewardLoss", () => {
  const scores = [
    [0.2, -0.1, 0.4],
    [0.9, 0.3, -0.5],
    [0.1, 0.2, 0.3],
  ];
  const rewards = [
    [0.5, 0.1, 0.9],
    [NONE, 0.7, 0.2],
    [NONE, NONE, NONE],
  ];
  const cells = Float32Array.from(rewards.flat());

  it.each([0.1, 0.5, 2])("agrees with its formula at temperature %d and leaves out what was not run", (temperature) => {
    const loss = expectedRewardLoss(tf.tensor2d(scores), cells, temperature);
    expectClose(loss, [lossFormula(scores, rewards, temperature)], { rtol: 1e-5, atol: 1e-6 });
  });

  it("has the gradient of finite differences, and a wrong one is caught", () => {
    const x = tf.tensor2d(scores);
    checkGradient((y) => expectedRewardLoss(y as tf.Tensor2D, cells, 0.5), [x]);
    const wrong = tf.customGrad((y) => ({
      value: expectedRewardLoss(y as tf.Tensor2D, cells, 0.5),
      gradFunc: () => tf.zerosLike(y as tf.Tensor),
    }));
    expect(() => checkGradient((y) => wrong(y), [x])).toThrow("central difference");
    x.dispose();
  });

  it("is least where scores are the rewards: its gradient is zero there", () => {
    const gradient = tf.grad((y) => expectedRewardLoss(y as tf.Tensor2D, cells, 0.3));
    const atRewards = gradient(
      tf.tensor2d(rewards.map((row) => row.map((value) => (Number.isNaN(value) ? 5 : value + 0.25)))),
    );
    expectClose(atRewards, new Float32Array(9), { atol: 1e-6 });
  });

  it("stays finite for scores far apart, and leaves nothing allocated", () => {
    const far = tf.tensor2d([[1e4, -1e4, 0]]);
    const loss = expectedRewardLoss(far, Float32Array.of(0.5, 1, 0), 0.1);
    expectClose(loss, [-0.5]);
    expectNoTensorLeak(() => expectedRewardLoss(far, Float32Array.of(0.5, 1, 0), 0.1));
    expectNoTensorLeak(() =>
      tf.grad((y) => expectedRewardLoss(y as tf.Tensor2D, Float32Array.of(0.5, 1, 0), 0.1))(far),
    );
    tf.dispose([far, loss]);
  });
});

describeEachBackend("createFlatRouterFactory", () => {
  const rule = (point: readonly number[] | undefined, arm: number): number =>
    arm === 0 ? 0.55 : 0.5 + 0.15 * arm * Math.tanh(2 * (point?.[arm] ?? 0));
  const plant = (seed: number) => {
    const rng = createRng(seed);
    const draw = (count: number): number[][] =>
      Array.from({ length: count }, () => [rng.normal(), rng.normal(), rng.normal()]);
    const points = draw(300);
    const noisy = (rows: readonly (readonly number[])[], costs?: readonly (readonly number[])[]) =>
      tableOf({
        scores: rows.map((point) => [0, 1, 2].map((arm) => rule(point, arm) + 0.3 * rng.normal())),
        texts: points.map(textOf),
        ...(costs === undefined ? {} : { costs }),
      });
    return { rng, points, fresh: draw(200), noisy };
  };
  const factory = createFlatRouterFactory({ features }, { members: 2, steps: 80, learningRate: 0.02 });

  it("finds a planted rule (simulated)", async () => {
    const { points, fresh, noisy } = plant(2);
    const table = noisy(points);
    const decisions = await decide(
      factory,
      contextOf(table),
      fresh.map((point) => ask(table, textOf(point))),
    );
    const oracle =
      fresh.reduce((sum, point) => sum + Math.max(...[0, 1, 2].map((arm) => rule(point, arm))), 0) / fresh.length;
    const gain = meanScore(decisions, (index, arm) => rule(fresh[index], arm)) - 0.55;
    expect(oracle - 0.55).toBeGreaterThan(0.08);
    expect(gain).toBeGreaterThan(0.7 * (oracle - 0.55));
  });

  it("loses next to nothing on noise (simulated)", async () => {
    const { rng, points, fresh, noisy } = plant(3);
    const table = noisy(rng.shuffle(points));
    const decisions = await decide(
      factory,
      contextOf(table),
      fresh.map((point) => ask(table, textOf(point))),
    );
    const best = decisions.filter((decision) => chosenArm(decision) === 0).length;
    expect(best).toBeGreaterThanOrEqual(180);
  });

  it("learns what cost depends on, from the cost weights it is trained at", async () => {
    const { points, fresh, noisy } = plant(4);
    // All arms cost 1 on average; arm 1 is dear where x0 is high, arm 2 where it is low.
    const table = noisy(
      points,
      points.map(([x0 = 0]) => [1, 1 + 0.5 * Math.tanh(x0), 1 - 0.5 * Math.tanh(x0)]),
    );
    const requests = fresh.map((point) => ask(table, textOf(point), { costWeight: 2 }));
    const decisions = await decide(factory, contextOf(table, { costWeights: [0, 2] }), requests);
    const clear = fresh
      .map(([x0 = 0], index) => ({ x0, arm: chosenArm(decisions[index]) }))
      .filter(({ x0 }) => Math.abs(x0) > 1);
    expect(clear.length).toBeGreaterThan(30);
    const right = clear.filter(({ x0, arm }) => arm === (x0 > 0 ? 2 : 1));
    expect(right.length / clear.length).toBeGreaterThan(0.9);
  });

  it("leaves nothing allocated after disposal or an abort", async () => {
    const { points, fresh, noisy } = plant(5);
    const table = noisy(points);
    const small = createFlatRouterFactory({ features }, { members: 2, steps: 3, batchRows: 40 });
    const before = tf.memory().numTensors;
    await decide(
      small,
      contextOf(table),
      fresh.slice(0, 4).map((point) => ask(table, textOf(point))),
    );
    expect(tf.memory().numTensors).toBe(before);
    const controller = new AbortController();
    const onEvent = (): void => controller.abort(new Error("enough"));
    await expect(small.createRouter(contextOf(table, { signal: controller.signal, onEvent }))).rejects.toThrow(
      "enough",
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("calibrationSlope", () => {
  const predicted = [1, 0, 0.5, -0.5];

  it("is 1 for perfect predictions, up to what all arms share, and 0 for opposite ones", () => {
    expect(calibrationSlope(predicted, [3, 2, 0.1, -0.9], 2)).toBeCloseTo(1, 12);
    expect(calibrationSlope(predicted, [0, 1, -1, 1], 2)).toBe(0);
    expect(calibrationSlope([0, 0, 0, 0], [1, 0, 1, 0], 2)).toBe(0);
  });

  it("is the least-squares slope over recorded contrasts", () => {
    // Contrasts predicted: ±0.5 and ±0.5; observed: ±0.2 and ±0.1, so (0.2 + 0.1) * 0.5 * 2 / (4 * 0.25).
    expect(calibrationSlope(predicted, [0.4, 0, 0.2, 0], 2)).toBeCloseTo(0.3, 12);
    expect(calibrationSlope(predicted, [0.4, 0, NONE, NONE], 2)).toBeCloseTo(0.4, 12);
    expect(calibrationSlope([2, 9], [1, NONE], 2)).toBeCloseTo(0.5, 12);
  });
});

describe("contrastError", () => {
  it("counts differences between arms and not what all of them share", () => {
    expect(contrastError([1, 2, 3], [11, 12, 13])).toBeCloseTo(0, 12);
    // Errors 0 and 1 around their mean of 0.5.
    expect(contrastError([1, NONE, 2], [1, 7, 1])).toBeCloseTo(0.5, 12);
    expect(contrastError([NONE, 2], [0, 1.5])).toBeCloseTo(0.25, 12);
    expect(contrastError([NONE, NONE], [0, 0])).toBe(0);
  });
});
