import { describe, expect, it } from "vitest";
import { advantagesOverDraws, advantagesWithin } from "../../src/live/compare-episodes.ts";

describe("advantagesOverDraws", () => {
  it("leaves out all episodes of the own draw", () => {
    // One question, two draws of two episodes: (1, 0) against (0, 0.5).
    const advantages = advantagesOverDraws([1, 0, 0, 0.5], [0, 0, 0, 0], [0, 0, 1, 1], [9, 9, 9, 9]);
    expect(advantages).toEqual([0.75, -0.25, -0.5, 0]);
  });

  it("falls back where a question has a single draw, and is exactly 0 where all rewards are equal", () => {
    expect(advantagesOverDraws([1, 0], [0, 0], [0, 0], [0.1, 0.2])).toEqual([0.1, 0.2]);
    expect(advantagesOverDraws([0.1, 0.1, 0.1], [0, 0, 0], [0, 1, 2], [9, 9, 9])).toEqual([0, 0, 0]);
  });
});

describe("advantagesWithin", () => {
  it("compares with the others of the same key only, and falls back for those that are alone", () => {
    expect(advantagesWithin([1, 0, 0.5], ["a", "a", "b"], [9, 9, 0.25])).toEqual([1, -1, 0.25]);
    expect(advantagesWithin([0.1, 0.1, 0.1], ["a", "a", "a"], [9, 9, 9])).toEqual([0, 0, 0]);
  });
});
