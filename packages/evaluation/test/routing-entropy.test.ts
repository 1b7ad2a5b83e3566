import { routingEntropy } from "@haps/evaluation";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("routingEntropy", () => {
  it("is log(arms) for even choices and 0 for a constant one", () => {
    expect(routingEntropy(Float64Array.of(3, 3, 3, 3)).nats).toBeCloseTo(Math.log(4), 14);
    expect(routingEntropy(Float64Array.of(0, 9, 0))).toEqual({ nats: 0, normalised: 0 });
  });

  it("matches the closed form of two arms", () => {
    const { nats, normalised } = routingEntropy(Float64Array.of(1, 3));
    expect(nats).toBeCloseTo(2 * Math.log(2) - (3 / 4) * Math.log(3), 14);
    expect(normalised).toBeCloseTo(0.8112781244591328, 14); // scipy.stats.entropy([1, 3], base=2)
  });

  it("does not depend on scale and stays between 0 and 1", () => {
    const frequencies = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 9 });
    fc.assert(
      fc.property(frequencies, fc.integer({ min: 1, max: 9 }), (counts, factor) => {
        const one = routingEntropy(Float64Array.from(counts));
        const other = routingEntropy(Float64Array.from(counts, (count) => count * factor));
        expect(other.nats).toBeCloseTo(one.nats, 12);
        expect(one.normalised).toBeGreaterThanOrEqual(0);
        expect(one.normalised).toBeLessThanOrEqual(1 + 1e-12);
      }),
      { seed: 6 },
    );
  });

  it("is 0 for one arm and for nothing", () => {
    expect(routingEntropy(Float64Array.of(5))).toEqual({ nats: 0, normalised: 0 });
    expect(routingEntropy(Float64Array.of(0, 0))).toEqual({ nats: 0, normalised: 0 });
  });
});
