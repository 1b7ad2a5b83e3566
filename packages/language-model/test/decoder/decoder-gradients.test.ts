import { type LanguageModel, type LoraRows, logitsOf, packSequences, runLayers } from "@haps/language-model";
import { createRng, type NamedVariables } from "@haps/tensor";
import { checkGradient, describeEachBackend } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { smallModel, smallShapes } from "./small-models.ts";

/** The same model with some weights replaced, so that they can be varied. */
function withWeights(model: LanguageModel, replaced: Readonly<Record<string, tf.Tensor>>): LanguageModel {
  const { variables } = model;
  const varied: NamedVariables = {
    size: variables.size,
    names: () => variables.names(),
    has: (name) => variables.has(name),
    get: (name) => (replaced[name] ?? variables.get(name)) as tf.Variable,
    dispose: () => undefined,
    [Symbol.iterator]: () => variables[Symbol.iterator](),
  };
  return { ...model, variables: varied };
}

const draw = (name: string, shape: number[], scale = 1): tf.Tensor =>
  tf.tensor(
    createRng(5)
      .fork(name)
      .normals(
        shape.reduce((product, length) => product * length, 1),
        scale,
      ),
    shape,
  );

describeEachBackend("gradients of the decoder", () => {
  for (const [name, shape] of Object.entries(smallShapes)) {
    describe(name, () => {
      const small = { ...shape, dim: 6, hidden: 4, heads: 2, keyValueHeads: 1, vocabulary: 7 };
      const { positions, segments } = packSequences([
        [1, 2, 3],
        [4, 5],
      ]);

      it("reaches the rows, of short and of long segments", () => {
        const model = smallModel(small, 1);
        const rows = packSequences([[1, 2], Array.from({ length: 10 }, (_, index) => index % 7)]);
        const x = draw("x", [12, 6]);
        checkGradient((varied) => runLayers(model, varied as tf.Tensor2D, rows), [x]);
        x.dispose();
        model.dispose();
      });

      it("reaches a fused kernel and a gain", () => {
        const model = smallModel(small, 2);
        const x = draw("x", [5, 6]) as tf.Tensor2D;
        const names = ["layers/0/attention/kernel", "layers/1/mlp-norm/gain"];
        const inputs = names.map((weight) => tf.clone(model.variables.get(weight)));
        checkGradient((kernel, gain) => {
          const varied = withWeights(model, { [names[0] as string]: kernel, [names[1] as string]: gain });
          return runLayers(varied, x, { positions, segments });
        }, inputs);
        tf.dispose([x, ...inputs]);
        model.dispose();
      });

      it("reaches the factors of low-rank updates", () => {
        const model = smallModel(small, 3);
        const { heads, headDim, dim, hidden } = model.config;
        const x = draw("x", [5, 6]) as tf.Tensor2D;
        const width = heads * headDim;
        const inputs = [
          draw("o down", [2, 2, width], 0.5),
          draw("o up", [2, dim, 2], 0.5),
          draw("up down", [2, 1, dim], 0.5),
          draw("up up", [2, hidden, 1], 0.5),
        ];
        checkGradient((...factors) => {
          const [oDown, oUp, upDown, upUp] = factors as tf.Tensor3D[] as [
            tf.Tensor3D,
            tf.Tensor3D,
            tf.Tensor3D,
            tf.Tensor3D,
          ];
          const targets = [
            { target: { layer: 0, projection: "o", in: width, out: dim, rank: 2 }, down: oDown, up: oUp },
            { target: { layer: 1, projection: "up", in: dim, out: hidden, rank: 1 }, down: upDown, up: upUp },
          ] as const;
          const lora: LoraRows[] = [{ factors: { targets, scale: 0.7 }, sampleOf: [1, 1, 1, -1, 0] }];
          return runLayers(model, x, { positions, segments, lora });
        }, inputs);
        tf.dispose([x, ...inputs]);
        model.dispose();
      });
    });
  }

  it("reaches the embedding through tied logits when it is trained, and only then", () => {
    const model = smallModel({ ...smallShapes["qwen2 with biases and tied embeddings"]!, dim: 6, vocabulary: 7 }, 4);
    const hidden = draw("hidden", [2, 6]) as tf.Tensor2D;
    const table = tf.clone(model.variables.get("embedding"));
    checkGradient(
      (embedding) => logitsOf(withWeights(model, { embedding: embedding }), hidden, { trainable: true }),
      [table],
    );
    checkGradient((rows) => logitsOf(model, rows as tf.Tensor2D), [hidden]);
    expect(() => tf.grad((embedding: tf.Tensor) => logitsOf(withWeights(model, { embedding }), hidden))(table)).toThrow(
      /connect|gradient/i,
    );
    tf.dispose([hidden, table]);
    model.dispose();
  });
});
