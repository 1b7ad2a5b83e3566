import { createArmIndex } from "@haps/reward";
import type { Arm, Pool } from "@haps/spec";
import { expectClose } from "@haps/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { policyPrior } from "../src/action-prior.ts"; // internal
import { settingsOf } from "./parts.ts";

const pool: Pool = {
  candidates: [
    {
      id: "a",
      weights: "open",
      parameters: { settings: { prompt: { kind: "categorical", values: ["x", "y", "z"] } } },
    },
    { id: "b", weights: "open", parameters: {} },
  ],
};
const picks = [
  { candidate: "a", settings: { prompt: "x" } },
  { candidate: "a", settings: { prompt: "y" } },
  { candidate: "a", settings: { prompt: "z" } },
  { candidate: "b", settings: {} },
];
const indexOf = (roles: readonly string[], arms: readonly Arm[]): ReturnType<typeof createArmIndex> =>
  createArmIndex({
    roles,
    pool,
    arms,
    settingsOf: (id) => {
      const candidate = pool.candidates.find((one) => one.id === id);
      return candidate === undefined ? null : settingsOf(candidate);
    },
  });
const single = indexOf(
  ["one"],
  picks.map((one) => ({ one })),
);
const pairs = indexOf(
  ["one", "two"],
  picks.flatMap((one) => picks.map((two) => ({ one, two }))),
);
const none = (size: number): Float64Array => new Float64Array(size);
const cell = fc.oneof({ weight: 4, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) }, fc.constant(Number.NaN));

/** Sum of both parts for every choice. */
function together(prior: ReturnType<typeof policyPrior>, part: "quality" | "cost"): readonly number[] {
  const { candidates, settings } = prior;
  const [a = 0, b = 0] = candidates[part];
  return [...(settings.get("a")?.[part] ?? [])].map((value) => a + value).concat(b);
}

describe("policyPrior", () => {
  it("splits the means of one role exactly: the parts add up to mean less overall mean, never run counting as the mean", () => {
    fc.assert(
      fc.property(fc.array(cell, { minLength: 4, maxLength: 4 }), (values) => {
        const quality = Float64Array.from(values);
        const recorded = values.filter((value) => !Number.isNaN(value));
        const overall = recorded.reduce((sum, value) => sum + value, 0) / recorded.length;
        const prior = policyPrior(single, { quality: none(4), cost: quality });
        const expected = values.map((value) => (Number.isNaN(value) ? 0 : value - overall));
        expectClose(together(prior, "cost"), expected, { rtol: 0, atol: 1e-6 });
        expect([...prior.candidates.quality]).toEqual([0, 0]);
      }),
      { seed: 11, numRuns: 100 },
    );
  });

  it("gives a candidate the mean over its settings, and the settings what deviates from it", () => {
    const { candidates, settings } = policyPrior(single, {
      quality: Float64Array.of(0.2, 0.5, 0.8, 0.1),
      cost: none(4),
    });
    expectClose(candidates.quality, [0.1, -0.3], { rtol: 0, atol: 1e-6 });
    expectClose(settings.get("a")?.quality ?? [], [-0.3, 0, 0.3], { rtol: 0, atol: 1e-6 });
    expect([...settings.keys()]).toEqual(["a"]);
  });

  it("recovers the main effects of two roles where there are no others", () => {
    const effects = [0.3, -0.1, 0.05, -0.25];
    const means = effects.flatMap((first) => effects.map((second) => 0.5 + first + second));
    const prior = policyPrior(pairs, { quality: Float64Array.from(means), cost: none(16) });
    expectClose(together(prior, "quality"), effects, { rtol: 0, atol: 1e-6 });
  });

  it("holds nothing of a pure interaction of two roles", () => {
    const signs = [1, -1, 0, 0];
    const means = signs.flatMap((first) => signs.map((second) => 0.5 + 0.2 * first * second));
    const prior = policyPrior(pairs, { quality: Float64Array.from(means), cost: none(16) });
    expectClose(together(prior, "quality"), [0, 0, 0, 0], { rtol: 0, atol: 1e-6 });
  });
});
