import type { LoraTarget } from "@haps/spec";
import type { ModelConfig } from "../model/model-config.ts";

/** Where the part of a model begins that LoRA weights change: everything before it is the same whatever their values. */
export interface TailCut {
  /** First layer with a target. */
  readonly layer: number;
  /**
   * What of this layer they leave alone: its whole `attention` (no target among q, k and v), in the last layer its `keys` and
   * values (q, but neither k nor v), or `nothing`.
   */
  readonly fixed: "attention" | "keys" | "nothing";
}

/**
 * Finds the cut that spares most.
 *
 * @param targets - Of the LoRA weights; without any the cut lies behind the last attention.
 *
 * @example
 * ```ts
 * const shape = { family: "llama", vocabulary: 8, dim: 8, layers: 4, heads: 2, hidden: 8, context: 16 } as const;
 * const o = { layer: 3, projection: "o", in: 8, out: 8, rank: 2 } as const;
 * const cut = tailCutOf([o], resolveModelConfig(shape));
 * console.assert(cut.layer === 3 && cut.fixed === "attention");
 * ```
 */
export function tailCutOf(targets: readonly Pick<LoraTarget, "layer" | "projection">[], config: ModelConfig): TailCut {
  const last = config.layers - 1;
  const layer = targets.reduce((first, target) => Math.min(first, target.layer), last);
  const changed = new Set(targets.filter((target) => target.layer === layer).map(({ projection }) => projection));
  if (changed.has("k") || changed.has("v")) return { layer, fixed: "nothing" };
  if (!changed.has("q")) return { layer, fixed: "attention" };
  return { layer, fixed: layer === last ? "keys" : "nothing" };
}

/**
 * Whether rows go through the tail one by one: the last layer alone is changed, and none of its keys and values. Then the rows
 * that predict the completion suffice, and they may go in parts.
 */
export function hasSeparateRows({ layer, fixed }: TailCut, config: ModelConfig): boolean {
  return layer === config.layers - 1 && fixed !== "nothing";
}
