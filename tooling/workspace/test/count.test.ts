import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FinishedStep } from "../src/step.ts";
import { countLine, countResults, stepLine } from "../src/summary.ts";
import { readTestCount } from "../src/test-count.ts";
import { fakeWorkspace } from "./fake-workspace.ts";

const step = (outcome: FinishedStep["outcome"], more: Partial<FinishedStep> = {}): FinishedStep => ({
  name: "step",
  outcome,
  output: "",
  seconds: 1,
  ...more,
});

describe("readTestCount", () => {
  const read = (testResults: object): unknown =>
    readTestCount(join(fakeWorkspace({ "report.json": { testResults } }), "report.json"));

  it("counts tests by their status", () => {
    const assertionResults = ["passed", "failed", "passed", "pending", "skipped", "todo"].map((status) => ({ status }));
    expect(read([{ status: "failed", assertionResults }])).toEqual({ passed: 2, failed: 1, skipped: 3 });
  });

  it("counts a file that does not load as one failure", () => {
    const passed = { status: "passed", assertionResults: [{ status: "passed" }] };
    expect(read([passed, { status: "failed", assertionResults: [] }])).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it("knows that there is no report", () => {
    expect(readTestCount(join(fakeWorkspace({}), "report.json"))).toBeUndefined();
  });
});

describe("countResults", () => {
  it("counts the tests of steps that run tests, and each other step as one", () => {
    const steps = [step("passed"), step("passed", { tests: { passed: 40, failed: 0, skipped: 3 } })];
    expect(countResults(steps)).toEqual({ passed: 41, failed: 0, skipped: 3 });
  });

  it("counts a failed step once: through its failed tests, or by itself when they all passed", () => {
    expect(countResults([step("failed")]).failed).toBe(1);
    expect(countResults([step("failed", { tests: { passed: 1, failed: 2, skipped: 0 } })])).toEqual({
      passed: 1,
      failed: 2,
      skipped: 0,
    });
    expect(countResults([step("failed", { tests: { passed: 9, failed: 0, skipped: 0 } })]).failed).toBe(1);
  });

  it("does not count what could not run for the failure of another step", () => {
    expect(countResults([step("skipped", { note: 'needs "build"' })])).toEqual({ passed: 0, failed: 0, skipped: 0 });
    expect(countResults([step("skipped", { note: "no Node package" })]).skipped).toBe(1);
  });
});

describe("the report", () => {
  it("ends in a plain count", () => {
    expect(countLine({ passed: 123, failed: 0, skipped: 7 })).toBe("123 passed, 0 failed");
  });

  it("aligns steps and shows what they covered", () => {
    expect(stepLine(step("passed", { name: "arrows", seconds: 0.25 }))).toBe("arrows           passed      0.3 s");
    expect(stepLine(step("failed", { name: "pack", seconds: 12, note: "3 problems" }))).toBe(
      "pack             failed     12.0 s   3 problems",
    );
  });
});
