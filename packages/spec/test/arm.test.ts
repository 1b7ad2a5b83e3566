import { armKey, armLabel, canonicalJson, singleRoleArm } from "@haps/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("armKey", () => {
  it("does not depend on the order of keys", () => {
    expect(armKey({ b: { settings: {}, candidate: "m" }, a: { candidate: "n", settings: { y: 1, x: "p" } } })).toBe(
      armKey({ a: { settings: { x: "p", y: 1 }, candidate: "n" }, b: { candidate: "m", settings: {} } }),
    );
  });

  it("tells numbers from text", () => {
    expect(armKey(singleRoleArm("m", { t: 1 }))).not.toBe(armKey(singleRoleArm("m", { t: "1" })));
  });
});

describe("armLabel", () => {
  it("is short for one role and names the roles of several", () => {
    expect(armLabel(singleRoleArm("gpt-4", { prompt: "concise" }))).toBe("gpt-4 · prompt=concise");
    const arm = { teacher: { candidate: "a", settings: {} }, student: { candidate: "b", settings: {} } };
    expect(armLabel(arm)).toBe("student: b | teacher: a");
  });
});

describe("canonicalJson", () => {
  it("refuses numbers without a JSON form", () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow("no JSON form");
  });

  it("reads back as the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
