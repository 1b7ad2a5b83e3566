import { z } from "zod";
import { baseConfigShape } from "./base-config.ts";

/** Fields that the configurations of both baselines on tensors have. */
export const networkConfigShape = (id: string) => ({
  ...baseConfigShape(id),
  /** Members of the cross-fitted ensemble = inner folds; each never learns from its own fold. */
  members: z.int().min(2).max(20).default(5),
  /** Updates per member. */
  steps: z.int().positive().default(150),
  /** Rows per update; a table with fewer rows is one batch. */
  batchRows: z.int().positive().default(512),
  /** Highest learning rate of AdamW; falls to 0 along a cosine. */
  learningRate: z.number().positive().default(0.01),
  /** Highest joint gradient norm. */
  clipNorm: z.number().positive().default(10),
});
