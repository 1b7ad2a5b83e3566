import type { CandidateId } from "./task.ts";

/** One thing that may vary: named values without order, or numbers whose order carries meaning. */
export type Dimension =
  | { readonly kind: "categorical"; readonly values: readonly string[] }
  | { readonly kind: "ordinal"; readonly values: readonly number[] };

/** Projections of a decoder layer, in the order of computation. */
export const LORA_PROJECTIONS = ["q", "k", "v", "o", "gate", "up", "down"] as const;

/** One weight matrix that generated LoRA factors are added to. */
export interface LoraTarget {
  /** Decoder layer, 0 is the first. */
  readonly layer: number;
  readonly projection: (typeof LORA_PROJECTIONS)[number];
  readonly in: number;
  readonly out: number;
  readonly rank: number;
}

/** Which LoRA weights may be generated for an open-weight candidate. */
export interface LoraSpace {
  readonly targets: readonly LoraTarget[];
  readonly scale: number;
}

/** What may vary for a candidate. Closed weights have no `lora` (o_z = 0 in Eq. 6 of the paper). */
export interface ParameterSpace {
  /** Dimension name to its values; the space is their product. Absent or empty: nothing varies. */
  readonly settings?: Readonly<Record<string, Dimension>>;
  /**
   * The settings that exist, when they are fewer than the product of the dimensions.
   * Each must use known values of every dimension.
   */
  readonly only?: readonly Settings[];
  readonly lora?: LoraSpace;
}

/** One value of each dimension of a parameter space. */
export type Settings = Readonly<Record<string, string | number>>;

/** An amount of money. */
export interface Money {
  readonly amount: number;
  /** ISO 4217 code, or a unit of the table's own such as `tokens`. */
  readonly currency: string;
}

/** Price of a candidate; cost is recomputed from tokens. */
export interface Price {
  readonly inputPerMillionTokens: number;
  readonly outputPerMillionTokens: number;
  readonly currency: string;
  /** ISO 8601 date on which the price held. */
  readonly date: string;
}

/** One LLM of the pool. */
export interface Candidate {
  readonly id: CandidateId;
  readonly weights: "open" | "closed";
  readonly parameters: ParameterSpace;
  readonly price?: Price;
}

/** The candidates that a router may choose from, in a fixed order. */
export interface Pool {
  readonly candidates: readonly Candidate[];
}
