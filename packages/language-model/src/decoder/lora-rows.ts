import type { LoraTensors } from "@haps/tensor";

/** LoRA weights of packed rows: every row belongs to one sample of the factors, or to none. */
export interface LoraRows {
  readonly factors: LoraTensors;
  /** Sample of each row, -1 for none: such a row goes through the base weights alone, bit for bit. */
  readonly sampleOf: ArrayLike<number>;
}
