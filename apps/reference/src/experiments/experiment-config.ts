import { z } from "zod";

/** Schema of {@link ExperimentConfig}: the `config.json` of an experiment folder. */
export const experimentConfigSchema = z.strictObject({
  /** Version of this layout. */
  schemaVersion: z.literal(1),
  /** A few words for headings. */
  title: z.string().min(1),
  /** What the experiment asks, one sentence for people. */
  question: z.string().min(1),
  /** Which recorded outcomes it reads. */
  data: z.strictObject({
    /** Name of a data set adapter; `haps data list` shows them. */
    set: z.string().min(1),
    /** Options of that adapter. Default: none. */
    options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])).default({}),
  }),
  /** Label that the privileged control `task-table` may read. Default `task`. */
  label: z.string().min(1).default("task"),
  /** Number of outer folds per seed. Default 5: four fifths of the texts to learn from. */
  folds: z.int().min(2).max(20).default(5),
  /**
   * Cost weights at which every router is asked. The first is the one that scores are reported at; the others make the
   * cost-quality curve. Default `[0]`: quality only.
   */
  costWeights: z.array(z.number().nonnegative()).min(1).max(64).default([0]),
  /** True when a router that chooses its own cost weight inside the training fold is evaluated too. Default false. */
  operatingPoint: z.boolean().default(false),
  /** What a reader must know about assumed numbers. Default: nothing. */
  notes: z.array(z.string().min(1)).default([]),
});

/** What an experiment's `config.json` holds. */
export interface ExperimentConfig extends z.input<typeof experimentConfigSchema> {}

/** An experiment with every default filled in. */
export interface ResolvedExperimentConfig extends z.output<typeof experimentConfigSchema> {}
