import type { Candidate, LoraTarget, Pool } from "@haps/spec";

/**
 * The weight matrices that generated LoRA may be added to: none for closed weights, whatever their space says.
 *
 * Source: `o_z ⊙ w_z`, Eq. 6 of the HAPS paper.
 *
 * @example
 * ```ts
 * const target = { layer: 0, projection: "o", in: 64, out: 64, rank: 4 } as const;
 * const parameters = { lora: { targets: [target], scale: 1 } };
 * console.assert(loraTargets({ id: "own", weights: "open", parameters }).length === 1);
 * console.assert(loraTargets({ id: "api", weights: "closed", parameters }).length === 0);
 * ```
 */
export function loraTargets(candidate: Candidate): readonly LoraTarget[] {
  return candidate.weights === "open" ? (candidate.parameters.lora?.targets ?? []) : [];
}

/**
 * o of Eq. 6 over a pool: 1 for open weights, 0 for closed ones, in pool order.
 *
 * @example
 * ```ts
 * const parameters = {};
 * const own = { id: "own", weights: "open", parameters } as const;
 * const api = { id: "api", weights: "closed", parameters } as const;
 * console.assert(openWeightsMask({ candidates: [own, api] }).join() === "1,0");
 * ```
 */
export function openWeightsMask(pool: Pool): readonly (0 | 1)[] {
  return pool.candidates.map((candidate) => (candidate.weights === "open" ? 1 : 0));
}
