import {
  applyAttention,
  applyDecoderBlock,
  applyLinear,
  applyMlp,
  applyNorm,
  attention,
  attentionParameters,
  createRng,
  createVariables,
  decoderBlockParameters,
  gelu,
  layerNorm,
  linear,
  linearParameters,
  mlpParameters,
  type NamedVariables,
  normParameters,
  type Parameters,
  rmsNorm,
  swiglu,
} from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

const shapes = (parameters: Parameters): Record<string, readonly number[]> =>
  Object.fromEntries(parameters.map(([name, { shape }]) => [name, shape]));

const matrixOf = (variables: NamedVariables, name: string) => variables.get(name) as tf.Tensor2D;
const vectorOf = (variables: NamedVariables, name: string) => variables.get(name) as tf.Tensor1D;

describe("starting values", () => {
  const rng = createRng(1);

  it("have the names and shapes of their layer", () => {
    expect(shapes(linearParameters("l", { in: 3, out: 2, rng }))).toEqual({ "l/weight": [2, 3], "l/bias": [2] });
    expect(shapes(linearParameters("l", { in: 3, out: 2, bias: false, rng }))).toEqual({ "l/weight": [2, 3] });
    expect(shapes(normParameters("n", 4, "rms"))).toEqual({ "n/gain": [4] });
    expect(shapes(normParameters("n", 4, "layer"))).toEqual({ "n/gain": [4], "n/bias": [4] });
    expect(shapes(mlpParameters("m", { dim: 3, hidden: 5, kind: "swiglu", bias: false, rng }))).toEqual({
      "m/gate/weight": [5, 3],
      "m/up/weight": [5, 3],
      "m/down/weight": [3, 5],
    });
    const narrow = attentionParameters("a", { dim: 8, heads: 4, keyValueHeads: 2, bias: false, rng });
    expect(shapes(narrow)).toEqual({
      "a/query/weight": [8, 8],
      "a/key/weight": [4, 8],
      "a/value/weight": [4, 8],
      "a/output/weight": [8, 8],
    });
  });

  it("have deviation 1/√in by default, or the one that is given; biases are 0 and gains 1", () => {
    const deviation = (parameters: Parameters) => {
      const [[, { values }]] = parameters as [Parameters[number]];
      return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    };
    // 10,000 values: the deviation has a relative standard error of 0.7 %.
    expect(deviation(linearParameters("l", { in: 100, out: 100, rng }))).toBeCloseTo(0.1, 2);
    expect(deviation(linearParameters("l", { in: 100, out: 100, rng, deviation: 2 }))).toBeCloseTo(2, 1);
    expect(linearParameters("l", { in: 3, out: 2, rng })[1]?.[1].values).toEqual(new Float32Array(2));
    expect(normParameters("n", 2, "rms")[0]?.[1].values).toEqual(Float32Array.of(1, 1));
  });

  it("depend on their name, not on what was drawn before", () => {
    const [first, other] = [createRng(9), createRng(9)];
    other.normals(5);
    linearParameters("elsewhere", { in: 3, out: 2, rng: other });
    const values = linearParameters("l", { in: 3, out: 2, rng: first });
    expect(linearParameters("l", { in: 3, out: 2, rng: other })).toEqual(values);
    expect(linearParameters("k", { in: 3, out: 2, rng: other })[0]?.[1]).not.toEqual(values[0]?.[1]);
  });
});

