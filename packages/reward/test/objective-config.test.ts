import {
  assertObjectiveFits,
  type ObjectiveConfig,
  objectivePresets,
  resolveObjective,
  warmUpSchema,
} from "@haps/reward";
import { describe, expect, it } from "vitest";

const failing = (text: string): Error =>
  expect.objectContaining({ code: "config", message: expect.stringContaining(text) as unknown }) as Error;

describe("resolveObjective", () => {
  it("fills in the defaults: exact sums, no baseline, soft warm-up", () => {
    expect(resolveObjective({})).toEqual({
      assignmentGradient: "expected",
      parameterGradient: "likelihood",
      baseline: { kind: "none" },
      entropyWeight: 0,
      reduction: "mean",
      shaping: "identity",
      qualityWeight: 1,
      costScale: "bestArm",
      importanceClip: 10,
      warmUp: { kind: "soft", temperature: 0.1 },
    });
  });

  it("knows the authors' algorithm by name: no gradient for z, zeros become -1, sums, all ties", () => {
    expect(resolveObjective(objectivePresets.released)).toMatchObject({
      assignmentGradient: "none",
      parameterGradient: "likelihood",
      baseline: { kind: "none" },
      entropyWeight: 0,
      reduction: "sum",
      shaping: "zeroIsMinusOne",
      costScale: "minMax",
      warmUp: { kind: "hard", tiePolicy: "all", minimumReward: 1e-6 },
    });
  });

  it("knows the paper's objective by name: Eq. 5 on sampled arms", () => {
    expect(resolveObjective(objectivePresets.paper)).toMatchObject({
      assignmentGradient: "reinforce",
      parameterGradient: "likelihood",
      baseline: { kind: "none" },
      entropyWeight: 0,
      shaping: "identity",
      costScale: "minMax",
    });
  });

  it("resolves to plain data that resolves to itself", () => {
    for (const config of [{}, objectivePresets.released, objectivePresets.paper]) {
      const resolved = resolveObjective(config);
      expect(resolveObjective(JSON.parse(JSON.stringify(resolved)) as ObjectiveConfig)).toEqual(resolved);
    }
  });

  it.each<[string, object]>([
    ["baseline: the exact sum needs no baseline", { baseline: { kind: "leaveOneOut" } }],
    ['did you mean "entropyWeight"?', { entropyWieght: 0.1 }],
    ["entropyWeight", { entropyWeight: -1 }],
    ["importanceClip", { importanceClip: 0 }],
    ["qualityWeight", { qualityWeight: Number.NaN }],
    ["warmUp.temperature", { warmUp: { kind: "soft", temperature: 0 } }],
    ["assignmentGradient", { assignmentGradient: "exact" }],
  ])("refuses: %s", (text, config) => {
    expect(() => resolveObjective(config)).toThrow(failing(text));
  });

  it("takes the gradient of tokens, which live training reads", () => {
    expect(resolveObjective({ parameterGradient: "tokenLikelihood" }).parameterGradient).toBe("tokenLikelihood");
  });

  it("names every problem at once", () => {
    const config = { entropyWeight: -1, importanceClip: 0 };
    expect(() => resolveObjective(config)).toThrow(failing("entropyWeight"));
    expect(() => resolveObjective(config)).toThrow(failing("importanceClip"));
  });
});

describe("warmUpSchema", () => {
  it("has the authors' values as defaults of hard targets", () => {
    expect(warmUpSchema.parse({ kind: "hard" })).toEqual({ kind: "hard", tiePolicy: "all", minimumReward: 1e-6 });
    expect(warmUpSchema.parse({ kind: "soft" })).toEqual({ kind: "soft", temperature: 0.1 });
    expect(warmUpSchema.parse({ kind: "none" })).toEqual({ kind: "none" });
  });
});

describe("assertObjectiveFits", () => {
  it("refuses an exact sum over a log of chosen arms, and nothing else", () => {
    const propensity = [0.5];
    expect(() => assertObjectiveFits({ assignmentGradient: "expected" }, { propensity })).toThrow(
      failing('expected "reinforce"'),
    );
    expect(() => assertObjectiveFits({ assignmentGradient: "reinforce" }, { propensity })).not.toThrow();
    expect(() => assertObjectiveFits({ assignmentGradient: "expected" }, {})).not.toThrow();
  });
});
