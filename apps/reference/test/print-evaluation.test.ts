import { describe, expect, it } from "vitest";
import { gapsText } from "../src/evaluation/print-evaluation.ts";
import { reportFixture } from "./report-fixture.ts";

describe("gapsText", () => {
  const fixture = reportFixture();
  const choices = fixture.summary.questions * fixture.summary.seeds.length;
  const withGaps = (gaps: Readonly<Record<string, number>>) =>
    gapsText({
      ...fixture,
      summary: {
        ...fixture.summary,
        methods: fixture.summary.methods.map((method) => ({ ...method, notRecorded: gaps[method.name] ?? 0 })),
      },
    });

  it("names the methods whose choices were not all run, with their number and share", () => {
    const text = withGaps({ haps: choices / 4, knn: choices / 2 });
    expect(text).toContain(`of ${choices} choices each`);
    expect(text).toMatch(new RegExp(`: haps ${choices / 4} \\(25\\.0 %\\), knn ${choices / 2} \\(50\\.0 %\\)$`));
  });

  it("is empty where every choice was run", () => {
    expect(withGaps({})).toBe("");
  });
});
