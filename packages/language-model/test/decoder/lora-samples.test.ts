import { checkLora, loraSamplesOf, resolveModelConfig } from "@haps/language-model";
import type { LoraFactors, LoraWeights } from "@haps/spec";
import { describeEachBackend, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { smallLora, smallShapes } from "./small-models.ts";

const small = { config: resolveModelConfig(Object.values(smallShapes)[0]!) };

describeEachBackend("loraSamplesOf", () => {
  it("stacks weights of equal shape and scale, and numbers the calls", () => {
    const { config } = small;
    const [first, other, second] = [
      smallLora(small, 1),
      smallLora(small, 2, { projections: ["o"] }),
      smallLora(small, 3),
    ];
    const groups = loraSamplesOf([first, undefined, other, second], config);
    expect(groups.map(({ sampleOf }) => sampleOf)).toEqual([
      [0, -1, -1, 1],
      [-1, -1, 0, -1],
    ]);
    const target = groups[0]?.factors.targets[0];
    expect(target?.down.shape).toEqual([2, 2, config.dim]);
    expect(target?.up.shape).toEqual([2, config.heads * config.headDim, 2]);
    expect([...(target?.down.dataSync() ?? [])]).toEqual([
      ...(first.targets[0] as LoraFactors).down,
      ...(second.targets[0] as LoraFactors).down,
    ]);
    tf.dispose(groups.map(({ factors }) => factors.targets.map(({ down, up }) => [down, up])));
  });

  it("makes no group of another scale or of no weights", () => {
    const { config } = small;
    const weights = smallLora(small, 1, { projections: ["q"], layers: [1] });
    const groups = loraSamplesOf([weights, { ...weights, scale: 2 }, { ...weights, targets: [] }], config);
    expect(groups.map(({ factors }) => factors.scale)).toEqual([0.7, 2]);
    tf.dispose(groups.map(({ factors }) => factors.targets.map(({ down, up }) => [down, up])));
  });

  it("leaves nothing but its factors", () => {
    expectNoTensorLeak(() =>
      loraSamplesOf([smallLora(small, 1)], small.config).flatMap(({ factors }) =>
        factors.targets.flatMap(({ down, up }) => [down, up]),
      ),
    );
  });
});

describe("checkLora", () => {
  const changed = (change: (factors: LoraFactors) => LoraFactors): LoraWeights => {
    const weights = smallLora(small, 1, { projections: ["o"], layers: [1] });
    return { ...weights, targets: weights.targets.map(change) };
  };
  const withTarget = (part: Partial<LoraFactors["target"]>) =>
    changed((factors) => ({ ...factors, target: { ...factors.target, ...part } }));
  /** Whole weights, but for another model. */
  const sized = (part: Partial<LoraFactors["target"]>) =>
    changed((factors) => {
      const target = { ...factors.target, ...part };
      const { in: inputs, out, rank } = target;
      return { target, down: new Float32Array(rank * inputs), up: new Float32Array(out * rank) };
    });
  const with_ = (values: Float32Array, place: number, value: number) => values.with(place, value);

  it.each([
    ["an unknown layer", withTarget({ layer: 2 }), "config", "layers 0 to 1"],
    ["a broken layer", withTarget({ layer: 0.5 }), "config", "layer 0.5 o"],
    ["an unknown projection", withTarget({ projection: "head" as "o" }), "config", 'the projection "head"'],
    ["another input", sized({ in: 3 }), "config", "expected in 16, out 12"],
    ["another output", sized({ out: 3 }), "config", "expected in 16, out 12"],
    ["no rank", withTarget({ rank: 0 }), "config", "rank 0"],
    ["factors too short", changed((factors) => ({ ...factors, up: factors.up.slice(1) })), "shape", "layer 1 o up"],
    [
      "NaN",
      changed((factors) => ({ ...factors, down: with_(factors.down, 3, Number.NaN) })),
      "non-finite",
      "layer 1 o down has NaN at position 3",
    ],
    [
      "an infinite scale",
      { ...changed((factors) => factors), scale: Number.POSITIVE_INFINITY },
      "non-finite",
      "the scale Infinity",
    ],
    [
      "a target given twice",
      { ...changed((factors) => factors), targets: [...changed((f) => f).targets, ...changed((f) => f).targets] },
      "config",
      "layer 1 o twice",
    ],
  ] as const)("refuses %s by name", (_, weights, code, text) => {
    expect(() => {
      checkLora(weights, small.config);
    }).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) as string }));
  });

  it("accepts weights of every projection", () => {
    expect(() => {
      checkLora(smallLora(small, 1), small.config);
    }).not.toThrow();
  });
});
