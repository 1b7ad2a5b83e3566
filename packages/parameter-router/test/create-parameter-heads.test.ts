import {
  createParameterHeads,
  type HeadInputs,
  type HeadRequest,
  type ParameterHeads,
  type ParameterHeadsOptions,
} from "@haps/parameter-router";
import type { Candidate } from "@haps/spec";
import { createRng, readVariables, tidyValue } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { createLinearBackbone, createLinearGenerator, fixed, varying } from "./stand-ins.ts";

const FEATURES = 3;
const HIDDEN = 4;

function make(candidates: readonly Candidate[], changed: Partial<ParameterHeadsOptions> = {}): ParameterHeads {
  return createParameterHeads({
    pool: { candidates },
    hiddenDimension: HIDDEN,
    createGenerator: createLinearGenerator,
    rng: createRng(1).fork("parameters"),
    ...changed,
  });
}

/** Made inside the caller's tidy. */
function makeInputs(): HeadInputs {
  return {
    features: tf.tensor2d([
      [1, -0.5, 0.2],
      [0.3, 0.8, -1],
    ]),
    hidden: tf.tensor2d([
      [0.1, 0.2, -0.3, 0.4],
      [1, -1, 0.5, 0],
    ]),
    costWeights: tf.tensor1d([0, 0.5]),
  };
}

const bits = (heads: ParameterHeads, id: string): number[] => [
  ...(readVariables(heads.variables).get(`heads/${id}/weight`)?.values ?? []),
];