describeEachBackend("layers", () => {
  const rng = createRng(2);
  const random = (shape: number[]) => tf.randomNormal(shape, 0, 1, "float32", 3);

  function withLayer(parameters: Parameters, body: (variables: NamedVariables) => void): void {
    const variables = createVariables(parameters);
    tf.tidy(() => body(variables));
    variables.dispose();
  }

  it("apply what their names say", () => {
    const x = random([2, 3, 4]);
    withLayer(linearParameters("l", { in: 4, out: 2, rng }), (variables) => {
      const expected = linear(x, matrixOf(variables, "l/weight"), vectorOf(variables, "l/bias"));
      expectClose(applyLinear(variables, "l", x), expected);
    });
    withLayer(normParameters("n", 4, "rms"), (variables) => {
      expectClose(applyNorm(variables, "n", x), rmsNorm(x, tf.ones([4])));
    });
    withLayer(normParameters("n", 4, "layer"), (variables) => {
      expectClose(applyNorm(variables, "n", x), layerNorm(x, tf.ones([4]), tf.zeros([4])));
    });
    withLayer(mlpParameters("m", { dim: 4, hidden: 6, kind: "gelu", rng }), (variables) => {
      const up = applyLinear(variables, "m/up", x);
      expectClose(applyMlp(variables, "m", x), applyLinear(variables, "m/down", gelu(up)));
    });
    withLayer(mlpParameters("m", { dim: 4, hidden: 6, kind: "swiglu", rng }), (variables) => {
      const [gate, up] = [applyLinear(variables, "m/gate", x), applyLinear(variables, "m/up", x)];
      expectClose(applyMlp(variables, "m", x), applyLinear(variables, "m/down", swiglu(gate, up)));
    });
    withLayer(attentionParameters("a", { dim: 4, heads: 2, rng }), (variables) => {
      const [query, key, value] = ["query", "key", "value"].map(
        (name) => applyLinear(variables, `a/${name}`, x) as tf.Tensor3D,
      ) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
      const mixed = attention(query, key, value, { heads: 2, causal: false });
      const options = { heads: 2, causal: false, rope: false } as const;
      expectClose(applyAttention(variables, "a", x as tf.Tensor3D, options), applyLinear(variables, "a/output", mixed));
    });
    x.dispose();
  });

  it("turn queries and keys by their position unless told not to", () => {
    const x = random([1, 3, 4]) as tf.Tensor3D;
    withLayer(attentionParameters("a", { dim: 4, heads: 1, rng }), (variables) => {
      const plain = applyAttention(variables, "a", x, { heads: 1, rope: false }).dataSync();
      const turned = applyAttention(variables, "a", x, { heads: 1 }).dataSync();
      expectClose(turned.slice(0, 4), plain.slice(0, 4)); // the first token sees only itself
      expect(Math.abs((turned[11] as number) - (plain[11] as number))).toBeGreaterThan(1e-4);
    });
    x.dispose();
  });

  it("leave nothing but their result when they are used alone", () => {
    const variables = createVariables([
      ...attentionParameters("a", { dim: 4, heads: 2, rng }),
      ...mlpParameters("m", { dim: 4, hidden: 6, kind: "swiglu", rng }),
      ...linearParameters("l", { in: 4, out: 2, rng }),
      ...normParameters("n", 4, "layer"),
    ]);
    const x = random([1, 3, 4]) as tf.Tensor3D;
    expectNoTensorLeak(() => applyAttention(variables, "a", x, { heads: 2 }));
    expectNoTensorLeak(() => applyMlp(variables, "m", x));
    expectNoTensorLeak(() => applyLinear(variables, "l", x));
    expectNoTensorLeak(() => applyNorm(variables, "n", x));
    x.dispose();
    variables.dispose();
  });

  for (const [mlp, norm, bias] of [
    ["swiglu", "rms", false],
    ["gelu", "layer", true],
  ] as const) {
    const sizes = { dim: 4, heads: 2, keyValueHeads: 1, hidden: 6, mlp, norm, bias } as const;

    it(`has the gradient of central differences through a whole block: ${mlp}, ${norm}`, () => {
      const variables = createVariables(decoderBlockParameters("b", { ...sizes, rng }));
      const x = random([1, 3, 4]) as tf.Tensor3D;
      checkGradient((input) => applyDecoderBlock(variables, "b", input as tf.Tensor3D, sizes), [x]);
      x.dispose();
      variables.dispose();
    });

    it(`leaves nothing but the result of a block: ${mlp}, ${norm}`, () => {
      const variables = createVariables(decoderBlockParameters("b", { ...sizes, rng }));
      const x = random([1, 3, 4]) as tf.Tensor3D;
      expectNoTensorLeak(() => applyDecoderBlock(variables, "b", x, sizes));
      expectNoTensorLeak(() => tf.grad((input) => applyDecoderBlock(variables, "b", input as tf.Tensor3D, sizes))(x));
      x.dispose();
      variables.dispose();
    });
  }

  it("refuse a name that is not there", () => {
    withLayer(linearParameters("l", { in: 4, out: 2, rng }), (variables) => {
      const missing = expect.objectContaining({ code: "state", facts: { name: "m/weight" } });
      expect(() => applyLinear(variables, "m", tf.ones([1, 4]))).toThrow(missing);
    });
  });
});
