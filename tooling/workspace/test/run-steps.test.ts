import { describe, expect, it } from "vitest";
import { chosenSteps } from "../src/run-check.ts";
import { runSteps } from "../src/run-steps.ts";
import type { Step, StepResult } from "../src/step.ts";

const passed: StepResult = { outcome: "passed", output: "" };
const clock = (): number => 0;

/** Steps that note when they begin and end; each takes a turn of the event loop. */
function recorded(steps: readonly (Omit<Step, "run"> & { readonly result?: StepResult })[]): {
  readonly events: string[];
  readonly steps: readonly Step[];
} {
  const events: string[] = [];
  const run = async (name: string, result: StepResult): Promise<StepResult> => {
    events.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    events.push(`${name} ends`);
    return result;
  };
  return {
    events,
    steps: steps.map(({ result = passed, ...step }) => ({ ...step, run: () => run(step.name, result) })),
  };
}

describe("runSteps", () => {
  it("runs independent steps together and those with needs after them", async () => {
    const { events, steps } = recorded([{ name: "a" }, { name: "b", needs: ["a"] }, { name: "c" }]);
    const finished = await runSteps(steps, { cores: 2, now: clock });
    expect(events.slice(0, 2)).toEqual(["a begins", "c begins"]);
    expect(events.indexOf("b begins")).toBeGreaterThan(events.indexOf("a ends"));
    expect(finished.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(["a passed", "b passed", "c passed"]);
  });

  it("gives a step that fills every core the machine for itself", async () => {
    const { events, steps } = recorded([{ name: "a" }, { name: "all", cores: 8 }, { name: "b" }]);
    await runSteps(steps, { cores: 2, now: clock });
    expect(events.slice(-2)).toEqual(["all begins", "all ends"]);
  });

  it("skips what needs a failed step, and what needs that in turn, and goes on with the rest", async () => {
    const { events, steps } = recorded([
      { name: "build", result: { outcome: "failed", output: "no" } },
      { name: "pack", needs: ["build"] },
      { name: "use", needs: ["pack"] },
      { name: "lint" },
    ]);
    const finished = await runSteps(steps, { cores: 1, now: clock });
    expect(finished.map(({ outcome, note }) => note ?? outcome)).toEqual([
      "failed",
      'needs "build"',
      'needs "pack"',
      "passed",
    ]);
    expect(events).not.toContain("pack begins");
  });

  it("takes a step that throws for a failed one and shows why", async () => {
    const step: Step = { name: "a", run: () => Promise.reject(new Error("broke here")) };
    const [finished] = await runSteps([step], { cores: 1, now: clock });
    expect(finished?.outcome).toBe("failed");
    expect(finished?.output).toContain("broke here");
  });

  it("refuses steps that wait for each other", async () => {
    const { steps } = recorded([
      { name: "a", needs: ["b"] },
      { name: "b", needs: ["a"] },
    ]);
    await expect(runSteps(steps, { cores: 2, now: clock })).rejects.toThrow(/wait for each other: a, b/);
  });

  it("reports steps as they end, with their seconds", async () => {
    let time = 0;
    const { steps } = recorded([{ name: "a" }, { name: "b" }]);
    const lines: string[] = [];
    const now = (): number => {
      time += 500;
      return time;
    };
    await runSteps(steps, { cores: 1, now, onEnd: ({ name, seconds }) => lines.push(`${name} ${seconds}`) });
    expect(lines).toEqual(["a 0.5", "b 0.5"]);
  });
});

describe("chosenSteps", () => {
  it("adds what the named steps need, in the listed order", () => {
    const { steps } = recorded([
      { name: "a" },
      { name: "b" },
      { name: "c", needs: ["a"] },
      { name: "d", needs: ["c"] },
    ]);
    expect(chosenSteps(steps, ["d"]).map(({ name }) => name)).toEqual(["a", "c", "d"]);
  });
});
