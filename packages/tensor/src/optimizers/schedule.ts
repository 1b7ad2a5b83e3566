import { parseConfig } from "@haps/spec";
import { z } from "zod";

const rate = z.number().nonnegative();
const steps = z.int().nonnegative();

/** Schema of {@link ScheduleConfig}. */
export const scheduleConfigSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("constant"),
    /** Learning rate after the warm-up. */
    rate,
    /** Steps over which the rate climbs from 0. Default 0: none. */
    warmupSteps: steps.default(0),
  }),
  z.strictObject({
    kind: z.literal("linear"),
    /** Highest learning rate, reached at the end of the warm-up. */
    rate,
    /** Steps over which the rate climbs from 0. Default 0: none. */
    warmupSteps: steps.default(0),
    /** Step at which the rate has come down to `finalRate`. */
    totalSteps: z.int().positive(),
    /** Rate at and after `totalSteps`. Default 0. */
    finalRate: rate.default(0),
  }),
  z.strictObject({
    kind: z.literal("cosine"),
    /** Highest learning rate, reached at the end of the warm-up. */
    rate,
    /** Steps over which the rate climbs from 0. Default 0: none. */
    warmupSteps: steps.default(0),
    /** Step at which the rate has come down to `finalRate`. */
    totalSteps: z.int().positive(),
    /** Rate at and after `totalSteps`. Default 0. */
    finalRate: rate.default(0),
  }),
]);

/** How a learning rate runs over the steps; plain JSON. */
export type ScheduleConfig = z.input<typeof scheduleConfigSchema>;

/** Learning rate of an update; `step` counts from 0. */
export type Schedule = (step: number) => number;

/**
 * Makes a learning-rate schedule; a number is a constant rate.
 *
 * Warm-up: `rate (step + 1) / warmupSteps` while `step < warmupSteps`. Then, with p the share of the remaining steps that has
 * passed: `linear` is `rate + p (finalRate - rate)`, `cosine` is `finalRate + (rate - finalRate)(1 + cos πp)/2`.
 *
 * @throws ConfigError code `config` for negative numbers or a warm-up that is not shorter than `totalSteps`.
 *
 * Source of the cosine: Loshchilov and Hutter, SGDR (2017), eq. 5, without restarts.
 *
 * @example
 * ```ts
 * const schedule = createSchedule({ kind: "cosine", rate: 1, totalSteps: 10 });
 * console.assert(schedule(0) === 1 && schedule(10) === 0);
 * ```
 */
export function createSchedule(config: number | ScheduleConfig): Schedule {
  const schema = scheduleConfigSchema.refine(
    (value) => value.kind === "constant" || value.warmupSteps === 0 || value.warmupSteps < value.totalSteps,
    { path: ["warmupSteps"], message: "must be below totalSteps; make the warm-up shorter" },
  );
  const resolved = parseConfig(
    "createSchedule",
    schema,
    typeof config === "number" ? { kind: "constant", rate: config } : config,
  );
  const { warmupSteps } = resolved;
  const after = afterWarmup(resolved);
  return (step) => (step < warmupSteps ? (resolved.rate * (step + 1)) / warmupSteps : after(step));
}

function afterWarmup(config: z.output<typeof scheduleConfigSchema>): Schedule {
  switch (config.kind) {
    case "constant":
      return () => config.rate;
    case "linear":
      return (step) => config.rate + passed(step, config) * (config.finalRate - config.rate);
    case "cosine":
      return (step) =>
        config.finalRate + ((config.rate - config.finalRate) * (1 + Math.cos(Math.PI * passed(step, config)))) / 2;
    default:
      return config satisfies never;
  }
}

function passed(step: number, range: { readonly warmupSteps: number; readonly totalSteps: number }): number {
  return Math.min(1, (step - range.warmupSteps) / (range.totalSteps - range.warmupSteps));
}
