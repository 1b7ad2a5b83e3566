import type { LoraFactors, LoraWeights } from "@haps/spec";

/**
 * Factors of twice the rank whose update is 0, and whose gradients are those of `lora` where W + ΔW is the kernel.
 *
 * `down' = (down; 0)`, `up' = (0, up)`: `up' · down' = 0`, the slope of the first half of `up'` is that of `up`, and of the second half
 * of `down'` that of `down`.
 */
export function splitFactors(lora: LoraWeights): LoraWeights {
  return {
    ...lora,
    targets: lora.targets.map(({ target, down, up }): LoraFactors => {
      const { rank, out } = target;
      const wide = new Float32Array(2 * up.length);
      for (let row = 0; row < out; row += 1) {
        wide.set(up.subarray(row * rank, (row + 1) * rank), (2 * row + 1) * rank);
      }
      const tall = new Float32Array(2 * down.length);
      tall.set(down);
      return { target: { ...target, rank: 2 * rank }, down: tall, up: wide };
    }),
  };
}

/** The gradients of `lora` from those of its {@link splitFactors}. */
export function factorsFromSplit(slopes: LoraWeights, lora: LoraWeights): LoraWeights {
  return {
    ...lora,
    targets: lora.targets.map(({ target, down, up }, index): LoraFactors => {
      const { rank, out } = target;
      const wide = slopes.targets[index]?.up ?? new Float32Array(0);
      const own = new Float32Array(up.length);
      for (let row = 0; row < out; row += 1) {
        own.set(wide.subarray(2 * row * rank, (2 * row + 1) * rank), row * rank);
      }
      const tall = slopes.targets[index]?.down ?? new Float32Array(0);
      return { target, down: tall.slice(down.length), up: own };
    }),
  };
}
