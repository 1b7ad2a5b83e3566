import {
  type AdamWConfig,
  clipByGlobalNorm,
  createAdamW,
  createSchedule,
  createSgd,
  createVariables,
  globalNorm,
  type NamedVariables,
  type Optimizer,
  readVariables,
  type ScheduleConfig,
  type SgdConfig,
} from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import { describe, expect, it } from "vitest";
import { namedArrays, type PackedArrays, readGolden } from "./support/golden.ts";

interface Trajectory {
  readonly name: string;
  readonly config: unknown;
  readonly start: PackedArrays;
  readonly gradients: readonly PackedArrays[];
  readonly steps: readonly PackedArrays[];
}

const makers: Readonly<Record<string, (variables: NamedVariables, config: unknown) => Optimizer>> = {
  "adam-w": (variables, config) => createAdamW(variables, config as AdamWConfig),
  sgd: (variables, config) => createSgd(variables, config as SgdConfig),
};

const toGradients = (packed: PackedArrays) =>
  new Map(namedArrays(packed).map(([name, { values }]) => [name, values] as const));

describeEachBackend("optimisers against PyTorch", () => {
  for (const [subject, make] of Object.entries(makers)) {
    const { cases } = readGolden(subject) as { readonly cases: readonly Trajectory[] };
    for (const { name, config, start, gradients, steps } of cases) {
      it(`follows ${subject} step by step: ${name}`, () => {
        const variables = createVariables(namedArrays(start));
        const optimizer = make(variables, config);
        gradients.forEach((gradient, index) => {
          optimizer.apply(toGradients(gradient));
          const values = readVariables(variables);
          for (const [key, expected] of Object.entries(steps[index] as PackedArrays)) {
            expectClose(values.get(key)?.values ?? [], expected.values, { rtol: 2e-6, atol: 1e-6 });
          }
        });
        expect(optimizer.step).toBe(gradients.length);
        variables.dispose();
      });
    }
  }
});

describe("createSchedule against PyTorch", () => {
  const { cases } = readGolden("schedule") as {
    readonly cases: readonly { readonly name: string; readonly config: ScheduleConfig; readonly rates: number[] }[];
  };
  it.each(cases)("gives the rates of: $name", ({ config, rates }) => {
    const schedule = createSchedule(config);
    expectClose(
      rates.map((_, step) => schedule(step)),
      rates,
      { rtol: 1e-8, atol: 1e-10 },
    );
  });
});

describe("clipByGlobalNorm against PyTorch", () => {
  interface Clipping {
    readonly name: string;
    readonly limit: number;
    readonly norm: number;
    readonly gradients: PackedArrays;
    readonly clipped: PackedArrays;
  }
  const { cases } = readGolden("clip-by-global-norm") as { readonly cases: readonly Clipping[] };
  it.each(cases)("scales by the joint norm: $name", ({ limit, norm, gradients, clipped }) => {
    const result = clipByGlobalNorm(toGradients(gradients), limit);
    expectClose(result.norm, norm, { rtol: 1e-8 });
    for (const [name, { values }] of Object.entries(clipped)) {
      // PyTorch divides by the norm plus 1e-6.
      expectClose(result.gradients.get(name) ?? [], values, { rtol: 2e-6, atol: 1e-7 });
    }
    expect(globalNorm(result.gradients)).toBeLessThanOrEqual(Math.min(norm, limit) * (1 + 1e-6));
  });
});
