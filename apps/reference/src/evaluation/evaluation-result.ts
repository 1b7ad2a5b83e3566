import { z } from "zod";

const pairedSchema = z.object({ difference: z.number(), low: z.number(), high: z.number() });
const pairSchema = z.tuple([z.number(), z.number()]).readonly();

function list<Schema extends z.ZodType>(schema: Schema) {
  return z.array(schema).readonly();
}

const methodSchema = z.object({
  name: z.string(),
  score: z.number(),
  interval: pairSchema,
  cost: z.number().nullable(),
  costRatio: z.number().nullable(),
  costRatioInterval: pairSchema.nullable(),
  entropy: z.number(),
  entropyNormalised: z.number(),
  seedDeviation: z.number().nullable(),
  privileged: z.boolean(),
  reference: z.boolean(),
  versusBestSingle: pairedSchema.nullable(),
  versusHaps: pairedSchema.nullable(),
  oracleShare: z.number().nullable(),
  notRecorded: z.number(),
});

const pointSchema = z.object({
  costWeight: z.number().nullable(),
  cost: z.number(),
  /** Cost over that of the best single arm. */
  costRatio: z.number(),
  score: z.number(),
});

/**
 * Schema of {@link EvaluationResult}: the `result.json` of an evaluation's run folder.
 *
 * Unknown keys are tolerated, so that results of later versions can still be shown.
 */
export const evaluationResultSchema = z.object({
  kind: z.literal("evaluation"),
  schemaVersion: z.literal(1),
  experiment: z.object({
    name: z.string(),
    title: z.string(),
    question: z.string(),
    notes: list(z.string()),
  }),
  /** True when the outcomes were generated; every number is then labelled so. */
  simulated: z.boolean(),
  summary: z.object({
    experiment: z.string(),
    questions: z.number(),
    texts: z.number(),
    folds: z.number(),
    seeds: list(z.number()),
    costWeight: z.number(),
    costUnit: z.string().nullable(),
    methods: list(methodSchema),
  }),
  /** Arms in the order of the table. */
  arms: list(z.object({ label: z.string(), score: z.number().nullable(), cost: z.number().nullable() })),
  /** Share of the questions that each method sends to each arm, averaged over seeds; arms in the order of `arms`. */
  shares: list(z.object({ method: z.string(), shares: list(z.number()) })),
  /** Where HAPS sends the questions of every label; `null` without labels. */
  labels: z
    .object({
      name: z.string(),
      rows: list(
        z.object({
          label: z.string(),
          questions: z.number(),
          /** Share of HAPS's choices per arm. */
          shares: list(z.number()),
          /** Mean score of every arm on these questions; `null` where not run. */
          scores: list(z.number().nullable()),
          /** Mean score of HAPS and of the best single arm on these questions. */
          haps: z.number().nullable(),
          bestSingle: z.number().nullable(),
        }),
      ),
    })
    .nullable(),
  /** `null` without costs or with one cost weight only. */
  curves: z
    .object({
      unit: z.string(),
      /** Mean cost of the best single arm. */
      bestSingleCost: z.number(),
      singleArms: list(z.object({ label: z.string(), cost: z.number(), score: z.number() })),
      /** Hull of the single arms fitted on the training parts, as it comes out on the test parts. */
      hull: list(z.object({ cost: z.number(), costRatio: z.number(), score: z.number() })),
      methods: list(z.object({ name: z.string(), points: list(pointSchema), areaAboveHull: pairedSchema.nullable() })),
    })
    .nullable(),
  /** Names of the methods of `summary` that are ablations, with what they leave out. */
  ablations: list(z.object({ name: z.string(), description: z.string() })),
  /** Result of the null experiment, where it was run. */
  permutation: z
    .object({
      permutations: z.number(),
      falseGains: z.number(),
      falseLosses: z.number(),
      meanDifference: z.number(),
      runs: list(pairedSchema.extend({ permutation: z.number() })),
    })
    .nullable(),
  /** Gain that was planted into simulated outcomes and the share of it that HAPS found; `null` for recorded outcomes. */
  planted: z.object({ gain: z.number(), share: z.number() }).nullable(),
  warnings: list(z.string()),
  provenance: z.object({
    commit: z.string(),
    configHash: z.string(),
    dataHash: z.string(),
    backend: z.string(),
    versions: z.record(z.string(), z.string()),
    started: z.string(),
    finished: z.string(),
    jobs: z.number(),
    fitSeconds: z.number(),
    workers: z.number(),
    /** How often the outer folds of this experiment were opened, this time included. */
    openings: z.number(),
  }),
});

/** Everything an evaluation found, enough to draw its report without the data. */
export interface EvaluationResult extends z.output<typeof evaluationResultSchema> {}

/** One line of the table of methods. */
export type MethodResult = EvaluationResult["summary"]["methods"][number];
