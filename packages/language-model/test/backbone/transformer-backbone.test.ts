import { createTransformerBackbone, type LanguageModel, type ModelConfigInput } from "@haps/language-model";
import {
  type EncodedPrompts,
  lossAndGradients,
  type NamedVariables,
  type PromptBackbone,
  type TokenPrompt,
  tidyValue,
} from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { referenceLayer } from "../decoder/reference-decoder.ts";
import { drawTokens, smallModel, smallShapes } from "../decoder/small-models.ts";
import { assignments, jointOf } from "./assignment-oracle.ts";
import { withWeights } from "./with-weights.ts";

const llama = smallShapes["llama with grouped queries and scaled rotation"] as ModelConfigInput;
const qwen = smallShapes["qwen2 with biases and tied embeddings"] as ModelConfigInput;

/** States after the final norm, `[tokens][dim]`, in float64. */
function referenceStates(model: LanguageModel, tokens: readonly number[]): number[][] {
  const { dim, layers, normEpsilon } = model.config;
  const table = model.variables.get("embedding").dataSync();
  const gain = model.variables.get("norm/gain").dataSync();
  let states = tokens.map((token) => [...table.slice(token * dim, (token + 1) * dim)]);
  for (let layer = 0; layer < layers; layer += 1) states = referenceLayer(model, layer, states);
  return states.map((state) => {
    const square = state.reduce((sum, value) => sum + value * value, 0) / dim;
    return state.map((value, index) => (value / Math.sqrt(square + normEpsilon)) * (gain[index] as number));
  });
}

function mean(rows: readonly (readonly number[])[]): number[] {
  return (rows[0] as number[]).map(
    (_, column) => rows.reduce((sum, row) => sum + (row[column] as number), 0) / rows.length,
  );
}

function hiddenOf(backbone: PromptBackbone, prompts: readonly TokenPrompt[], inference = false): number[][] {
  return tidyValue(() => backbone.encode(prompts, { inference }).hidden.arraySync());
}

/** A loss that reads both levels. */
function bothLevels(backbone: PromptBackbone, prompts: readonly TokenPrompt[]): tf.Tensor {
  const { hidden, scorer } = backbone.encode(prompts);
  const joint = tf.logSoftmax(jointOf(scorer));
  const picked = tf.slice(joint, [0, 4], [-1, 1]);
  const steps = tf.slice(scorer?.next(prompts.map(() => [[1]])) as tf.Tensor2D, [0, 0], [-1, 1]);
  return tf.addN([tf.sum(tf.square(hidden)), tf.sum(picked), tf.sum(steps)]);
}

/** Counts how often a weight is read, which each layer does once per run. */
function counted(model: LanguageModel, name: string): { readonly model: LanguageModel; count(): number } {
  let reads = 0;
  const { variables } = model;
  const watching: NamedVariables = {
    size: variables.size,
    names: () => variables.names(),
    has: (other) => variables.has(other),
    get(other) {
      if (other === name) reads += 1;
      return variables.get(other);
    },
    dispose: () => undefined,
    [Symbol.iterator]: () => variables[Symbol.iterator](),
  };
  return { model: { ...model, variables: watching }, count: () => reads };
}

