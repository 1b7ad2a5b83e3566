import type { LoraTarget } from "./pool.ts";

/** Factors of the low-rank update of one weight matrix, row-major. */
export interface LoraFactors {
  readonly target: LoraTarget;
  /** `[rank, in]`; PEFT's `lora_A`, the paper's B. */
  readonly down: Float32Array;
  /** `[out, rank]`; PEFT's `lora_B`, the paper's A. */
  readonly up: Float32Array;
}

/**
 * LoRA weights as plain arrays, as they cross the border between a policy and an engine.
 *
 * `W' = W + scale · up · down` for each target.
 */
export interface LoraWeights {
  /** Names the weights in logs and adapters; equal ids mean equal weights. */
  readonly id: string;
  readonly targets: readonly LoraFactors[];
  /** Factor of every update, α in the paper; not divided by the rank. */
  readonly scale: number;
}
