import {
  embedTokens,
  finalNorm,
  type LanguageModel,
  logitsOf,
  loraSamplesOf,
  mergeLora,
  packSequences,
  runLayers,
} from "@haps/language-model";
import type { LoraWeights } from "@haps/spec";
import { readVariables } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { allProjections, drawTokens, smallLora, smallModel, smallShapes } from "../decoder/small-models.ts";

function logits(model: LanguageModel, sequences: readonly number[][], lora?: LoraWeights): Float32Array {
  const { tokens, positions, segments } = packSequences(sequences);
  const values: Float32Array[] = [];
  tf.tidy(() => {
    const rows = loraSamplesOf([lora], model.config).map(({ factors, sampleOf }) => ({
      factors,
      sampleOf: Array.from(tokens, () => sampleOf[0] as number),
    }));
    const hidden = runLayers(model, embedTokens(model, tokens), { positions, segments, lora: rows });
    values.push(logitsOf(model, finalNorm(model, hidden)).dataSync<"float32">());
  });
  return values[0] as Float32Array;
}

describeEachBackend("mergeLora", () => {
  describe.each(Object.entries(smallShapes))("%s", (_, shape) => {
    it.each([...allProjections.map((projection) => [projection]), [...allProjections]])(
      "gives the logits of the low-rank form: %s %s",
      (...projections) => {
        const model = smallModel(shape, 1);
        const sequences = [drawTokens(model, 6, 1), drawTokens(model, 3, 2)];
        const lora = smallLora(model, 1, { projections, rank: 3 });
        const merged = mergeLora(model, lora);
        const expected = logits(merged, sequences);
        const largest = expected.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
        expectClose(logits(model, sequences, lora), expected, { rtol: 0, atol: 1e-5 * largest });
        expect(expected).not.toEqual(logits(model, sequences));
        merged.dispose();
        model.dispose();
      },
    );
  });

  it("leaves the base alone, and keeps it bit for bit where there is nothing to merge", () => {
    const model = smallModel(Object.values(smallShapes)[0]!, 2);
    const before = readVariables(model.variables);
    const same = mergeLora(model, { id: "none", targets: [], scale: 3 });
    const lora = smallLora(model, 1);
    const merged = mergeLora(model, lora);
    expect(readVariables(model.variables)).toEqual(before);
    expect(readVariables(same.variables)).toEqual(before);
    const sequences = [drawTokens(model, 5, 1)];
    const none = { ...lora, targets: lora.targets.map((factors) => ({ ...factors, up: factors.up.map(() => 0) })) };
    expect(logits(model, sequences, none)).toEqual(logits(model, sequences));
    expect(logits(same, sequences)).toEqual(logits(model, sequences));
    for (const made of [same, merged, model]) made.dispose();
  });

  it("refuses weights that do not fit, by name", () => {
    const model = smallModel(Object.values(smallShapes)[0]!, 3);
    const lora = smallLora(model, 1, { projections: ["v"], layers: [1] });
    const bad = { ...lora, targets: lora.targets.map((factors) => ({ ...factors, down: factors.down.slice(1) })) };
    expect(() => mergeLora(model, bad)).toThrow(
      expect.objectContaining({ code: "shape", message: expect.stringContaining("layer 1 v down") as string }),
    );
    model.dispose();
  });
});
