import type { LoraGeneratorConfig } from "./lora-generator-config.ts";
import { type AffineLayout, loraGeneratorLayout } from "./lora-generator-layout.ts";

/** How many trainable numbers a generator has. */
export interface LoraGeneratorSize {
  readonly trunk: number;
  readonly heads: number;
  readonly total: number;
}

/**
 * Counts the parameters of a generator without making it.
 *
 * A linear layer has `in · out + out`.
 *
 * @throws ConfigError as {@link createLoraGenerator}.
 *
 * @example
 * ```ts
 * const preset = publishedLoraGenerator({ layers: 32, in: 4096, out: 4096 });
 * const size = loraGeneratorSize({ ...preset, hiddenDimension: 2048 });
 * console.assert(size.trunk === 590_336 && size.heads === 16_842_752);
 * ```
 */
export function loraGeneratorSize(config: LoraGeneratorConfig): LoraGeneratorSize {
  const layout = loraGeneratorLayout("loraGeneratorSize", config);
  const count = (maps: readonly AffineLayout[]): number =>
    maps.reduce((sum, map) => sum + map.in * map.out + map.out, 0);
  const trunk = count(layout.trunk);
  const heads = count(layout.heads.flatMap(({ up, down }) => [up, down]));
  return { trunk, heads, total: trunk + heads };
}
