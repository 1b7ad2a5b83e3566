import { LORA_PROJECTIONS } from "@haps/spec";
import { z } from "zod";

const size = z.int().positive();

const loraTargetSchema = z.strictObject({
  /** Decoder layer, 0 is the first. */
  layer: z.int().min(0),
  projection: z.enum(LORA_PROJECTIONS),
  in: size,
  out: size,
  rank: size,
});

/** Schema of {@link LoraGeneratorConfig}. */
export const loraGeneratorSchema = z.strictObject({
  /** Length of the hidden states that the generator reads. */
  hiddenDimension: size,
  /** Which weights are generated, and the factor α of every update. */
  space: z.strictObject({ targets: z.array(loraTargetSchema).min(1).readonly(), scale: z.number() }),
  /** Linear layers with ReLU before the heads. Default 2: the HAPS paper, section 4.1. */
  trunkLayers: size.default(2),
  /** Width of the trunk. Default 256: the HAPS paper, section 4.1. */
  trunkWidth: size.default(256),
  /**
   * `xavier`: both heads start like the trunk, so that the first weights already change the model; the released code.
   * `zeroUp`: the head of `up` starts at 0, so that every update starts at 0 as in LoRA (Hu et al. 2021, section 4.1); the hidden
   * state then gets no gradient before the first step of the heads. Default `xavier`.
   */
  headInit: z.enum(["xavier", "zeroUp"]).default("xavier"),
  /**
   * `sameForAllTargets`: one pair of heads, whose factors every target gets; the released code. Needs targets of one shape and rank.
   * `perTarget`: a pair of heads for each target. Default `sameForAllTargets`.
   */
  sharing: z.enum(["sameForAllTargets", "perTarget"]).default("sameForAllTargets"),
});

/** What a caller writes. */
export interface LoraGeneratorConfig extends z.input<typeof loraGeneratorSchema> {}
/** What the code reads: every default filled in. */
export interface ResolvedLoraGeneratorConfig extends z.output<typeof loraGeneratorSchema> {}
