import { z } from "zod";

/** Fields that every baseline's configuration has. */
export const baseConfigShape = (id: string) => ({
  /** Name in tables and decisions; two methods of one evaluation need two names. */
  id: z.string().min(1).default(id),
  /** Temperature of the softmax over estimated rewards that gives probabilities; does not change the choice. */
  temperature: z.number().positive().default(0.1),
});
