import { createMlpRouterFactory, createRidgeRouterFactory } from "@haps/baselines";
import type { FitEvent } from "@haps/spec";
import { type Backbone, createRng, createVariables, linear, type Rng } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { squaredErrorLoss } from "../src/squared-error-loss.ts";
import { ask, chosenArm, contextOf, decide, meanScore, numberFeatures, scoresOf, tableOf } from "./fixture.ts";

const features = numberFeatures(2);
const textOf = (x: readonly number[]): string => x.join(" ");

/** An exclusive or of signs, which no linear model sees: arm 1 is good where both signs agree, arm 2 where they differ. */
function rule(point: readonly number[] | undefined, arm: number): number {
  const agree = Math.sign((point?.[0] ?? 0) * (point?.[1] ?? 0));
  return arm === 0 ? 0.55 : 0.5 + (arm === 1 ? 0.3 : -0.3) * agree;
}

function planted(seed: number) {
  const rng = createRng(seed);
  const draw = (count: number): number[][] => Array.from({ length: count }, () => [rng.normal(), rng.normal()]);
  const points = draw(300);
  const noisy = (rows: readonly (readonly number[])[], costs?: readonly (readonly number[])[]) =>
    tableOf({
      scores: rows.map((point) => [0, 1, 2].map((arm) => rule(point, arm) + 0.2 * rng.normal())),
      texts: points.map(textOf),
      ...(costs === undefined ? {} : { costs }),
    });
  return { rng, points, fresh: draw(200), noisy };
}

/** A backbone of one linear map, as one from outside. */
function linearBackbone(dimension: number, rng: Rng): Backbone {
  const variables = createVariables([["w", { shape: [3, dimension], values: rng.normals(3 * dimension) }]]);
  return {
    variables,
    featureDimension: dimension,
    hiddenDimension: 3,
    encode: (x) => linear(x, variables.get("w") as tf.Tensor2D) as tf.Tensor2D,
  };
}

