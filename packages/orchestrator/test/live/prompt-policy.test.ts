import {
  createRng,
  createVariables,
  type EncodeOptions,
  type LoraTensors,
  lossAndGradients,
  type PromptPolicy,
  readVariables,
  writeVariables,
} from "@haps/tensor";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { CANDIDATES, toyBackbone, toyPolicy, toyQuestions } from "./toy.ts";

const prompts = toyQuestions(3).map(({ prompt }) => prompt);
const costWeights = [0, 0.5, 2];
const failing = (code: string, text: string): Error =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as unknown }) as Error;

/** `down` of a candidate for all prompts. */
function downOf(policy: PromptPolicy, candidate: string, weights: readonly number[] = costWeights): number[] {
  const values: number[] = [];
  tf.tidy(() => {
    const output = policy.forward({ prompts, costWeights: weights });
    values.push(...((output.lora(candidate) as LoraTensors).targets[0]?.down.dataSync() ?? []));
  });
  return values;
}

describeEachBackend("createPromptPolicy", () => {
  it("names the variables of its parts, and disposes them all", () => {
    const before = tf.memory().numTensors;
    const parts = { privateBackbone: toyBackbone(createRng(2)), costConditioned: true };
    const { variables } = toyPolicy(1, parts);
    expect(variables.names()).toEqual([
      "backbone/weight",
      "architecture/logits",
      "private-backbone/weight",
      ...CANDIDATES.flatMap((id) => [`lora/${id}/down`, `lora/${id}/up`]),
      "cost/direction",
    ]);
    variables.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("makes weights per candidate when they are asked for, once, and none for closed ones", () => {
    const asked: string[] = [];
    const generate = (): LoraTensors => {
      asked.push("left");
      return { targets: [], scale: 1 };
    };
    const left = { variables: createVariables([]), space: { targets: [], scale: 1 }, generate };
    const policy = toyPolicy(1, { generators: new Map([["left", left]]) });
    tf.tidy(() => {
      const output = policy.forward({ prompts, costWeights });
      expect(asked).toEqual([]);
      expect(output.lora("right")).toBeNull();
      expect(output.lora("left")).toBe(output.lora("left"));
      expect(asked).toEqual(["left"]);
    });
    policy.variables.dispose();
  });

  it("runs the backbone once for both levels, and passes the options on", () => {
    const calls: EncodeOptions[] = [];
    const inner = toyBackbone(createRng(1));
    const backbone = {
      ...inner,
      encode: (asked: typeof prompts, options: EncodeOptions = {}) => {
        calls.push(options);
        return inner.encode(asked);
      },
    };
    const policy = toyPolicy(1, { backbone });
    tf.tidy(() => {
      const output = policy.forward({ prompts, costWeights }, { inference: true });
      output.assignments.top(1);
      for (const id of CANDIDATES) output.lora(id);
    });
    expect(calls).toEqual([{ inference: true }]);
    policy.variables.dispose();
  });

  it("shows the low level the cost weight along a direction that starts at 0", () => {
    const policy = toyPolicy(1, { costConditioned: true });
    const untouched = downOf(toyPolicy(1), "left");
    expect(downOf(policy, "left")).toEqual(untouched);
    const weights = new Map(readVariables(policy.variables));
    weights.set("cost/direction", { shape: [3], values: Float32Array.of(1, -2, 0.5) });
    writeVariables(policy.variables, weights);
    const moved = downOf(policy, "left");
    expect(moved.slice(0, 2)).toEqual(untouched.slice(0, 2)); // cost weight 0
    const down = weights.get("lora/left/down")?.values ?? [];
    const shift = [0, 1].map(
      (column) => 1 * (down[column] ?? 0) - 2 * (down[2 + column] ?? 0) + 0.5 * (down[4 + column] ?? 0),
    );
    const expected = untouched.slice(4).map((value, column) => value + 2 * (shift[column] ?? 0));
    expectClose(moved.slice(4), expected, { atol: 1e-5 });
    policy.variables.dispose();
  });

  it("passes the gradient of the low level on to the direction of the cost weight", () => {
    const policy = toyPolicy(1, { costConditioned: true });
    const sum = (): tf.Tensor => {
      const output = policy.forward({ prompts, costWeights });
      return tf.sum((output.lora("left") as LoraTensors).targets[0]?.down as tf.Tensor);
    };
    const { gradients } = lossAndGradients(policy.variables, sum);
    const down = readVariables(policy.variables).get("lora/left/down")?.values ?? [];
    const expected = [0, 1, 2].map((row) => (0 + 0.5 + 2) * ((down[row * 2] ?? 0) + (down[row * 2 + 1] ?? 0)));
    expectClose(gradients.get("cost/direction") ?? [], expected, { rtol: 1e-4 });
    expect(gradients.has("lora/right/down")).toBe(false);
    policy.variables.dispose();
  });

  it("shows a question-blind low level the same for every question", () => {
    const policy = toyPolicy(1, { conditioning: "none" });
    const down = downOf(policy, "right");
    expect(down.slice(2, 4)).toEqual(down.slice(0, 2));
    const weights = readVariables(policy.variables).get("lora/right/down")?.values ?? [];
    expectClose(
      down.slice(0, 2),
      [0, 1].map((column) => (weights[column] ?? 0) + (weights[2 + column] ?? 0) + (weights[4 + column] ?? 0)),
      { atol: 1e-6 },
    );
    policy.variables.dispose();
  });

  it("lets the low level read an encoder of its own where parameters are not shared", () => {
    const policy = toyPolicy(1, { privateBackbone: toyBackbone(createRng(8)) });
    const before = downOf(policy, "left");
    const zeroed = new Map(readVariables(policy.variables));
    const silence = (name: string): void => {
      zeroed.set(name, { shape: [2, 3], values: new Float32Array(6) });
      writeVariables(policy.variables, zeroed);
    };
    silence("backbone/weight");
    expect(downOf(policy, "left")).toEqual(before);
    silence("private-backbone/weight");
    expect(downOf(policy, "left")).toEqual(before.map(() => 0));
    policy.variables.dispose();
  });

  it("leaves no tensor behind", () => {
    const policy = toyPolicy(1, { costConditioned: true });
    expectNoTensorLeak(() => {
      downOf(policy, "left");
      return [];
    });
    policy.variables.dispose();
  });

  it("refuses parts and batches that do not fit", () => {
    expect(() => toyPolicy(1, { candidates: ["left", "left"] })).toThrow(failing("config", "each once"));
    expect(() => toyPolicy(1, { candidates: ["left"] })).toThrow(failing("config", '"right", which is no candidate'));
    const policy = toyPolicy();
    expect(() => tf.tidy(() => void policy.forward({ prompts, costWeights: [0] }))).toThrow(
      failing("shape", "costWeights"),
    );
    policy.variables.dispose();
  });
});
