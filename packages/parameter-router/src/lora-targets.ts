import type { Candidate, LoraTarget, Pool } from "@haps/spec";

/**
 * The weight matrices that generated LoRA may be added to: none for closed weights, whatever their space says.
 *
 * Source: `o_z ⊙ w_z`, Eq. 6 of the HAPS paper.
 */
export function loraTargets(candidate: Candidate): readonly LoraTarget[] {
  return candidate.weights === "open" ? (candidate.parameters.lora?.targets ?? []) : [];
}

/** o of Eq. 6 over a pool: 1 for open weights, 0 for closed ones, in pool order. */
export function openWeightsMask(pool: Pool): readonly (0 | 1)[] {
  return pool.candidates.map((candidate) => (candidate.weights === "open" ? 1 : 0));
}
