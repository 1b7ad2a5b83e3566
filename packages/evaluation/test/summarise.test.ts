import { crossValidate, summarise } from "@haps/evaluation";
import { describe, expect, it } from "vitest";
import { foldsOf, ruleFactory, tableOf } from "./fixture.ts";

const rows = Array.from({ length: 40 }, (_, index) => ({
  id: `q${String(index).padStart(2, "0")}`,
  text: index % 2 === 0 ? "even" : "odd",
  scores: index % 2 === 0 ? [1, 0.2] : [0.4, 0.6],
  costs: [4, 1],
}));

describe("summarise", () => {
  it("gives the figures of the issue for routed and reference methods", async () => {
    const table = tableOf(rows);
    const seeds = [0, 1, 2].map((seed) => ({ seed, folds: foldsOf(table, 4, seed) }));
    const haps = ruleFactory("haps", ({ question }) => (question.text === "even" ? 0 : 1));
    const other = ruleFactory("always-b", () => 1);
    const records = await crossValidate({ table, seeds, factories: [haps, other] });
    const summary = summarise({ experiment: "fixture", table, seeds, records, bootstrap: { resamples: 500 } });
    expect(summary.methods.map((method) => method.name)).toEqual([
      "haps",
      "always-b",
      "best-single",
      "cheapest",
      "random",
      "oracle",
    ]);
    const [routed, second, single] = summary.methods;
    expect(routed?.score).toBeCloseTo(0.8, 12);
    expect(single?.score).toBeCloseTo(0.7, 12);
    expect(routed?.versusBestSingle?.difference).toBeCloseTo(0.1, 12);
    expect(routed?.costRatio).toBeCloseTo(2.5 / 4, 12);
    expect(second?.versusHaps?.difference).toBeCloseTo(-0.4, 12);
    expect(routed?.entropyNormalised).toBeCloseTo(1, 12);
    expect(routed?.oracleShare).toBeCloseTo(1, 12);
    expect(routed?.versusHaps).toEqual({ difference: 0, low: 0, high: 0 });
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });
});