describeEachBackend("createMlpRouterFactory", (backend) => {
  const factory = createMlpRouterFactory({ features }, { members: 3 });

  it("learns a planted rule that ridge cannot, and beats the best single arm (simulated)", async () => {
    const { points, fresh, noisy } = planted(4);
    const table = noisy(points);
    const requests = fresh.map((point) => ask(table, textOf(point)));
    const score = async (one: typeof factory): Promise<number> =>
      meanScore(await decide(one, contextOf(table), requests), (index, arm) => rule(fresh[index], arm));
    // The best single arm has 0.55, the oracle 0.8.
    expect(await score(factory)).toBeGreaterThan(0.7);
    expect(await score(createRidgeRouterFactory({ features }))).toBeLessThan(0.6);
  });

  it("loses next to nothing on noise (simulated)", async () => {
    const { rng, points, fresh, noisy } = planted(5);
    let loss = 0;
    for (let repeat = 0; repeat < 3; repeat += 1) {
      const table = noisy(rng.shuffle(points));
      const requests = fresh.map((point) => ask(table, textOf(point)));
      const decisions = await decide(factory, contextOf(table), requests);
      loss += decisions.filter((decision) => chosenArm(decision) !== 0).length / requests.length;
    }
    // Without a signal the other arms are worth 0.05 less, so this is a mean loss of 0.005.
    expect(loss / 3).toBeLessThan(0.1);
  });

  it("predicts cost by ridge regression and combines it at the request's weight", async () => {
    const { points, fresh, noisy } = planted(6);
    // The best arm on average, arm 0, costs 10 throughout, the unit; arm 2 costs 10 + x0.
    const table = noisy(
      points,
      points.map(([x0 = 0]) => [10, 10, 10 + x0]),
    );
    const context = contextOf(table);
    const query = textOf(fresh[0] ?? []);
    const one = createMlpRouterFactory({ features }, { members: 2, steps: 20, temperature: 1 });
    const [free, priced] = await decide(one, context, [ask(table, query), ask(table, query, { costWeight: 0.5 })]);
    const slope = scoresOf(priced, 1).map((value, arm) => value - (scoresOf(free, 1)[arm] ?? 0));
    expectClose(slope, [0, 0, (-0.5 * (fresh[0]?.[0] ?? 0)) / 10], { rtol: 0.02, atol: 1e-3 });
  });

  it("trains a backbone from outside with it", async () => {
    const { points, fresh, noisy } = planted(7);
    const made: Backbone[] = [];
    const backbone = (dimension: number, rng: Rng): Backbone => {
      const one = linearBackbone(dimension, rng);
      made.push(one);
      return one;
    };
    const table = noisy(points);
    const one = createMlpRouterFactory({ features, backbone }, { members: 2, steps: 5 });
    await decide(
      one,
      contextOf(table),
      fresh.slice(0, 3).map((point) => ask(table, textOf(point))),
    );
    expect(made.map(({ featureDimension }) => featureDimension)).toEqual([2, 2]);
    for (const { variables } of made)
      expect(() => variables.get("w")).toThrow(expect.objectContaining({ code: "disposed" }));
  });

  it("tells how far it is, member by member", async () => {
    const { points, noisy } = planted(8);
    const events: FitEvent[] = [];
    const one = createMlpRouterFactory({ features }, { members: 3, steps: 2 });
    const router = await one.createRouter(contextOf(noisy(points), { onEvent: (event) => events.push(event) }));
    router.dispose();
    expect(events).toEqual(
      [1, 2, 3].map((step) => ({ type: "fit-step", phase: "mlp", step, steps: 3, loss: expect.any(Number) })),
    );
  });

  it("leaves nothing allocated after disposal, an abort or an error", async () => {
    const { points, fresh, noisy } = planted(9);
    const table = noisy(points.slice(0, 300));
    const requests = fresh.slice(0, 5).map((point) => ask(table, textOf(point)));
    const small = createMlpRouterFactory({ features }, { members: 3, steps: 4, batchRows: 50 });
    const before = tf.memory().numTensors;
    await decide(small, contextOf(table), requests);
    expect(tf.memory().numTensors).toBe(before);

    const controller = new AbortController();
    const onEvent = (): void => controller.abort(new Error("enough"));
    await expect(small.createRouter(contextOf(table, { signal: controller.signal, onEvent }))).rejects.toThrow(
      "enough",
    );
    expect(tf.memory().numTensors).toBe(before);

    const wild = createMlpRouterFactory({ features }, { members: 2, steps: 40, learningRate: 1e30 });
    await expect(wild.createRouter(contextOf(table))).rejects.toMatchObject({ code: "non-finite" });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("routes without leaving tensors behind", async () => {
    const { points, fresh, noisy } = planted(10);
    const table = noisy(points);
    const router = await createMlpRouterFactory({ features }, { members: 2, steps: 3 }).createRouter(contextOf(table));
    const requests = fresh.slice(0, 20).map((point) => ask(table, textOf(point)));
    await router.route(requests);
    const before = tf.memory().numTensors;
    for (let repeat = 0; repeat < 3; repeat += 1) await router.route(requests);
    expect(tf.memory().numTensors).toBe(before);
    router.dispose();
  });

  it("gives the same router for the same seed, another for another", async () => {
    const { points, fresh, noisy } = planted(11);
    const table = noisy(points);
    const one = createMlpRouterFactory({ features }, { members: 2, steps: 20, temperature: 1 });
    const request = ask(table, textOf(fresh[0] ?? []));
    const scores = async (seed: number): Promise<number[]> =>
      scoresOf((await decide(one, contextOf(table, { seed }), [request]))[0], 1);
    expect(await scores(1)).toEqual(await scores(1));
    expect(await scores(1)).not.toEqual(await scores(2));
  });

  it(`has a squared error that leaves out cells that were not run, with its gradient, on ${backend}`, () => {
    const outputs = tf.tensor2d([
      [0.5, -1, 2],
      [0.1, 0.2, 0.3],
    ]);
    const targets = [Float64Array.of(1, Number.NaN, 0), Float64Array.of(Number.NaN, 0.4, Number.NaN)];
    expectClose(squaredErrorLoss(outputs, targets), [(0.25 + 4 + 0.04) / 3]);
    checkGradient((x) => squaredErrorLoss(x as tf.Tensor2D, targets), [outputs]);
    expectNoTensorLeak(() => squaredErrorLoss(outputs, targets));
    expectClose(
      squaredErrorLoss(
        outputs,
        [0, 1].map(() => new Float64Array(3).fill(Number.NaN)),
      ),
      [0],
    );
    outputs.dispose();
  });
});
