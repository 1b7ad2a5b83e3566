import { averageOverSeeds } from "@haps/evaluation";
import { ShapeError } from "@haps/spec";
import { describe, expect, it } from "vitest";

const missing = Number.NaN;

describe("averageOverSeeds", () => {
  it("averages each question over the seeds that recorded it", () => {
    const seeds = [
      Float64Array.of(1, missing, missing),
      Float64Array.of(0, 0.5, missing),
      Float64Array.of(0.5, 0.1, missing),
    ];
    expect([...averageOverSeeds(seeds)]).toEqual([0.5, 0.3, missing]);
  });

  it("refuses seeds of different lengths, and none", () => {
    expect(() => averageOverSeeds([Float64Array.of(1), Float64Array.of(1, 2)])).toThrow(ShapeError);
    expect(() => averageOverSeeds([])).toThrow(ShapeError);
  });
});
