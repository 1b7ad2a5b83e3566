import { describe, expect, it } from "vitest";
import { armLabels } from "../src/report/arm-labels.ts";
import { reproduceCommand } from "../src/report/reproduce-command.ts";
import { reportFixture } from "./report-fixture.ts";

describe("reproduceCommand", () => {
  it("names the experiment, folds, seeds, fitted methods and permutations", () => {
    expect(reproduceCommand(reportFixture())).toBe(
      "npm run -s haps -- evaluate made-up --folds 5 --seeds 5 --methods haps,haps-operating-point,task-table,flat,knn,ridge,mlp,haps-no-low-level,haps-random-high-level --permute 40",
    );
  });

  it("names the file of people's own outcomes, quoted where a shell would read it otherwise", () => {
    const { experiment } = reportFixture();
    const own = (file: string) =>
      reproduceCommand(
        reportFixture({ experiment: { ...experiment, title: `Outcomes of ${file}` }, permutation: null }),
      );
    expect(own("mine.jsonl")).toContain("evaluate --outcomes mine.jsonl --folds");
    expect(own("it's $(rm).csv")).toContain(`evaluate --outcomes 'it'\\''s $(rm).csv' --folds`);
    expect(own("mine.jsonl")).not.toContain("--permute");
  });
});

describe("armLabels", () => {
  const labelled = (...labels: readonly string[]) => armLabels(labels.map((label) => ({ label })));

  it("takes out what all arms share", () => {
    expect(labelled("gpt · prompt=a", "gpt · prompt=b")).toEqual({ common: "gpt", labels: ["prompt=a", "prompt=b"] });
    expect(labelled("x · p=1", "y · p=1")).toEqual({ common: "p=1", labels: ["x", "y"] });
    expect(labelled("x", "y · p=1")).toEqual({ common: "", labels: ["x", "y · p=1"] });
  });

  it("keeps labels that would be left empty", () => {
    expect(labelled("gpt")).toEqual({ common: "", labels: ["gpt"] });
    expect(labelled("gpt", "gpt · p=1")).toEqual({ common: "", labels: ["gpt", "gpt · p=1"] });
  });
});
