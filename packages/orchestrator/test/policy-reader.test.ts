import { createPolicy, type PolicyPrior } from "@haps/orchestrator";
import { armLogProbs, createArmIndex, readArmLogProbs } from "@haps/reward";
import type { Arm, Pool } from "@haps/spec";
import { createRng, type Policy, type PolicyReader, readVariables, tidyValue, writeVariables } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { createActionScorer } from "../src/action-scorer.ts"; // internal
import { createTestBackbone, createTestHead, settingsOf, testParts } from "./parts.ts";
import { readableBackbone, readableGenerator, readableHead } from "./readable-parts.ts";
import { armOf } from "./table.ts";

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
    { id: "b", weights: "closed", parameters: {} },
    { id: "c", weights: "closed", parameters: prompts(["x", "y", "z"]) },
  ],
};
const choices = ["a/x", "a/y", "b", "c/x", "c/y", "c/z"].map((name) => armOf(name).answerer as Arm[string]);
const prior: PolicyPrior = {
  candidates: { quality: Float32Array.of(0.1, -0.2, 0.05), cost: Float32Array.of(0.3, 0, -0.1) },
  settings: new Map([
    ["a", { quality: Float32Array.of(0.02, -0.03), cost: Float32Array.of(0.01, 0.2) }],
    ["c", { quality: Float32Array.of(0, 0.1, -0.1), cost: Float32Array.of(0.3, 0.2, 0.1) }],
  ]),
};

type Part = "backbone" | "private backbone" | "architecture" | "settings of c";

interface Shape {
  readonly roles?: number;
  readonly share?: boolean;
  readonly seed?: number;
  /** The part that has no reader. */
  readonly without?: Part;
}

function makePolicy({ roles = 1, share = true, seed = 5, without }: Shape = {}): Policy {
  const rng = createRng(seed);
  const wrap = <Value>(part: Part, value: Value, readable: (value: Value) => Value): Value =>
    part === without ? value : readable(value);
  const backbone = createTestBackbone(2, rng.fork("backbone"));
  const { hiddenDimension } = backbone;
  const head = createTestHead({ roles, candidates: 3, hiddenDimension, rng: rng.fork("architecture") });
  const generators = testParts().createParameters({ pool, hiddenDimension, rng: rng.fork("parameters") });
  const own = share ? {} : { privateBackbone: createTestBackbone(2, rng.fork("private")) };
  const policy = createPolicy({
    pool,
    backbone: wrap("backbone", backbone, readableBackbone),
    architecture: wrap("architecture", head, readableHead),
    generators: new Map(
      [...generators].map(([id, generator]) => [
        id,
        id === "c" ? wrap("settings of c", generator, readableGenerator) : readableGenerator(generator),
      ]),
    ),
    ...(own.privateBackbone === undefined
      ? {}
      : { privateBackbone: wrap("private backbone", own.privateBackbone, readableBackbone) }),
    prior,
    temperature: 0.2,
  });
  scale(policy, 40);
  return policy;
}

/** Weights of size 1, so that nothing is nearly uniform. */
function scale(policy: Policy, by: number): void {
  const scaled = [...readVariables(policy.variables)].map(([name, { shape, values }]) => {
    const factor = /quality|cost/u.test(name) && !name.startsWith("prior/") ? by : 1;
    return [name, { shape, values: values.map((value) => value * factor) }] as const;
  });
  writeVariables(policy.variables, new Map(scaled));
}

function indexOf(roles: number): ReturnType<typeof createArmIndex> {
  const names = ["one", "two"].slice(0, roles);
  return createArmIndex({
    roles: names,
    pool,
    arms: names.reduce<readonly Arm[]>(
      (arms, role) => arms.flatMap((arm) => choices.map((choice) => ({ ...arm, [role]: choice }))),
      [{}],
    ),
    settingsOf: (id) => {
      const candidate = pool.candidates.find((one) => one.id === id);
      return candidate === undefined ? null : settingsOf(candidate);
    },
  });
}

function readAll(read: PolicyReader, roles = 1): number[] {
  return FEATURES.flatMap((row, place) => [
    ...readArmLogProbs(indexOf(roles), read(row, COST_WEIGHTS[place] as number)),
  ]);
}

const readerOf = (policy: Policy): PolicyReader => policy.reader?.() as PolicyReader;

