import type { ModelConfig } from "../model/model-config.ts";

/**
 * Angle per position of each pair of a head, `[headDim / 2]`.
 *
 * `base^(-2i / headDim)`; with scaling, wavelengths above `originalContext / lowFrequencyFactor` are stretched by `factor`, those
 * below `originalContext / highFrequencyFactor` stay, those between are blended linearly in `originalContext / wavelength`.
 *
 * Source: Su et al., RoFormer (2021), section 3.3; scaling: Grattafiori et al., The Llama 3 Herd of Models (2024), as the
 * released configuration `rope_type: llama3` defines it.
 */
export function ropeFrequencies(config: ModelConfig): Float64Array {
  const { headDim, ropeBase, ropeScaling } = config;
  const plain = Float64Array.from({ length: headDim / 2 }, (_, pair) => ropeBase ** ((-2 * pair) / headDim));
  if (ropeScaling === undefined) return plain;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = ropeScaling;
  return plain.map((frequency) => {
    const turns = (originalContext * frequency) / (2 * Math.PI); // contexts per wavelength
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return frequency * (kept + (1 - kept) / factor);
  });
}
