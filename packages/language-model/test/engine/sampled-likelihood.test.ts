import { createTensorEngine } from "@haps/language-model";
import type { Decoding, GradientItem } from "@haps/spec";
import { describeEachBackend, expectClose } from "@haps/testing";
import { expect, it } from "vitest";
import { drawTokens, smallLora, smallModel, smallShapes } from "../decoder/small-models.ts";
import { flatGradient } from "../gradient/gradient-items.ts";

const decodings: readonly Decoding[] = [
  { temperature: 1, topP: 0.9, maxTokens: 8 },
  { temperature: 1, topP: 0.9, nucleus: "released", maxTokens: 8, stop: [] },
  { temperature: 0.6, topK: 5, topP: 0.8, maxTokens: 8 },
  { maxTokens: 8 },
];

describeEachBackend("likelihoods of what an engine sampled", () => {
  it.each(Object.entries(smallShapes))("are those that it told when it sampled: %s", async (_, shape) => {
    const model = smallModel(shape, 1);
    const engine = createTensorEngine({ candidate: "small", model });
    const calls = Array.from({ length: 40 }, (_, index) => ({
      prompt: { tokens: drawTokens(model, 1 + (index % 7), index) },
      decoding: decodings[index % 4] as Decoding,
      seed: index,
      lora: smallLora(model, index % 3, { layers: [1], projections: ["o"] }),
    }));
    const said = await engine.generate(calls);
    const items: GradientItem[] = [];
    const told: number[] = [];
    said.forEach((settled, index) => {
      if (!settled.ok) throw settled.failure.error;
      const { lora, decoding } = calls[index] as (typeof calls)[number];
      const call = { role: "only", candidate: "small", ...settled.value };
      for (const likelihood of ["sampled", "full"] as const) {
        items.push({ call, lora, weight: 1, likelihood, decoding });
        told.push(settled.value.logProbs?.[likelihood].reduce((sum, logProb) => sum + logProb, 0) as number);
      }
    });
    const { logLikelihoods, gradients } = await engine.loraGradient(items);
    expectClose([...logLikelihoods], told, { rtol: 1e-4, atol: 1e-4 });
    // Greedy replies are certain under what was sampled; under the full softmax they are not.
    items.forEach(({ decoding, likelihood }, index) => {
      const isConstant = likelihood === "sampled" && (decoding as Decoding).temperature === undefined;
      if (isConstant) expect(flatGradient(gradients[index]).every((slope) => slope === 0)).toBe(true);
      if (likelihood === "full") expect(flatGradient(gradients[index]).some((slope) => slope !== 0)).toBe(true);
    });
    await engine.dispose();
    model.dispose();
  });
});