describeEachBackend("createTransformerBackbone", () => {
  it.each([true, false])("pools states after the final norm [inference %s]", (inference) => {
    for (const shape of [llama, qwen]) {
      const model = smallModel(shape, 1);
      const prompts: TokenPrompt[] = [
        { tokens: drawTokens(model, 7, 1), question: { start: 2, end: 5 } },
        { tokens: drawTokens(model, 3, 2), question: { start: 0, end: 1 } },
      ];
      const states = prompts.map(({ tokens }) => referenceStates(model, tokens));
      const expected = {
        mean: states.map(mean),
        last: states.map((rows) => rows.at(-1) as number[]),
        span: states.map((rows, index) =>
          mean(rows.slice(prompts[index]?.question?.start, prompts[index]?.question?.end)),
        ),
      };
      for (const pooling of ["mean", "last", "span"] as const) {
        const backbone = createTransformerBackbone({ model, pooling });
        expect(backbone.hiddenDimension).toBe(model.config.dim);
        expectClose(hiddenOf(backbone, prompts, inference).flat(), expected[pooling].flat(), { atol: 1e-5 });
      }
      model.dispose();
    }
  });

  it("tells questions apart by their span where the mean over a long template hides them", () => {
    const model = smallModel({ ...llama, context: 200 }, 2);
    const template = drawTokens(model, 120, 3);
    const prompt = (question: readonly number[]): TokenPrompt => ({
      tokens: [...template.slice(0, 110), ...question, ...template.slice(110)],
      question: { start: 110, end: 110 + question.length },
    });
    const questions = Array.from({ length: 6 }, (_, index) => prompt(drawTokens(model, 4, 10 + index)));
    /** Mean variance over questions against the mean square. */
    const spread = (pooling: "mean" | "span"): number => {
      const hidden = hiddenOf(createTransformerBackbone({ model, pooling }), questions, true);
      const centre = mean(hidden);
      const square = (row: readonly number[]): number => row.reduce((sum, value) => sum + value * value, 0);
      const apart = hidden.map((row) => square(row.map((value, column) => value - (centre[column] as number))));
      return apart.reduce((sum, value) => sum + value, 0) / hidden.reduce((sum, row) => sum + square(row), 0);
    };
    expect(spread("mean")).toBeLessThan(0.05);
    expect(spread("span")).toBeGreaterThan(0.2);
    model.dispose();
  });

  it.each([
    ["inference", true, 0],
    ["whole training", false, 0],
    ["training of the last layer", false, 1],
  ] as const)("runs each prompt once for both levels [%s]", async (_, inference, trainFrom) => {
    const model = smallModel(llama, 3);
    const first = counted(model, "layers/0/attention/kernel");
    const last = counted(first.model, "layers/1/attention/kernel");
    const backbone = createTransformerBackbone({ model: last.model, assignments, trainFrom });
    const kernelNames = model.variables.names().filter((name) => /^layers.*kernel$/.test(name));
    const ofLayers = new Set(kernelNames.map((name) => String(model.variables.get(name).shape)));
    /** Rows of each product with a kernel of a layer. */
    const rowsOf = async (run: () => tf.TensorContainer): Promise<(number | undefined)[]> => {
      const { kernels } = await tf.profile(run);
      return kernels
        .filter(({ name, inputShapes }) => /MatMul/.test(name) && ofLayers.has(String(inputShapes[1]?.slice(-2))))
        .map(({ outputShapes }) => outputShapes[0]?.at(-2));
    };
    const continued: (number | undefined)[][] = [];
    for (const lengths of [
      [5, 12],
      [30, 44],
    ]) {
      const before = [first.count(), last.count()] as const;
      const prompts = lengths.map((length) => ({ tokens: drawTokens(model, length, length) }));
      const encoded: EncodedPrompts[] = [];
      const rows = await rowsOf(() => {
        encoded.push(backbone.encode(prompts, { inference }));
        return [];
      });
      expect(rows).toHaveLength(4 * model.config.layers);
      continued.push(await rowsOf(() => jointOf(encoded[0]?.scorer)));
      // Once for the prompts, once for the continuations.
      expect([first.count() - before[0], last.count() - before[1]]).toEqual([2, 2]);
    }
    // Scoring runs as many rows whatever the prompts' lengths: none of theirs.
    expect(continued[0]).toEqual(continued[1]);
    model.dispose();
    tf.disposeVariables();
  });

  it("encodes a ragged batch as each prompt alone, on wasm bit for bit", () => {
    const model = smallModel(llama, 4);
    const prompts = [4, 17, 1, 9].map((length) => ({ tokens: drawTokens(model, length, length) }));
    for (const pooling of ["mean", "last"] as const) {
      const backbone = createTransformerBackbone({ model, pooling });
      const together = hiddenOf(backbone, prompts, true).flat();
      const alone = prompts.flatMap((prompt) => hiddenOf(backbone, [prompt], true).flat());
      if (tf.getBackend() === "wasm") expect(together).toEqual(alone);
      else expectClose(together, alone, { atol: 1e-6 });
    }
    model.dispose();
  });

  it("has the gradient of the pooled states", () => {
    const model = smallModel({ ...llama, dim: 6, hidden: 4, heads: 2, keyValueHeads: 1, headDim: 2, vocabulary: 9 }, 5);
    const names = ["layers/0/gate-up/kernel", "norm/gain"];
    const inputs = names.map((name) => tf.clone(model.variables.get(name)));
    const prompts = [
      { tokens: [1, 2, 3], question: { start: 1, end: 3 } },
      { tokens: [6, 5], question: { start: 0, end: 1 } },
    ];
    for (const pooling of ["mean", "span"] as const) {
      checkGradient((kernel, gain) => {
        const weights = { [names[0] as string]: kernel, [names[1] as string]: gain };
        return createTransformerBackbone({ model: withWeights(model, weights), pooling }).encode(prompts).hidden;
      }, inputs);
    }
    tf.dispose(inputs);
    model.dispose();
  });

  it.each([
    ["llama", llama],
    ["tied embeddings", qwen],
  ] as const)("trains from a layer on with the whole model's gradients, and nothing below [%s]", (_, shape) => {
    const model = smallModel({ ...shape, layers: 3 }, 6);
    const prompts = [{ tokens: [1, 2, 3, 4] }, { tokens: [6, 5] }];
    const wholeBackbone = createTransformerBackbone({ model, assignments });
    expect(wholeBackbone.variables.names()).toEqual(model.variables.names());
    const whole = lossAndGradients(model.variables, () => bothLevels(wholeBackbone, prompts));
    for (const trainFrom of [1, 2, 3]) {
      const backbone = createTransformerBackbone({ model, assignments, trainFrom });
      const names = backbone.variables.names();
      expect(names).toEqual(
        model.variables.names().filter((name) => {
          const layer = /^layers\/(\d)/.exec(name)?.[1];
          return layer === undefined ? name !== "embedding" : Number(layer) >= trainFrom;
        }),
      );
      // Asked of every variable: those below must not be reached.
      const part = lossAndGradients(model.variables, () => bothLevels(backbone, prompts));
      expectClose(part.loss, whole.loss, { rtol: 1e-5, atol: 1e-5 });
      expect([...part.gradients.keys()]).toEqual(names);
      for (const [name, gradient] of part.gradients) {
        const expected = whole.gradients.get(name) as Float32Array;
        expectClose(gradient, expected, { atol: 1e-4, rtol: 1e-4 });
      }
    }
    model.dispose();
  });

  it("has no gradient when frozen or in inference, also inside one", () => {
    const model = smallModel(llama, 7);
    const prompts = [{ tokens: [1, 2, 3, 4] }];
    const frozen = createTransformerBackbone({ model, assignments, trainFrom: "frozen" });
    expect(frozen.variables.size).toBe(0);
    expect(() => lossAndGradients(model.variables, () => bothLevels(frozen, prompts))).toThrow(
      expect.objectContaining({ code: "state" }),
    );
    const whole = createTransformerBackbone({ model, assignments });
    const inferring: PromptBackbone = { ...whole, encode: (asked) => whole.encode(asked, { inference: true }) };
    expect(() => lossAndGradients(model.variables, () => bothLevels(inferring, prompts))).toThrow(
      expect.objectContaining({ code: "state" }),
    );
    model.dispose();
  });

  it("shares its variables with the model, which owns them", () => {
    const model = smallModel(llama, 8);
    const { variables } = createTransformerBackbone({ model, trainFrom: 1 });
    expect(variables.get("norm/gain")).toBe(model.variables.get("norm/gain"));
    expect(variables.has("layers/0/down/kernel")).toBe(false);
    expect(() => variables.get("layers/0/down/kernel")).toThrow(expect.objectContaining({ code: "state" }));
    expect([...variables].map(([name]) => name)).toEqual(variables.names());
    variables.dispose();
    expect(() => variables.get("norm/gain")).toThrow(expect.objectContaining({ code: "disposed" }));
    expect(model.variables.get("norm/gain").isDisposed).toBe(false);
    model.dispose();
  });

  it.each([0, 1] as const)("leaves nothing allocated after gradients [from layer %d]", (trainFrom) => {
    const model = smallModel(qwen, 9);
    model.headKernel();
    const backbone = createTransformerBackbone({ model, assignments, trainFrom });
    expectNoTensorLeak(() => {
      lossAndGradients(backbone.variables, () => bothLevels(backbone, [{ tokens: [1, 2] }, { tokens: [3] }]));
      return [];
    });
    model.dispose();
  });

  it("refuses what it cannot encode, by prompt", () => {
    const model = smallModel(llama, 10);
    const span = createTransformerBackbone({ model, assignments, pooling: "span" });
    const long = { tokens: drawTokens(model, 60, 1), question: { start: 0, end: 1 } };
    const fine = { tokens: [1, 2], question: { start: 0, end: 2 } };
    for (const [prompts, message] of [
      [[], "no prompts"],
      [[fine, { ...fine, tokens: [] }], "prompt 1 has 0 tokens"],
      [[fine, long], "expected 1 to 54, for a context of 64 with assignments of up to 10"],
      [[{ tokens: [1, 2] }], "span missing"],
      [[{ tokens: [1, 2], question: { start: 1, end: 3 } }], "span [1, 3)"],
      [[{ tokens: [1, 2], question: { start: 1, end: 1 } }], "span [1, 1)"],
      [[{ tokens: [1, 23], question: { start: 1, end: 2 } }], "id 23"],
    ] as const) {
      expect(() => tf.tidy(() => span.encode(prompts).hidden)).toThrow(
        expect.objectContaining({ message: expect.stringContaining(message) as unknown }),
      );
    }
    for (const trainFrom of [-1, 0.5, 3]) {
      expect(() => createTransformerBackbone({ model, trainFrom })).toThrow(
        expect.objectContaining({ code: "config" }),
      );
    }
    expect(() =>
      createTransformerBackbone({ model, assignments: { roles: [{ lead: [23], options: [[1], [2]] }], end: [] } }),
    ).toThrow(expect.objectContaining({ code: "config" }));
    model.dispose();
  });
});