describeEachBackend("Policy.reader", () => {
  for (const roles of [1, 2]) {
    for (const share of [true, false]) {
      it(`gives both levels of forward: ${roles} role(s), ${share ? "a shared backbone" : "two backbones"}`, () => {
        const policy = makePolicy({ roles, share });
        const read = readerOf(policy);
        tidyValue(() => {
          const output = policy.forward({ features: tf.tensor2d(FEATURES), costWeights: tf.tensor1d(COST_WEIGHTS) });
          const rows = FEATURES.map((row, place) => read(row, COST_WEIGHTS[place] as number));
          const assignments = rows.flatMap((row) => [...row.assignments]);
          expectClose(assignments, output.assignments.allLogProbs(), { rtol: 1e-5, atol: 2e-6 });
          for (const id of ["a", "c"]) {
            const logProbs = rows.flatMap((row) => [...(row.settings(id) ?? [])]);
            expectClose(logProbs, output.settings(id)?.logProbs as tf.Tensor2D, { rtol: 1e-5, atol: 2e-6 });
          }
          for (const id of ["b", "stranger"]) expect(rows[0]?.settings(id)).toBeNull();
          const levels = armLogProbs(indexOf(roles), output);
          const arms = tf.add(levels.assignments, levels.settings as tf.Tensor2D);
          expectClose(readAll(read, roles), arms, { rtol: 1e-5, atol: 2e-6 });
        });
        policy.variables.dispose();
      });
    }
  }

  it("is one softmax over arms, in double precision", () => {
    const policy = makePolicy({ roles: 2 });
    FEATURES.forEach((row, place) => {
      const arms = readArmLogProbs(indexOf(2), readerOf(policy)(row, COST_WEIGHTS[place] as number));
      expect(arms.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 12);
    });
    policy.variables.dispose();
  });

  it.each<Part>(["backbone", "private backbone", "architecture", "settings of c"])(
    "is not there where the %s has none",
    (without) => {
      const policy = makePolicy({ share: without !== "private backbone", without });
      expect(policy.reader?.()).toBeUndefined();
      policy.variables.dispose();
    },
  );

  it("keeps the weights of the moment it was made, also after disposal, and makes no tensor", () => {
    const policy = makePolicy({ share: false });
    const before = tf.memory().numTensors;
    const read = readerOf(policy);
    const first = readAll(read);
    expect(tf.memory().numTensors).toBe(before);
    const named = readVariables(policy.variables);
    for (const [name, { shape, values }] of named) {
      const moved = values.map((value, place) => value + 0.1 * (place + 1));
      writeVariables(policy.variables, new Map([...named, [name, { shape, values: moved }]]));
      expect(readAll(read), name).toEqual(first);
      expect(readAll(readerOf(policy)), name).not.toEqual(first);
    }
    policy.variables.dispose();
    expect(readAll(read)).toEqual(first);
    expect(() => policy.reader?.()).toThrow(expect.objectContaining({ code: "disposed" }));
  });
});

describeEachBackend("createActionScorer", () => {
  const features = Float32Array.from(FEATURES.flat());

  /** The policy, and how often its forward pass ran. */
  function counted(policy: Policy): { readonly policy: Policy; readonly passes: () => number } {
    let passes = 0;
    return {
      policy: {
        ...policy,
        forward: (batch) => {
          passes += 1;
          return policy.forward(batch);
        },
      },
      passes: () => passes,
    };
  }

  for (const without of [undefined, "architecture"] as const) {
    const way = without === undefined ? "on plain numbers where all have a reader" : "on tensors where one has none";
    it(`averages the log-probabilities of all members, ${way}`, () => {
      const members = [makePolicy(), makePolicy({ seed: 6, ...(without === undefined ? {} : { without }) })].map(
        counted,
      );
      const policies = members.map(({ policy }) => policy);
      const scored = createActionScorer(policies, indexOf(1), 2)(features, COST_WEIGHTS);
      expect(members.map(({ passes }) => passes())).toEqual(without === undefined ? [0, 0] : [1, 1]);
      const plain = [makePolicy(), makePolicy({ seed: 6 })];
      const [first = [], second = []] = plain.map((policy) => readAll(readerOf(policy)));
      expectClose(
        scored,
        first.map((value, place) => (value + (second[place] as number)) / 2),
        { rtol: 1e-5, atol: 2e-6 },
      );
      for (const { variables } of [...policies, ...plain]) variables.dispose();
    });
  }

  it("gives a row the same bits alone and in a batch, and no rows nothing", () => {
    const policy = makePolicy({ roles: 2 });
    const score = createActionScorer([policy], indexOf(2), 2);
    const together = Array.from(score(features, COST_WEIGHTS));
    const oneByOne = COST_WEIGHTS.flatMap((costWeight, row) =>
      Array.from(score(features.slice(row * 2, row * 2 + 2), [costWeight])),
    );
    expect(oneByOne).toEqual(together);
    expect(score(new Float32Array(), [])).toHaveLength(0);
    policy.variables.dispose();
  });
});

describe("a policy on cpu and on wasm", () => {
  it("is read to the same bits", async () => {
    const read: number[][] = [];
    for (const backend of ["cpu", "wasm"]) {
      await tf.setBackend(backend);
      const policy = makePolicy({ roles: 2, share: false });
      read.push(readAll(readerOf(policy), 2));
      policy.variables.dispose();
    }
    expect(read[1]).toEqual(read[0]);
  });
});
