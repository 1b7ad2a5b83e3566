import { createPolicy, type PolicyPrior } from "@haps/orchestrator";
import { armLogProbs, createArmIndex, expectedLoss, resolveObjective } from "@haps/reward";
import type { Arm, Pool } from "@haps/spec";
import {
  createRng,
  lossAndGradients,
  type NamedArray,
  type Policy,
  type PolicyBatch,
  readVariables,
  tidyValue,
  writeVariables,
} from "@haps/tensor";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { createTestBackbone, createTestHead, settingsOf, testParts } from "./parts.ts";
import { armOf } from "./table.ts";

const TEMPERATURE = 0.2;
const FEATURES = [
  [0.3, -1.2],
  [0.8, 0.4],
  [0, 2],
];
const COST_WEIGHTS = [0, 0.5, 2];
const prompts = (values: readonly string[]) => ({ settings: { prompt: { kind: "categorical", values } } }) as const;
const pool: Pool = {
  candidates: [
    { id: "a", weights: "open", parameters: prompts(["x", "y"]) },
    { id: "b", weights: "closed", parameters: prompts(["x", "y", "z"]) },
    { id: "c", weights: "closed", parameters: {} },
  ],
};
const choices = ["a/x", "a/y", "b/x", "b/y", "b/z", "c"];
const prior: PolicyPrior = {
  candidates: { quality: Float32Array.of(0.1, -0.2, 0.05), cost: Float32Array.of(0.3, 0, -0.1) },
  settings: new Map([
    ["a", { quality: Float32Array.of(0.02, -0.03), cost: Float32Array.of(0.01, 0.2) }],
    ["b", { quality: Float32Array.of(0, 0.1, -0.1), cost: Float32Array.of(0.3, 0.2, 0.1) }],
  ]),
};

function makePolicy(options: { readonly roles?: number; readonly share?: boolean } = {}): Policy {
  const { roles = 1, share = true } = options;
  const rng = createRng(5);
  const backbone = createTestBackbone(2, rng.fork("backbone"));
  const { hiddenDimension } = backbone;
  const generators = testParts().createParameters({ pool, hiddenDimension, rng: rng.fork("parameters") });
  const policy = createPolicy({
    pool,
    backbone,
    architecture: createTestHead({ roles, candidates: 3, hiddenDimension, rng: rng.fork("architecture") }),
    generators,
    ...(share ? {} : { privateBackbone: createTestBackbone(2, rng.fork("private")) }),
    prior,
    temperature: TEMPERATURE,
  });
  // Weights of size 1, so that nothing is nearly uniform.
  const scaled = [...readVariables(policy.variables)].map(([name, { shape, values }]) => {
    const factor = /quality|cost/u.test(name) && !name.startsWith("prior/") ? 40 : 1;
    return [name, { shape, values: values.map((value) => value * factor) }] as const;
  });
  writeVariables(policy.variables, new Map(scaled));
  return policy;
}

const makeBatch = (): PolicyBatch => ({ features: tf.tensor2d(FEATURES), costWeights: tf.tensor1d(COST_WEIGHTS) });

/** Arms of one role, or all pairs of choices of two. */
function armsOf(roles: number): readonly Arm[] {
  const choiceOf = (name: string) => armOf(name).answerer as Arm[string];
  if (roles === 1) return choices.map((name) => ({ one: choiceOf(name) }));
  return choices.flatMap((first) => choices.map((second) => ({ one: choiceOf(first), two: choiceOf(second) })));
}

function indexOf(roles: number): ReturnType<typeof createArmIndex> {
  return createArmIndex({
    roles: ["one", "two"].slice(0, roles),
    pool,
    arms: armsOf(roles),
    settingsOf: (id) => {
      const candidate = pool.candidates.find((one) => one.id === id);
      return candidate === undefined ? null : settingsOf(candidate);
    },
  });
}

function jointLogProbs(policy: Policy, roles: number): readonly number[][] {
  const joint = tidyValue(() => {
    const { assignments, settings } = armLogProbs(indexOf(roles), policy.forward(makeBatch()));
    return (settings === null ? assignments : tf.add<tf.Tensor2D>(assignments, settings)).arraySync();
  });
  return joint;
}

/** log softmax of `candidate terms + settings terms + prior`, in float64, written from the formula. */
function recomputed(arrays: ReadonlyMap<string, NamedArray>, roles: number): readonly number[][] {
  const matrix = (name: string): readonly number[][] => {
    const { shape, values } = arrays.get(name) as NamedArray;
    const width = shape[1] as number;
    return Array.from({ length: shape[0] as number }, (_, row) => [...values.slice(row * width, (row + 1) * width)]);
  };
  const times = (rows: readonly number[][], vector: readonly number[]): number[] =>
    rows.map((row) => row.reduce((sum, value, place) => sum + value * (vector[place] as number), 0));
  return FEATURES.map((x, row) => {
    const costWeight = COST_WEIGHTS[row] as number;
    const hidden = [...times(matrix("backbone/weight"), x).map(Math.tanh), ...x];
    const scores = (prefix: string): number[] => {
      const cost = times(matrix(`${prefix}/cost`), hidden);
      return times(matrix(`${prefix}/quality`), hidden).map(
        (value, place) => value - costWeight * (cost[place] as number),
      );
    };
    const worth = ({ quality, cost }: { quality: Float32Array; cost: Float32Array }, place: number): number =>
      ((quality[place] as number) - costWeight * (cost[place] as number)) / TEMPERATURE;
    const ids = pool.candidates.map(({ id }) => id);
    const termOf = ({ candidate, settings }: Arm[string]): number => {
      const own = prior.settings.get(candidate);
      const base = worth(prior.candidates, ids.indexOf(candidate));
      if (own === undefined) return base;
      const place = ["x", "y", "z"].indexOf(String(settings.prompt));
      return base + (scores(`parameters/${candidate}`)[place] as number) + worth(own, place);
    };
    const high = scores("architecture");
    const logits = armsOf(roles).map((arm) => {
      const picks = Object.values(arm);
      const code = picks.reduce((sum, { candidate }) => sum * 3 + ids.indexOf(candidate), 0);
      return (high[code] as number) + picks.reduce((sum, pick) => sum + termOf(pick), 0);
    });
    const highest = Math.max(...logits);
    const total = highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
    return logits.map((logit) => logit - total);
  });
}

