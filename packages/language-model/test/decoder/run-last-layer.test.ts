import { embedTokens, type LoraRows, loraSamplesOf, packSequences, runLayers } from "@haps/language-model";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { runLastLayer } from "../../src/decoder/run-last-layer.ts";
import { drawTokens, smallLora, smallModel, smallShapes } from "./small-models.ts";

describeEachBackend("runLastLayer", () => {
  for (const [name, shape] of Object.entries(smallShapes)) {
    it(`gives the last rows what all layers give them: ${name}`, () => {
      const model = smallModel(shape, 1);
      const sequences = [11, 1, 4].map((length, index) => drawTokens(model, length, index));
      const { tokens, positions, segments } = packSequences(sequences);
      const groups = loraSamplesOf([smallLora(model, 1), undefined, smallLora(model, 2)], model.config);
      const callOf = sequences.flatMap((sequence, call) => sequence.map(() => call));
      const lora = groups.map(({ factors, sampleOf }): LoraRows => {
        return { factors, sampleOf: callOf.map((call) => sampleOf[call] as number) };
      });
      const x = embedTokens(model, tokens);
      const seen: number[] = [];
      const run = () =>
        tf.tidy(() => {
          const before = runLayers(model, x, { positions, segments, lora, to: model.config.layers - 1 });
          const onKeyValues = (layer: number, fused: tf.Tensor2D): void => {
            seen.push(layer, fused.shape[0]);
          };
          return runLastLayer(model, before, { positions, segments, lora, wanted: [0, 2], onKeyValues });
        });
      const last = run();
      expect(seen).toEqual([model.config.layers - 1, 16]);
      tf.tidy(() => {
        const whole = runLayers(model, x, { positions, segments, lora });
        expectClose(last, tf.gather(whole, [10, 15]), { rtol: 1e-4, atol: 1e-4 });
      });
      expectNoTensorLeak(run);
      tf.dispose([x, last, ...groups.flatMap(({ factors }) => factors.targets.flatMap(({ down, up }) => [down, up]))]);
      model.dispose();
    });
  }

  it("gives nothing where nothing is wanted, but keys and values", () => {
    const model = smallModel(Object.values(smallShapes)[0]!, 2);
    const { tokens, positions, segments } = packSequences([[1, 2]]);
    let rows = 0;
    tf.tidy(() => {
      const onKeyValues = (_: number, fused: tf.Tensor2D): void => {
        [rows] = fused.shape;
      };
      const none = runLastLayer(model, embedTokens(model, tokens), { positions, segments, wanted: [], onKeyValues });
      expect(none.shape).toEqual([0, model.config.dim]);
    });
    expect(rows).toBe(2);
    model.dispose();
  });
});
