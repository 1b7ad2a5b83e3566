import { HapsError, type LoraFactors, type LoraWeights } from "@haps/spec";
import { checkLoraWeights, firstNonFinite } from "@haps/tensor";
import { describe, expect, it } from "vitest";

const target = { layer: 2, projection: "k", in: 2, out: 3, rank: 1 } as const;
const good: LoraFactors = { target, down: Float32Array.of(1, 2), up: Float32Array.of(3, 4, 5) };

function check(change: Partial<LoraWeights>): () => void {
  return () => checkLoraWeights("upload", { id: "mine", targets: [good], scale: 1, ...change });
}

const withTarget = (change: object): Partial<LoraWeights> => ({
  targets: [{ ...good, target: { ...target, ...change } }],
});

describe("checkLoraWeights", () => {
  it.each([
    [
      "a projection that there is not",
      withTarget({ projection: "head" }),
      "config",
      '"mine" have the projection "head"',
    ],
    ["a layer below the first", withTarget({ layer: -1 }), "config", "layer -1 k"],
    ["half a layer", withTarget({ layer: 0.5 }), "config", "layer 0.5 k"],
    ["no rank", withTarget({ rank: 0 }), "config", "rank 0"],
    ["an endless width", withTarget({ in: Number.POSITIVE_INFINITY }), "config", "in Infinity"],
    ["a target given twice", { targets: [good, good] }, "config", "layer 2 k twice"],
    ["a factor that is too short", withTarget({ in: 3 }), "shape", "layer 2 k down"],
    ["a factor that is too long", withTarget({ out: 2 }), "shape", "layer 2 k up"],
    [
      "a factor with NaN",
      { targets: [{ ...good, up: Float32Array.of(0, Number.NaN, 0) }] },
      "non-finite",
      "layer 2 k up has NaN at position 1",
    ],
    ["a scale that is none", { scale: Number.NaN }, "non-finite", "scale NaN"],
  ] as const)("refuses %s, by name", (_, change, code, text) => {
    expect(check(change)).toThrow(HapsError);
    expect(check(change)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(`^upload: .*${text}`) as string }),
    );
  });

  it("takes weights that fit their targets, and none", () => {
    expect(check({})).not.toThrow();
    expect(check({ targets: [] })).not.toThrow();
    expect(check({ scale: 0 })).not.toThrow();
  });
});

describe("firstNonFinite", () => {
  it("finds the first of several, and none among numbers however large", () => {
    expect(firstNonFinite(Float32Array.of(0, -1, Number.NEGATIVE_INFINITY, Number.NaN))).toBe(2);
    expect(firstNonFinite([Number.MAX_VALUE, -0])).toBe(-1);
    expect(firstNonFinite([])).toBe(-1);
  });
});
