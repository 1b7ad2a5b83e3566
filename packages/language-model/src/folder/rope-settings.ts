import { DataError, quoteValue } from "@haps/spec";
import { z } from "zod";
import type { ModelConfigInput } from "../model/model-config.ts";

/** The object of `rope_scaling` or `rope_parameters`. */
export const ropeSchema = z.looseObject({
  rope_type: z.string().optional(),
  /** Older spelling of `rope_type`. */
  type: z.string().optional(),
  rope_theta: z.number().gt(1).optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: z.int().positive().optional(),
  partial_rotary_factor: z.number().optional(),
});

type RopeObject = z.output<typeof ropeSchema>;

/** The fields of `config.json` about rotary positions. */
export interface RopeFields {
  readonly rope_theta?: number | undefined;
  readonly rope_scaling?: RopeObject | null | undefined;
  readonly rope_parameters?: RopeObject | null | undefined;
  readonly partial_rotary_factor?: number | null | undefined;
  readonly max_position_embeddings: number;
}

const CHOOSE = "choose a model without it";
const STAY = "where the model's card allows it, remove the field and stay within the context of its training";

/** Kinds of scaling that transformers knows and that are not computed here. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ["linear", CHOOSE],
  ["longrope", CHOOSE],
  ["dynamic", STAY],
  ["yarn", STAY],
]);

/**
 * Base and scaling of rotary positions, from either spelling; `rope_scaling` wins, as in transformers.
 *
 * @throws DataError naming file and field for whatever else than plain or `llama3` frequencies.
 */
export function ropeSettings(file: RopeFields, name: string): Pick<ModelConfigInput, "ropeBase" | "ropeScaling"> {
  const field = Object.keys(file.rope_scaling ?? {}).length > 0 ? "rope_scaling" : "rope_parameters";
  const rope: RopeObject = file[field] ?? {};
  const rotated = rope.partial_rotary_factor ?? file.partial_rotary_factor ?? 1;
  if (rotated !== 1) {
    const place = rope.partial_rotary_factor === undefined ? "partial_rotary_factor" : `${field}.partial_rotary_factor`;
    throw new DataError({ file: name, field: place }, `is ${rotated}; expected 1`, "only whole heads are turned");
  }
  const base = rope.rope_theta ?? file.rope_theta;
  const ropeBase = base === undefined ? {} : { ropeBase: base };
  const type = rope.rope_type ?? rope.type ?? "default";
  if (type === "default") return ropeBase;
  if (type !== "llama3") {
    const problem = `is ${quoteValue(type)}, which is not supported; supported are "default" and "llama3"`;
    throw new DataError({ file: name, field: `${field}.rope_type` }, problem, ADVICE.get(type) ?? CHOOSE);
  }
  const { factor, low_freq_factor: low, high_freq_factor: high } = rope;
  if (factor === undefined || factor < 1 || low === undefined || high === undefined || high <= low) {
    const needed = "a factor >= 1, low_freq_factor and a higher high_freq_factor";
    throw new DataError({ file: name, field }, `is ${quoteValue(rope)}`, `llama3 scaling needs ${needed}`);
  }
  const originalContext = rope.original_max_position_embeddings ?? file.max_position_embeddings;
  return {
    ...ropeBase,
    ropeScaling: { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext },
  };
}
