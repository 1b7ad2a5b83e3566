import { ConfigError, closestName, parseConfig } from "@haps/spec";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const schema = z.strictObject({
  temperature: z.number().positive().default(1),
  backbone: z.strictObject({ hidden: z.int().default(8) }).optional(),
  heads: z.array(z.strictObject({ rank: z.int() })).default([]),
});

function issuesOf(value: unknown): readonly { path: string; message: string }[] {
  try {
    parseConfig("test", schema, value);
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  return [];
}

describe("parseConfig", () => {
  it("fills defaults in", () => {
    expect(parseConfig("test", schema, {})).toEqual({ temperature: 1, heads: [] });
  });

  it("suggests the nearest key for a misspelt one, also inside nested objects and arrays", () => {
    expect(issuesOf({ temprature: 2 })).toEqual([
      { path: "temprature", message: 'unknown key "temprature"; did you mean "temperature"?' },
    ]);
    expect(issuesOf({ backbone: { hiden: 2 } })[0]).toEqual({
      path: "backbone.hiden",
      message: 'unknown key "hiden"; did you mean "hidden"?',
    });
    expect(issuesOf({ heads: [{ rank: 1, rnk: 2 }] })[0]?.path).toBe("heads.0.rnk");
  });

  it("lists the known keys when none is near", () => {
    expect(issuesOf({ zzzzzzzz: 1 })[0]?.message).toContain("known keys: temperature, backbone, heads");
  });

  it("reports every wrong field at once", () => {
    expect(issuesOf({ temperature: -1, backbone: { hidden: 1.5 } }).map((issue) => issue.path)).toEqual([
      "temperature",
      "backbone.hidden",
    ]);
  });
});

describe("closestName", () => {
  it("finds the nearest and refuses the far", () => {
    expect(closestName("evalaute", ["train", "evaluate"])).toBe("evaluate");
    expect(closestName("xyz", ["train", "evaluate"])).toBeUndefined();
    expect(closestName("a", [])).toBeUndefined();
  });
});
