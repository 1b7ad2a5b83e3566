import type { LoraTarget } from "@haps/spec";

/**
 * How messages name a weight matrix, such as `layer 3 o`.
 *
 * @example
 * ```ts
 * console.assert(loraTargetName({ layer: 3, projection: "o", in: 8, out: 8, rank: 2 }) === "layer 3 o");
 * ```
 */
export function loraTargetName(target: LoraTarget): string {
  return `layer ${target.layer} ${target.projection}`;
}
