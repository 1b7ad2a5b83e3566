import { z } from "zod";

function list<Schema extends z.ZodType>(schema: Schema) {
  return z.array(schema).readonly();
}

const intervalSchema = z.object({ low: z.number(), high: z.number() });

const methodSchema = z.object({
  id: z.string(),
  /** `static` and `reference` need no fit; `router` learnt from outcomes of the base models; the rest as the study names them. */
  role: z.enum(["haps", "ablation", "control", "released", "rival", "regime", "router", "static", "reference"]),
  description: z.string(),
  /** Mean over the questions, each averaged over its recorded seeds first; `null` where nothing is recorded. */
  score: z.number().nullable(),
  /** 95 % interval over clusters; `null` where there are too few. */
  low: z.number().nullable(),
  high: z.number().nullable(),
  /** Mean cost of a question. */
  cost: z.number().nullable(),
  /** β that decisions were made with; `null` for methods without one. */
  costWeight: z.number().nullable(),
  /** Seeds that have finished; draws of the permutation for a permuted table. */
  seeds: z.number(),
  /** Standard deviation over seeds of the mean score. */
  seedDeviation: z.number().nullable(),
  /** Trials without an outcome, over all seeds; never scored 0. */
  failed: z.number(),
  /** Mean score on valid; `null` where it was fitted there or is none. */
  valid: z.number().nullable(),
  /** `[assignments]`, share of the questions that each plays, averaged over seeds; `null` for untested methods. */
  shares: list(z.number()).nullable(),
});

const comparisonSchema = z.object({
  id: z.string(),
  method: z.string(),
  baseline: z.string(),
  /** Method minus baseline, on the questions with a recorded pair. */
  difference: z.number(),
  /** 95 % percentile interval over clusters, not corrected for the number of comparisons. */
  low: z.number(),
  high: z.number(),
  standardError: z.number(),
  /** The same interval when seeds are drawn anew as well. */
  overSeeds: intervalSchema.nullable(),
  perSeed: list(z.object({ seed: z.number(), difference: z.number() })),
  seedDeviation: z.number().nullable(),
  seedsInFavour: z.number(),
  questions: z.number(),
  clusters: z.number(),
  missingPairs: z.number(),
});

const primarySchema = z.object({
  /**
   * `decided`: the family is complete, verdicts stand. `incomplete`: units or methods are missing, figures are preliminary.
   * `too-few`: too few clusters for any test.
   */
  state: z.enum(["decided", "incomplete", "too-few"]),
  /** Why it is not decided; `null` where it is. */
  reason: z.string().nullable(),
  /** The router that `best-router` stands for: the best of the study's routers by its mean score on valid. */
  bestRouter: z.object({ id: z.string(), valid: z.number() }).nullable(),
  /** Number of comparisons that were named before test was opened. */
  planned: z.number(),
  comparisons: list(
    comparisonSchema.extend({
      /** Simultaneous lower bound of all comparisons together (Bonferroni). */
      bonferroniLow: z.number(),
      /** One-sided p-value, adjusted by Holm over the family. */
      pHolm: z.number(),
      /** `met`: the corrected lower bound is above 0; `open` unless the family is decided. */
      verdict: z.enum(["met", "not-met", "open"]),
    }),
  ),
  /** Planned comparisons that could not be made. */
  absent: list(z.object({ id: z.string(), method: z.string(), baseline: z.string() })),
});

const secondarySchema = z.object({
  /** Why there are none; `null` where there are. */
  reason: z.string().nullable(),
  comparisons: list(comparisonSchema.extend({ /** Not corrected for anything. */ pTwoSided: z.number() })),
});

const pointSchema = z.object({ id: z.string(), cost: z.number(), score: z.number() });

const hullSchema = z.object({
  /** Corners of the upper hull of the static assignments, ascending in cost. */
  corners: list(pointSchema),
  /** How far methods lie above the hull at their own cost. */
  advantages: list(
    z.object({
      method: z.string(),
      advantage: z.number(),
      low: z.number(),
      high: z.number(),
      cost: z.number(),
      score: z.number(),
      hullScore: z.number(),
      questions: z.number(),
    }),
  ),
  /** Methods that could not be held against the hull, with the reason. */
  absent: list(z.object({ method: z.string(), reason: z.string() })),
});

const ratioSchema = intervalSchema.extend({ ratio: z.number() });

const costFirstSchema = z.object({
  method: z.string(),
  reference: z.string(),
  quality: ratioSchema,
  cost: ratioSchema,
  /** Whether at least 95 % of the quality are kept at no more than half of the cost. */
  met: z.boolean(),
  /** Whether both intervals say so as a whole. */
  metWithIntervals: z.boolean(),
  questions: z.number(),
});

const breakdownSchema = z.object({
  /** Name of the label: `type` or `class`. */
  label: z.string(),
  methods: list(z.string()),
  rows: list(
    z.object({
      value: z.string(),
      questions: z.number(),
      /** In the order of `methods`; `null` where nothing is recorded. */
      scores: list(z.number().nullable()),
    }),
  ),
});

/**
 * Schema of {@link StudyResult}: the `result.json` of a study.
 *
 * Scores are F1 or accuracy, 0 to 1, on the held-out questions. Unknown keys are tolerated, so that results of later versions can still be shown.
 */
export const studyResultSchema = z.object({
  kind: z.literal("study"),
  schemaVersion: z.literal(1),
  id: z.string(),
  title: z.string(),
  benchmark: z.string(),
  /** Where the questions come from that everything is judged on; a study on held-out questions of valid is a trial and decides nothing. */
  heldOut: z.enum(["test", "valid"]),
  seeds: list(z.number()),
  counts: z.object({
    questions: z.number(),
    /** Sets of questions that share their chain; drawn together. */
    clusters: z.number(),
    /** How often test was opened so far. */
    openings: z.number(),
    plannedUnits: z.number(),
    /** Units that have not finished, `method.seed-n`. */
    missingUnits: list(z.string()),
  }),
  /** Candidates of the pool with the bad habits that were put into their training texts. */
  pool: list(z.object({ candidate: z.string(), habits: list(z.string()) })),
  costUnit: z.string().nullable(),
  /** Static assignments by name, in the order of `shares`. */
  assignments: list(z.string()),
  /** On which splits best single, cheapest and class table were chosen. */
  chosenOn: z.string(),
  methods: list(methodSchema),
  primary: primarySchema,
  secondary: secondarySchema,
  hull: hullSchema,
  costFirst: costFirstSchema.nullable(),
  breakdowns: list(breakdownSchema),
  /** Means over seeds of what units found, by name; `null` where no seed could say. */
  diagnostics: list(z.object({ method: z.string(), figures: z.record(z.string(), z.number().nullable()) })),
  /** Looks at valid during joint training of the main method, by seed. */
  curves: list(
    z.object({
      seed: z.number(),
      points: list(z.object({ step: z.number(), score: z.number(), cost: z.number().nullable() })),
    }),
  ),
  /** Hashes, versions and the like, by name. */
  provenance: z.record(z.string(), z.string()),
});

/** What a study found: plain JSON. */
export interface StudyResult extends z.output<typeof studyResultSchema> {}

/** One row of the table of methods. */
export type StudyMethodRow = StudyResult["methods"][number];

/** One comparison that was named before test was opened. */
export type PrimaryComparison = StudyResult["primary"]["comparisons"][number];
