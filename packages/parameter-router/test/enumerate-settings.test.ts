import { enumerateSettings, SETTINGS_LIMIT } from "@haps/parameter-router";
import type { Dimension, ParameterSpace } from "@haps/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PROMPT, TEMPERATURE } from "./stand-ins.ts";

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("enumerateSettings", () => {
  it("lists the product, the first dimension slowest", () => {
    expect(enumerateSettings({ settings: { prompt: PROMPT, temperature: TEMPERATURE } })).toEqual([
      { prompt: "short", temperature: 0 },
      { prompt: "short", temperature: 0.5 },
      { prompt: "short", temperature: 1 },
      { prompt: "long", temperature: 0 },
      { prompt: "long", temperature: 0.5 },
      { prompt: "long", temperature: 1 },
    ]);
  });

  it("lists nothing where nothing varies", () => {
    expect(enumerateSettings({})).toEqual([]);
    expect(enumerateSettings({ settings: {} })).toEqual([]);
  });

  it("lists each member of the product once", () => {
    const dimension = fc.oneof(
      fc
        .uniqueArray(fc.string(), { minLength: 1, maxLength: 5 })
        .map((values): Dimension => ({ kind: "categorical", values })),
      fc
        .uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), {
          minLength: 1,
          maxLength: 5,
          comparator: "IsStrictlyEqual",
        })
        .map((values): Dimension => ({ kind: "ordinal", values })),
    );
    fc.assert(
      fc.property(fc.array(dimension, { minLength: 1, maxLength: 4 }), (list) => {
        const settings = Object.fromEntries(list.map((one, index) => [`d${index}`, one]));
        const all = enumerateSettings({ settings });
        expect(all).toHaveLength(list.reduce((product, { values }) => product * values.length, 1));
        expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(all.length);
        for (const one of all) expect(Object.keys(one)).toEqual(Object.keys(settings));
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  it("lists `only` in its own order, keys in the order of the dimensions", () => {
    const all = enumerateSettings({
      settings: { prompt: PROMPT, temperature: TEMPERATURE },
      only: [
        { temperature: 1, prompt: "long" },
        { prompt: "short", temperature: 0 },
      ],
    });
    expect(JSON.stringify(all)).toBe('[{"prompt":"long","temperature":1},{"prompt":"short","temperature":0}]');
  });

  it("takes as many settings as its limit and not one more", () => {
    expect(SETTINGS_LIMIT).toBe(4096);
    const square = (side: number): ParameterSpace => ({
      settings: { a: { kind: "ordinal", values: range(64) }, b: { kind: "ordinal", values: range(side) } },
    });
    expect(enumerateSettings(square(64))).toHaveLength(4096);
    expect(() => enumerateSettings(square(65))).toThrow(
      "settings: 4160 settings; expected at most 4096; thin out a dimension or list `only`",
    );
    const long = { a: { kind: "ordinal", values: range(5000) } } as const;
    expect(() => enumerateSettings({ settings: long, only: range(4097).map((a) => ({ a })) })).toThrow("only: 4097");
  });

  it.each<[string, ParameterSpace]>([
    ["settings.prompt.values: there are none", { settings: { prompt: { kind: "categorical", values: [] } } }],
    ["settings.t.values: got NaN", { settings: { t: { kind: "ordinal", values: [0, Number.NaN] } } }],
    ["settings.t.values: got Infinity", { settings: { t: { kind: "ordinal", values: [Number.POSITIVE_INFINITY] } } }],
    ["settings.t.values: 1 comes twice", { settings: { t: { kind: "ordinal", values: [1, 0, 1] } } }],
    ["settings.t.values: 0 comes twice", { settings: { t: { kind: "ordinal", values: [0, -0] } } }],
    ['settings.p.values: "a" comes twice', { settings: { p: { kind: "categorical", values: ["a", "a"] } } }],
    ["only: the space has no dimensions", { only: [{ prompt: "short" }] }],
    ["only: it is empty", { settings: { prompt: PROMPT }, only: [] }],
    [
      'only.1: {"prompt":"short"} comes twice',
      { settings: { prompt: PROMPT }, only: [{ prompt: "short" }, { prompt: "short" }] },
    ],
    [
      'only.0.promt: unknown dimension; did you mean "prompt"?',
      { settings: { prompt: PROMPT }, only: [{ promt: "short" }] },
    ],
    ["only.0.prompt: got no value", { settings: { prompt: PROMPT }, only: [{}] }],
    [
      'only.0.prompt: got "x"; expected one of ["short","long"]',
      { settings: { prompt: PROMPT }, only: [{ prompt: "x" }] },
    ],
  ])("refuses: %s", (text, space) => {
    expect(() => enumerateSettings(space)).toThrow(
      expect.objectContaining({ code: "config", message: expect.stringContaining(text) as unknown }),
    );
  });
});