describeEachBackend("createPolicy", () => {
  for (const roles of [1, 2]) {
    describe(`with ${roles} role(s)`, () => {
      it("is one softmax over candidate terms, settings terms and the prior", () => {
        const policy = makePolicy({ roles });
        const expected = recomputed(readVariables(policy.variables), roles);
        jointLogProbs(policy, roles).forEach((row, place) => {
          expectClose(row, expected[place] as number[], { rtol: 1e-4, atol: 1e-4 });
          expect(row.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 5);
        });
        policy.variables.dispose();
      });
    });
  }

  it("starts at the mean outcomes on train: without heads, log-probabilities differ as the prior does", () => {
    const policy = makePolicy();
    const silent = [...readVariables(policy.variables)].map(([name, { shape, values }]) => {
      return [name, { shape, values: name.startsWith("prior/") ? values : new Float32Array(values.length) }] as const;
    });
    writeVariables(policy.variables, new Map(silent));
    const [quality] = jointLogProbs(policy, 1);
    const means = [0.12, 0.07, -0.2, -0.1, -0.3, 0.05];
    const relative = (quality as number[]).map((value) => (value - (quality?.[0] as number)) * TEMPERATURE + 0.12);
    expectClose(relative, means, { rtol: 0, atol: 1e-5 });
    policy.variables.dispose();
  });

  it("has the gradient of the expected loss that central differences give, in every variable", () => {
    const policy = makePolicy({ roles: 2, share: false });
    const index = indexOf(2);
    const rng = createRng(3);
    const rewards = Float32Array.from({ length: 3 * 36 }, (_, cell) => (cell % 7 === 3 ? Number.NaN : rng.uniform()));
    const objective = resolveObjective({ entropyWeight: 0.1 });
    const loss = (): tf.Tensor => expectedLoss(armLogProbs(index, policy.forward(makeBatch())), rewards, objective);
    const { gradients } = lossAndGradients(policy.variables, loss);
    const before = readVariables(policy.variables);
    const at = (name: string, place: number, offset: number): number => {
      const { shape, values } = before.get(name) as NamedArray;
      const moved = values.map((value, other) => (other === place ? value + offset : value));
      writeVariables(policy.variables, new Map([...before, [name, { shape, values: moved }]]));
      return tidyValue(() => loss().dataSync()[0] as number);
    };
    for (const [name, { values }] of before) {
      const numeric = [...values.keys()].map((place) => (at(name, place, 1e-2) - at(name, place, -1e-2)) / 2e-2);
      expect(
        numeric.some((value) => Math.abs(value) > 1e-4),
        name,
      ).toBe(true);
      expectClose(gradients.get(name) as Float32Array, numeric, { rtol: 2e-2, atol: 5e-4 });
    }
    policy.variables.dispose();
  });

  it("trains a shared backbone by both levels, and separate ones by their own", () => {
    const rewards = Float32Array.from({ length: 18 }, (_, cell) => (cell * 0.37) % 1);
    const norms = (share: boolean, level: "high" | "low"): ReadonlyMap<string, number> => {
      const policy = makePolicy({ share });
      const objective = resolveObjective(
        level === "high" ? { parameterGradient: "none" } : { assignmentGradient: "none" },
      );
      const { gradients } = lossAndGradients(policy.variables, () =>
        expectedLoss(armLogProbs(indexOf(1), policy.forward(makeBatch())), rewards, objective),
      );
      policy.variables.dispose();
      return new Map([...gradients].map(([name, values]) => [name, Math.hypot(...values)]));
    };
    expect(norms(true, "high").get("backbone/weight")).toBeGreaterThan(1e-3);
    expect(norms(true, "low").get("backbone/weight")).toBeGreaterThan(1e-3);
    expect(norms(true, "high").has("private-backbone/weight")).toBe(false);
    expect(norms(false, "high").get("backbone/weight")).toBeGreaterThan(1e-3);
    expect(norms(false, "low").get("backbone/weight") ?? 0).toBe(0);
    expect(norms(false, "low").get("private-backbone/weight")).toBeGreaterThan(1e-3);
  });

  it("leaves no tensor behind but the output, and none after disposal", () => {
    const before = tf.memory().numTensors;
    const policy = makePolicy();
    expectNoTensorLeak(() => {
      jointLogProbs(policy, 1);
      return [];
    });
    policy.variables.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses an assignment head for another pool", () => {
    const rng = createRng(1);
    const backbone = createTestBackbone(2, rng);
    const architecture = createTestHead({ roles: 1, candidates: 2, hiddenDimension: backbone.hiddenDimension, rng });
    expect(() => createPolicy({ pool, backbone, architecture, generators: new Map(), prior, temperature: 1 })).toThrow(
      expect.objectContaining({ code: "shape", facts: { actual: 2, expected: 3 } }),
    );
    backbone.variables.dispose();
    architecture.variables.dispose();
  });
});
