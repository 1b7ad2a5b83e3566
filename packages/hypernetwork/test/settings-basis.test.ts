import { type SettingsBasis, type SettingsBasisOptions, settingsBasis } from "@haps/hypernetwork";
import type { Dimension, Settings } from "@haps/spec";
import { expectClose } from "@haps/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const PROMPT: Dimension = { kind: "categorical", values: ["short", "long"] };
const TEMPERATURE: Dimension = { kind: "ordinal", values: [0, 0.2, 0.7, 1] };

function basis(options: Partial<SettingsBasisOptions> & Pick<SettingsBasisOptions, "dimensions" | "settings">) {
  return settingsBasis({ ordinalDegree: 3, interactionScale: 0.3, ...options });
}

function rows(made: SettingsBasis): number[][] {
  const width = made.columns.length;
  return Array.from({ length: made.values.length / width }, (_, row) => [
    ...made.values.subarray(row * width, (row + 1) * width),
  ]);
}

const product = (dimensions: Readonly<Record<string, Dimension>>): Settings[] =>
  Object.entries(dimensions).reduce<Settings[]>(
    (partial, [name, { values }]) => partial.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );

describe("settingsBasis", () => {
  it("describes a setting by its values, a polynomial in the rank, and an indicator of its own", () => {
    const settings = [
      { prompt: "long", temperature: 0 },
      { temperature: 0.7, prompt: "short" },
    ];
    const made = basis({ dimensions: { prompt: PROMPT, temperature: TEMPERATURE }, settings, ordinalDegree: 2 });
    expect(made.columns).toEqual([
      "prompt=short",
      "prompt=long",
      "temperature^1",
      "temperature^2",
      "setting 0",
      "setting 1",
    ]);
    const x = 1 / 3; // rank 2 of 0..3 on [-1, 1]
    expectClose(rows(made).flat(), [0, 1, -1, 1, 0.3, 0, 1, 0, x, (3 * x * x - 1) / 2, 0, 0.3], { atol: 1e-7 });
  });

  it("takes no more degrees than the values can tell apart", () => {
    const degrees = (values: number[]): number => {
      const dimensions = { t: { kind: "ordinal", values } } as const;
      const made = basis({ dimensions, settings: product(dimensions), ordinalDegree: 3, interactionScale: 0 });
      return made.columns.length;
    };
    expect([[1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4, 5]].map(degrees)).toEqual([1, 1, 2, 3, 3]);
  });

  it("gives a dimension with one value nothing to say", () => {
    const dimensions = { t: { kind: "ordinal", values: [0.5] } } as const;
    expect(rows(basis({ dimensions, settings: [{ t: 0.5 }], interactionScale: 0 }))).toEqual([[0]]);
  });

  it("leaves the indicators of settings out where they would say the same twice, or are switched off", () => {
    const settings = [{ prompt: "short" }, { prompt: "long" }];
    const alone = basis({ dimensions: { prompt: PROMPT }, settings });
    expect(rows(alone)).toEqual([
      [1, 0],
      [0, 1],
    ]);
    const dimensions = { prompt: PROMPT, temperature: TEMPERATURE };
    const shared = basis({ dimensions, settings: product(dimensions), interactionScale: 0 });
    expect(shared.columns.some((name) => name.startsWith("setting"))).toBe(false);
  });

  it("makes neighbours on an ordinal dimension more alike than distant values", () => {
    const dimensions: Record<string, Dimension> = {
      t: { kind: "ordinal", values: Array.from({ length: 11 }, (_, index) => index / 10) },
    };
    const all = rows(basis({ dimensions, settings: product(dimensions), interactionScale: 0 }));
    const alike = (a: number, b: number): number => {
      const dot = (i: number, j: number): number =>
        (all[i] as number[]).reduce((sum, value, at) => sum + value * (all[j]?.[at] as number), 0);
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    };
    for (let rank = 0; rank < 10; rank += 1) {
      expect(alike(rank, rank + 1)).toBeGreaterThan(0.5);
      for (let other = 0; other < 11; other += 1) {
        if (Math.abs(other - rank) >= 4) expect(alike(rank, rank + 1)).toBeGreaterThan(alike(rank, other));
      }
    }
  });

  it("tells any two settings apart", () => {
    const dimension = fc.oneof(
      fc
        .uniqueArray(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 4 })
        .map((values): Dimension => ({ kind: "categorical", values })),
      fc
        .uniqueArray(fc.integer(), { minLength: 1, maxLength: 4 })
        .map((values): Dimension => ({ kind: "ordinal", values })),
    );
    fc.assert(
      fc.property(fc.array(dimension, { minLength: 1, maxLength: 3 }), (list) => {
        const dimensions = Object.fromEntries(list.map((one, index) => [`d${index}`, one]));
        const settings = product(dimensions);
        const made = rows(basis({ dimensions, settings }));
        expect(new Set(made.map(String)).size).toBe(settings.length);
        expect(made.flat().every((value) => Math.abs(value) <= 1)).toBe(true);
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  it.each<[string, Settings, string]>([
    ["a value that the dimension does not know", { prompt: "medium" }, '"medium" is unknown to the dimension "prompt"'],
    ["a missing dimension", {}, "undefined is unknown"],
  ])("refuses %s", (_case, setting, text) => {
    expect(() => basis({ dimensions: { prompt: PROMPT }, settings: [setting] })).toThrow(
      expect.objectContaining({ code: "data", message: expect.stringContaining(text) as unknown }),
    );
  });

  it("does not take a missing value for an empty one", () => {
    const dimensions = { system: { kind: "categorical", values: ["", "Be brief."] } } as const;
    expect(rows(basis({ dimensions, settings: [{ system: "" }] }))).toEqual([[1, 0]]);
    expect(() => basis({ dimensions, settings: [{}] })).toThrow(expect.objectContaining({ code: "data" }));
  });
});