describeEachBackend("createParameterHeads", () => {
  it("gives each candidate in which something varies one head over its settings", () => {
    const requests: HeadRequest[] = [];
    const candidates = [varying("gpt"), fixed("llama"), varying("qwen")];
    const heads = make(candidates, {
      createGenerator: (request) => {
        requests.push(request);
        return createLinearGenerator(request);
      },
    });
    expect([...heads.generators.keys()]).toEqual(["gpt", "qwen"]);
    expect(requests.map(({ candidate }) => candidate)).toEqual([candidates[0], candidates[2]]);
    expect(requests[0]?.settings).toBe(heads.settingsOf("gpt"));
    expect(requests[0]?.hiddenDimension).toBe(HIDDEN);
    expect(Object.keys(requests[0]?.dimensions ?? {})).toEqual(["prompt", "temperature"]);
    expect(heads.settingsOf("gpt")).toHaveLength(6);
    expect(heads.settingsOf("llama")).toEqual([]);
    expect(heads.variables.names()).toEqual(["heads/gpt/weight", "heads/qwen/weight"]);
    tidyValue(() => {
      const inputs = makeInputs();
      expect(heads.generate("llama", inputs)).toBeNull();
      expect(heads.generate("qwen", inputs)?.logProbs.shape).toEqual([2, 6]);
    });
    heads.variables.dispose();
  });

  it("changes no head when a candidate is added, removed or moved", () => {
    const small = make([varying("a"), varying("b")]);
    const large = make([varying("new"), varying("b"), fixed("still"), varying("a")]);
    for (const id of ["a", "b"]) {
      expect(bits(small, id)).toHaveLength(6 * HIDDEN);
      expect(bits(large, id)).toEqual(bits(small, id));
    }
    expect(bits(small, "a")).not.toEqual(bits(small, "b"));
    small.variables.dispose();
    large.variables.dispose();
  });

  it("reads the shared hidden states, and no features, without a private backbone", () => {
    const heads = make([varying("a")]);
    tidyValue(() => {
      const inputs = makeInputs();
      const plain = heads.generate("a", inputs)?.logProbs as tf.Tensor2D;
      const others = heads.generate("a", { ...inputs, features: tf.zeros([2, FEATURES]) })?.logProbs as tf.Tensor2D;
      expectClose(others, plain, { rtol: 0, atol: 0 });
      checkGradient(
        (hidden) => heads.generate("a", { ...inputs, hidden: hidden as tf.Tensor2D })?.logProbs as tf.Tensor,
        [inputs.hidden],
      );
    });
    heads.variables.dispose();
  });

  it("reads features through a private backbone, trains it, and leaves the shared one without a gradient", () => {
    const privateBackbone = createLinearBackbone(FEATURES, HIDDEN, createRng(2));
    const heads = make([varying("a"), varying("b")], { privateBackbone });
    expect(heads.variables.names()).toEqual(["backbone/weight", "heads/a/weight", "heads/b/weight"]);
    tidyValue(() => {
      const inputs = makeInputs();
      const direct = heads.generators.get("a")?.generate(privateBackbone.encode(inputs.features), inputs.costWeights)
        .logProbs as tf.Tensor2D;
      const other = { ...inputs, hidden: tf.zeros<tf.Rank.R2>([2, HIDDEN]) };
      expectClose(heads.generate("a", other)?.logProbs as tf.Tensor2D, direct, { rtol: 0, atol: 0 });
      checkGradient(
        (features) => heads.generate("a", { ...inputs, features: features as tf.Tensor2D })?.logProbs as tf.Tensor,
        [inputs.features],
      );
      const { grads } = tf.variableGrads(() => {
        const logProbs = heads.generate("a", inputs)?.logProbs as tf.Tensor2D;
        return tf.sum<tf.Scalar>(tf.slice(logProbs, [0, 0], [2, 1]));
      });
      const size = (name: string): number =>
        [...(grads[heads.variables.get(name).name]?.dataSync() ?? [])].reduce((sum, value) => sum + Math.abs(value), 0);
      expect(size("backbone/weight")).toBeGreaterThan(0.1);
      expect(size("heads/a/weight")).toBeGreaterThan(0.1);
      expect(size("heads/b/weight")).toBe(0);
    });
    heads.variables.dispose();
  });

  it("leaves nothing allocated, with and without a private backbone", () => {
    const before = tf.memory().numTensors;
    for (const isPrivate of [false, true]) {
      const heads = make(
        [varying("a")],
        isPrivate ? { privateBackbone: createLinearBackbone(FEATURES, HIDDEN, createRng(2)) } : {},
      );
      const inputs = makeInputs();
      expectNoTensorLeak(() => {
        const made = heads.generate("a", inputs);
        return made === null ? [] : [made.logProbs, made.value];
      });
      tf.dispose([inputs.features, inputs.hidden, inputs.costWeights]);
      heads.variables.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it("works on a pool in which nothing varies", () => {
    const heads = make([fixed("a"), fixed("b")]);
    expect(heads.variables.size).toBe(0);
    expect(heads.generators.size).toBe(0);
    heads.variables.dispose();
  });

  it("refuses unknown and repeated candidates, bad spaces and a backbone of another length", () => {
    const before = tf.memory().numTensors;
    const heads = make([varying("a"), fixed("b")]);
    expect(() => heads.settingsOf("c")).toThrow(
      expect.objectContaining({
        code: "unknown-candidate",
        message: expect.stringContaining("one of a, b") as unknown,
      }),
    );
    tidyValue(() => {
      expect(() => heads.generate("c", makeInputs())).toThrow(expect.objectContaining({ code: "unknown-candidate" }));
    });
    heads.variables.dispose();
    expect(() => make([varying("a"), varying("a")])).toThrow(
      expect.objectContaining({ code: "config", message: expect.stringContaining('"a" is given twice') as unknown }),
    );
    const broken: Candidate = {
      id: "broken",
      weights: "open",
      parameters: { settings: { t: { kind: "ordinal", values: [] } } },
    };
    expect(() => make([varying("a"), broken])).toThrow(
      expect.objectContaining({ code: "config", message: expect.stringContaining('candidate "broken"') as unknown }),
    );
    const privateBackbone = createLinearBackbone(FEATURES, HIDDEN + 1, createRng(2));
    expect(() => make([varying("a")], { privateBackbone })).toThrow(expect.objectContaining({ code: "shape" }));
    privateBackbone.variables.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("frees the heads already made when making one fails", () => {
    const before = tf.memory().numTensors;
    const failure = new Error("no head for b");
    expect(() =>
      make([varying("a"), varying("b")], {
        createGenerator: (request) => {
          if (request.candidate.id === "b") throw failure;
          return createLinearGenerator(request);
        },
      }),
    ).toThrow(failure);
    expect(tf.memory().numTensors).toBe(before);
  });
});
