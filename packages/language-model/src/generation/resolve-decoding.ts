import { type Decoding, parseConfig } from "@haps/spec";
import { z } from "zod";

/** Schema of `Decoding` of `@haps/spec`. */
export const decodingSchema = z.strictObject({
  /** Divides the logits; 0 is greedy. Default 0. */
  temperature: z.number().min(0, "is negative; give 0 to decode greedily, or a positive number to sample").default(0),
  /** Sample among the k likeliest tokens only. Default: all. */
  topK: z.int().min(1, "keeps no token; give at least 1, or leave it out to keep all").optional(),
  /** Sample among the likeliest tokens that have this much of the probability. Default 1: all. */
  topP: z
    .number()
    .gt(0, "keeps no token; give a number in (0, 1], 1 keeps all")
    .max(1, "is more than all the probability; give a number in (0, 1], 1 keeps all")
    .default(1),
  /** Whether the token that crosses `topP` is kept. Default `standard`: it is. */
  nucleus: z.enum(["standard", "released"]).default("standard"),
  /** Most tokens to generate. */
  maxTokens: z.int().min(1, "leaves nothing to generate; give at least 1"),
  /** Texts that end the reply. Default none. */
  stop: z.array(z.string().min(1, "an empty text would stop at once; leave it out")).readonly().default([]),
});

/** How the next token is chosen; every default filled in, checked. */
export interface ResolvedDecoding extends z.output<typeof decodingSchema> {}

/**
 * Fills in the defaults of a decoding and checks it.
 *
 * @throws ConfigError naming every field that is wrong.
 *
 * @example
 * ```ts
 * const decoding = resolveDecoding({ maxTokens: 16, temperature: 0.7 });
 * console.assert(decoding.topP === 1 && decoding.nucleus === "standard" && decoding.stop.length === 0);
 * ```
 */
export function resolveDecoding(decoding: Decoding): ResolvedDecoding {
  return parseConfig("decoding", decodingSchema, decoding);
}
