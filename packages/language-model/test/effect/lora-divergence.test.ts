import { loraDivergence } from "@haps/language-model";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import { expect, it } from "vitest";
import { referenceLogits } from "../decoder/reference-decoder.ts";
import { smallModel, smallShapes } from "../decoder/small-models.ts";
import { drawItem } from "../gradient/gradient-items.ts";

const shapes = Object.entries(smallShapes);

/** Log-probabilities in float64. */
function logSoftmax(logits: readonly number[]): readonly number[] {
  const top = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - top), 0);
  return logits.map((logit) => logit - top - Math.log(sum));
}

describeEachBackend("loraDivergence", (backend) => {
  it.each(shapes)("is that of the formula in float64: %s", (_, shape) => {
    const model = smallModel(shape, 1);
    const items = [
      drawItem(model, 1, { prompt: 4, completion: 5 }, { layers: [1], projections: ["o"] }),
      drawItem(model, 2, { prompt: 3, completion: 2 }, { layers: [1], projections: ["q"] }),
      drawItem(model, 3, { prompt: 7, completion: 1 }),
    ];
    const expected = items.map(({ promptTokens, tokens, lora }) => {
      const inputs = [...promptTokens, ...tokens.slice(0, -1)];
      const changed = referenceLogits(model, inputs, lora).slice(promptTokens.length - 1);
      const base = referenceLogits(model, inputs, { ...lora, targets: [] }).slice(promptTokens.length - 1);
      return changed.reduce((sum, row, place) => {
        const [one, other] = [logSoftmax(row), logSoftmax(base[place] as number[])];
        return sum + one.reduce((all, logProb, token) => all + Math.exp(logProb) * (logProb - other[token]!), 0);
      }, 0);
    });
    const { mean, tokens, sums } = loraDivergence(model, items);
    expect(Math.min(...expected)).toBeGreaterThan(1e-4);
    expectClose([...sums], expected, { rtol: 1e-4, atol: 1e-6 });
    expect(tokens).toBe(8);
    expectClose(mean, expected.reduce((sum, value) => sum + value, 0) / 8, { rtol: 1e-4, atol: 1e-6 });
    model.dispose();
  });

  it("is 0 for weights that change nothing, without targets, and of nothing said", () => {
    const model = smallModel(shapes[0]![1], 2);
    const item = drawItem(model, 1, { prompt: 4, completion: 5 });
    const idle = { ...item.lora, targets: item.lora.targets.map((entry) => ({ ...entry, up: entry.up.map(() => 0) })) };
    const { mean, sums } = loraDivergence(model, [
      { ...item, lora: idle },
      { ...item, lora: { ...item.lora, targets: [] } },
      { ...item, tokens: [] },
    ]);
    if (backend === "wasm") expect([mean, ...sums]).toEqual([0, 0, 0, 0]);
    else expectClose([mean, ...sums], [0, 0, 0, 0], { atol: 1e-9 });
    expect(loraDivergence(model, [])).toEqual({ mean: 0, tokens: 0, sums: [] });
    model.dispose();
  });

  it("does not let items feel equal ones, and frees what it makes", () => {
    const model = smallModel(shapes[1]![1], 3);
    const items = [1, 2].map((seed) => drawItem(model, seed, { prompt: 4, completion: 3 }));
    expectNoTensorLeak(() => {
      const { sums } = loraDivergence(model, items);
      expectClose([...loraDivergence(model, [...items, ...items]).sums], [...sums, ...sums], { rtol: 1e-5 });
    });
    model.dispose();
  });

  it("refuses what does not fit, by item", () => {
    const model = smallModel(shapes[0]![1], 4);
    const item = drawItem(model, 1, { prompt: 4, completion: 3 });
    expectNoTensorLeak(() => {
      expect(() => loraDivergence(model, [item, { ...item, tokens: [23] }])).toThrow(
        expect.objectContaining({ code: "data", message: expect.stringContaining("item 1 has token 23") as string }),
      );
      expect(() => loraDivergence(model, [{ ...item, lora: { ...item.lora, scale: 1e30 } }])).toThrow(
        expect.objectContaining({ code: "non-finite", message: expect.stringContaining("of item 0") as string }),
      );
    });
    model.dispose();
  });
});
