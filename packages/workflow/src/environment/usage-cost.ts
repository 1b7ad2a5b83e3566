import type { CandidateId, Money, Price, RoleId, RoleUsage } from "@haps/spec";

/**
 * What the tokens of all roles cost: `Σ (input · input price + output · output price) / 10^6`.
 *
 * @param prices - All in one currency.
 * @returns `undefined` where a role's candidate has no price.
 *
 * @example
 * ```ts
 * const price = { inputPerMillionTokens: 1, outputPerMillionTokens: 2, currency: "EUR", date: "2026-01-01" };
 * const perRole = { answerer: { candidate: "tiny", calls: 1, inputTokens: 1000, outputTokens: 500 } };
 * console.assert(usageCost(perRole, new Map([["tiny", price]]))?.amount === 0.002);
 * console.assert(usageCost(perRole, new Map()) === undefined);
 * ```
 */
export function usageCost(
  perRole: Readonly<Record<RoleId, RoleUsage>>,
  prices: ReadonlyMap<CandidateId, Price>,
): Money | undefined {
  let perMillion = 0;
  let currency: string | undefined;
  for (const { candidate, inputTokens, outputTokens } of Object.values(perRole)) {
    const price = prices.get(candidate);
    if (price === undefined) return undefined;
    perMillion += inputTokens * price.inputPerMillionTokens + outputTokens * price.outputPerMillionTokens;
    currency = price.currency;
  }
  return currency === undefined ? undefined : { amount: perMillion / 1e6, currency };
}
