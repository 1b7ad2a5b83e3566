import { describe, expect, it } from "vitest";
import { exponential } from "../src/kernels/exponential.ts";

describe("exponential", () => {
  it("agrees with Math.exp to a relative 1e-8 over its whole range", () => {
    let worst = 0;
    for (let x = -705; x <= 705; x += 0.0371) {
      worst = Math.max(worst, Math.abs(exponential(x) / Math.exp(x) - 1));
    }
    expect(worst).toBeLessThan(1e-8);
  });

  it("is exact at 0 and keeps infinities and NaN", () => {
    expect(exponential(0)).toBe(1);
    expect(exponential(Infinity)).toBe(Infinity);
    expect(exponential(-Infinity)).toBe(0);
    expect(exponential(-1e30)).toBe(0);
    expect(exponential(1e30)).toBe(Infinity);
    expect(exponential(Number.NaN)).toBeNaN();
  });

  it("does not decrease from one float32 to the next where polynomials meet", () => {
    for (let whole = -20; whole <= 20; whole += 1) {
      const seam = (whole + 0.5) * Math.LN2;
      expect(exponential(seam + 1e-6)).toBeGreaterThan(exponential(seam - 1e-6));
    }
  });
});
