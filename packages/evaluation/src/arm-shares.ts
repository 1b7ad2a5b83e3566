import type { MethodOutcomes } from "./index-records.ts";

/** Where one method sends the questions. */
export interface ArmShares {
  readonly method: string;
  /** `[arms]`, in the order of the table; sums to 1 less the share of choices that the table does not have. */
  readonly shares: readonly number[];
}

/**
 * Share of the questions that each method sends to each arm, averaged over seeds.
 *
 * `share[m, a] = (1 / seeds) sum_s #{q : m chooses a for q in s} / questions`
 *
 * @returns One entry per method, in order; mixtures count in fractions.
 */
export function armShares(methods: readonly MethodOutcomes[]): ArmShares[] {
  return methods.map(({ name, perSeed }) => {
    const arms = perSeed[0]?.frequencies.length ?? 0;
    const shares = Array.from({ length: arms }, (_, arm) => {
      const perQuestion = perSeed.map(({ frequencies, score }) => (frequencies[arm] as number) / score.length);
      return perQuestion.reduce((sum, share) => sum + share, 0) / perSeed.length;
    });
    return { method: name, shares };
  });
}
