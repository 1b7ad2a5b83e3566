import { z } from "zod";

/** Schema of {@link Levels}. */
export const levelsSchema = z.strictObject({
  /** High level: `routed` by the policy, `random` (uniform per question), or `fixed` to the candidates of the best arm on train. */
  high: z.enum(["routed", "random", "fixed"]).default("routed"),
  /** Low level: `routed`, or `fixed` to each assignment's best settings on train. */
  low: z.enum(["routed", "fixed"]).default("routed"),
});

/** Which levels the policy decides; anything but `routed` is an ablation (paper §4.3). */
export interface Levels extends Readonly<z.output<typeof levelsSchema>> {}

/** Both levels routed: HAPS. */
export const bothLevels: Levels = { high: "routed", low: "routed" };
