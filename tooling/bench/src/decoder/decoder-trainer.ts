import type { DecoderBatch } from "./decoder-sizes.ts";

/** A decoder that can be trained step by step. */
export interface DecoderTrainer {
  /** Number of trained numbers. */
  readonly parameters: number;
  /** Forward, loss, gradients, clipping, update; returns the loss before the update, in nats per token. */
  step(batch: DecoderBatch): number;
  dispose(): void;
}
