import { enumerateSettings, validateSettings } from "@haps/parameter-router";
import type { ParameterSpace, Settings } from "@haps/spec";
import { describe, expect, it } from "vitest";
import { PROMPT, TEMPERATURE } from "./stand-ins.ts";

const space: ParameterSpace = { settings: { prompt: PROMPT, temperature: TEMPERATURE } };
const only: ParameterSpace = { ...space, only: [{ temperature: 0, prompt: "long" }] };

describe("validateSettings", () => {
  it("accepts exactly the settings that the space lists, in any order of keys", () => {
    for (const settings of enumerateSettings(space)) expect(() => validateSettings(space, settings)).not.toThrow();
    expect(() => validateSettings(space, { temperature: 1, prompt: "short" })).not.toThrow();
    expect(() => validateSettings(only, { prompt: "long", temperature: 0 })).not.toThrow();
    expect(() => validateSettings({}, {})).not.toThrow();
  });

  it.each<[string, ParameterSpace, Settings]>([
    ['temprature: unknown dimension; did you mean "temperature"?', space, { prompt: "long", temprature: 1 }],
    ["zzz: unknown dimension; known dimensions: prompt, temperature", space, { zzz: 1 }],
    ["prompt: unknown dimension; known dimensions: none", {}, { prompt: "long" }],
    ["temperature: got no value; expected one of [0,0.5,1]", space, { prompt: "long" }],
    ['temperature: got "1"; expected one of [0,0.5,1]', space, { prompt: "long", temperature: "1" }],
    ["temperature: got 0.4", space, { prompt: "long", temperature: 0.4 }],
    ["is not among the 1 settings that exist; see `only`", only, { prompt: "long", temperature: 1 }],
  ])("refuses: %s", (text, refusing, settings) => {
    expect(() => validateSettings(refusing, settings)).toThrow(
      expect.objectContaining({ code: "config", message: expect.stringContaining(text) as unknown }),
    );
  });
});
