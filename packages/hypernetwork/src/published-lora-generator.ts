import { type LastLayerTargetsOptions, lastLayerTargets } from "./last-layer-targets.ts";
import type { LoraGeneratorConfig } from "./lora-generator-config.ts";

/** Shape of the model that gets the weights, and what the paper varies. */
export interface PublishedLoraGeneratorOptions
  extends Pick<LastLayerTargetsOptions, "layers" | "count" | "in" | "out"> {}

/** All of a generator but the hidden states that it reads. */
export interface LoraGeneratorPreset extends Required<Omit<LoraGeneratorConfig, "hiddenDimension">> {}

/**
 * The hypernetwork as published: a trunk of two layers of 256 with ReLU, one pair of Xavier heads, rank 8 and α = 0.01 on the
 * attention's output of the last `count` layers, each of which gets the same factors.
 *
 * @returns Options of {@link createLoraGenerator} but `hiddenDimension` and `rng`.
 * @throws ConfigError as {@link lastLayerTargets}.
 *
 * Source: the HAPS paper, section 4.1, and its released code. The released code needs `in = out`; here they may differ.
 *
 * @example
 * ```ts
 * const preset = publishedLoraGenerator({ layers: 2, in: 16, out: 16 });
 * const generator = createLoraGenerator({ ...preset, hiddenDimension: 8, rng: createRng(1) });
 * console.assert(generator.space.targets[0]?.layer === 1 && generator.space.scale === 0.01);
 * generator.variables.dispose();
 * ```
 */
export function publishedLoraGenerator(options: PublishedLoraGeneratorOptions): LoraGeneratorPreset {
  return {
    space: { targets: lastLayerTargets({ ...options, projections: ["o"], rank: 8 }), scale: 0.01 },
    trunkLayers: 2,
    trunkWidth: 256,
    headInit: "xavier",
    sharing: "sameForAllTargets",
  };
}
