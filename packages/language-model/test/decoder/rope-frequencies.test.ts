import { resolveModelConfig, ropeFrequencies } from "@haps/language-model";
import { expectClose } from "@haps/testing";
import { expect, it } from "vitest";
import { referenceFrequency } from "./reference-decoder.ts";

const shape = { family: "llama", vocabulary: 8, dim: 64, layers: 1, heads: 1, hidden: 8, context: 64 } as const;

it("falls from 1 by a constant factor", () => {
  const config = resolveModelConfig({ ...shape, headDim: 4, ropeBase: 10_000 });
  expectClose(ropeFrequencies(config), [1, 0.01], { rtol: 1e-12 });
});

it("stretches slow turns, keeps quick ones and blends those between, as Llama 3.1 does", () => {
  const ropeScaling = { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192 };
  const config = resolveModelConfig({ ...shape, ropeBase: 500_000, ropeScaling });
  const plain = ropeFrequencies(resolveModelConfig({ ...shape, ropeBase: 500_000 }));
  const scaled = ropeFrequencies(config);
  expectClose(
    scaled,
    Array.from(plain, (_, pair) => referenceFrequency(pair, config)),
    { rtol: 1e-9, atol: 0 },
  );
  const kinds = Array.from(scaled, (frequency, pair) => {
    const ratio = frequency / (plain[pair] as number);
    return ratio === 1 ? "kept" : ratio === 1 / 8 ? "stretched" : "blended";
  });
  expect(new Set(kinds)).toEqual(new Set(["kept", "blended", "stretched"]));
});
