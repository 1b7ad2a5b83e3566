import { createRandomSource, type MethodComparison, pairedBootstrap } from "@haps/evaluation";
import { describe, expect, it } from "vitest";
import { against, chains, simulated } from "./simulated-comparisons.ts";

describe("compareMethods on simulated data", () => {
  it("covers the true mean of clustered data as often as its level says, and rarely claims what is not there", () => {
    const random = createRandomSource(21);
    const trials = 300;
    let covered = 0;
    let claimed = 0;
    let asIfIndependent = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const differences = simulated(random, 0, 80, 5);
      const options = { resamples: 299, random: trial };
      const [got] = against([differences], chains(80, 5), options) as [MethodComparison];
      if (got.low <= 0 && 0 <= got.high) covered += 1;
      if (got.rejected) claimed += 1;
      if (trial % 3 === 0 && pairedBootstrap(differences, chains(400), { resamples: 100, random: trial }).low > 0) {
        asIfIndependent += 3;
      }
    }
    expect(covered / trials).toBeGreaterThan(0.92);
    expect(covered / trials).toBeLessThan(0.98);
    // 5%, with three standard errors of 300 trials.
    expect(claimed / trials).toBeGreaterThan(0.015);
    expect(claimed / trials).toBeLessThan(0.09);
    // Questions drawn one by one would claim a gain far more often than the 2.5% of their interval.
    expect(asIfIndependent / trials).toBeGreaterThan(0.09);
  });

  it("keeps all corrected lower bounds below the true effects, and claims no absent effect, as often as promised", () => {
    const random = createRandomSource(4);
    const truths = [0, 0.012, 0, 0.025];
    const trials = 300;
    let bonferroni = 0;
    let holm = 0;
    let falseClaims = 0;
    let power = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const shared = simulated(random, 0, 60, 2);
      const differences = truths.map((truth) => {
        const own = simulated(random, 0, 60, 2);
        return own.map((value, question) => truth + 0.6 * value + 0.4 * (shared[question] as number));
      });
      const got = against(differences, chains(60, 2), { resamples: 239, random: trial });
      if (got.every((one, index) => one.bonferroniLow <= (truths[index] as number))) bonferroni += 1;
      // A rejected comparison claims an effect above its bound, not only at it.
      const below = ({ rejected, holmLow }: MethodComparison, truth: number): boolean =>
        rejected ? (holmLow as number) < truth : (holmLow as number) <= truth;
      if (got.every((one, index) => below(one, truths[index] as number))) holm += 1;
      if (got[0]?.rejected || got[2]?.rejected) falseClaims += 1;
      if (got[3]?.rejected) power += 1;
    }
    // 95%, less three standard errors of 300 trials.
    expect(bonferroni / trials).toBeGreaterThan(0.912);
    expect(holm / trials).toBeGreaterThan(0.912);
    expect(falseClaims / trials).toBeLessThan(0.088);
    expect(power / trials).toBeGreaterThan(0.5);
  });
});
