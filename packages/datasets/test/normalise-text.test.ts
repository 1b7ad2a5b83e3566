import { createHash } from "node:crypto";
import { normaliseText, textGroup } from "@haps/datasets";
import { describe, expect, it } from "vitest";

describe("normaliseText", () => {
  it("ignores case, white space and the composition of accents, and nothing else", () => {
    for (const text of ["Who is Ré?", " who\tis  RE\u0301?\n", "WHO IS\u2028\u00A0re\u0301?"]) {
      expect(normaliseText(text)).toBe("who is ré?");
    }
    expect(normaliseText("who is re?")).not.toBe(normaliseText("who is ré?"));
    expect(normaliseText("who is ré")).not.toBe(normaliseText("who is ré?"));
  });

  it("is stable when applied twice, also where lower case decomposes", () => {
    for (const text of ["İstanbul", "ΟΔΟΣ", "ﬀ Ω K"])
      expect(normaliseText(normaliseText(text))).toBe(normaliseText(text));
  });
});

describe("textGroup", () => {
  it("is the beginning of SHA-256 over the normalised text", () => {
    expect(textGroup(" A  b ")).toBe(createHash("sha256").update("a b").digest("hex").slice(0, 16));
  });
});
