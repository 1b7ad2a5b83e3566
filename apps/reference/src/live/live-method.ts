import { type AssignmentChoice, jointTrainerSchema, liveTrainingSchema, warmUpTrainerSchema } from "@haps/orchestrator";
import { objectiveSchema } from "@haps/reward";
import { z } from "zod";

const highSchema = z.strictObject({
  /** `generated`: the language model writes the assignment, as published; `head`: a linear head on its states. */
  form: z.enum(["generated", "head"]).default("head"),
});

const lowSchema = z.strictObject({
  /** `none`: candidates stay as they are (ablation without a low level). */
  kind: z.enum(["lora", "none"]).default("lora"),
  /** `none`: the same weights for every question, the question-blind control. */
  conditioning: z.enum(["question", "none"]).default("question"),
  rank: z.int().positive().default(8),
  /** Last layers whose attention output gets weights. */
  layers: z.int().positive().default(1),
  /** Factor of every update, α in the paper. */
  scale: z.number().positive().default(1),
  trunkLayers: z.int().positive().default(1),
  trunkWidth: z.int().positive().default(64),
  init: z.enum(["xavier", "zeroUp"]).default("zeroUp"),
  /** Number of the untrained generator, for the controls that draw some. */
  draw: z.int().nonnegative().default(0),
});

/** Schema of {@link LiveMethod}. */
export const liveMethodSchema = z.strictObject({
  high: highSchema.prefault({}),
  low: lowSchema.prefault({}),
  /** Which states of the prompt the levels read. */
  pooling: z.enum(["mean", "last", "span"]).default("span"),
  /** Whether both levels read one encoder; `false` is the ablation of paper §4.4: the high level stays as the warm-up left it. */
  shareParameters: z.boolean().default(true),
  /** Whether the low level sees the cost weight. */
  costConditioned: z.boolean().default(false),
  /** `null`: no joint training. */
  joint: z
    .strictObject({
      objective: objectiveSchema.partial().prefault({}),
      trainer: jointTrainerSchema.partial().prefault({}),
      training: liveTrainingSchema,
    })
    .nullable(),
  warmUp: z
    .strictObject({
      objective: objectiveSchema.partial().prefault({}),
      trainer: warmUpTrainerSchema.partial().prefault({}),
      training: liveTrainingSchema,
    })
    .nullable(),
});

/** What is trained and how, as an experiment writes it; plain JSON. */
export interface LiveMethodInput extends z.input<typeof liveMethodSchema> {}
/** With every default filled in. */
export interface LiveMethod extends z.output<typeof liveMethodSchema> {}

/** Who decides the assignments when a method is evaluated: its policy, unless it was trained without one. */
export function evaluatedAssignments({ joint }: LiveMethod): AssignmentChoice {
  const { assignments = "policy" } = joint?.trainer ?? {};
  return assignments === "policy" ? "best" : assignments;
}
