import { parseConfig } from "@haps/spec";
import { z } from "zod";
import { createRandomSource, type RandomSource } from "./random-source.ts";

/** Schema of {@link BootstrapOptions}. */
export const bootstrapOptionsSchema = z.strictObject({
  /** Number of resamples. Default 10,000: the end points of a 95% interval then move by about 2% of its width. */
  resamples: z.int().min(1).default(10_000),
  /** Coverage of the interval, above 0 and below 1. Default 0.95. */
  level: z.number().gt(0).lt(1).default(0.95),
  /** A seed, or a source of uniform numbers of one's own. Default: seed 0. */
  random: z
    .union([z.int(), z.custom<RandomSource>((value) => typeof value === "function", "expected a seed or a function")])
    .default(0),
});

/** How to resample. */
export interface BootstrapOptions extends z.input<typeof bootstrapOptionsSchema> {}

/** {@link BootstrapOptions} with every default filled in. */
export interface ResolvedBootstrapOptions {
  readonly resamples: number;
  readonly level: number;
  readonly random: RandomSource;
}

/** Fills in defaults and makes a source of a seed. */
export function resolveBootstrapOptions(operation: string, options: BootstrapOptions = {}): ResolvedBootstrapOptions {
  const { resamples, level, random } = parseConfig(operation, bootstrapOptionsSchema, options);
  return { resamples, level, random: typeof random === "number" ? createRandomSource(random) : random };
}
