import { z } from "zod";
import type { SavedHaps } from "../haps/create-haps.ts";

const numbers = z.array(z.number().nullable());

/** Kinds and versions are left to the loaders, which say what to do about another release. */
const featurizerSchema = z.looseObject({ kind: z.string(), formatVersion: z.int(), config: z.looseObject({}) });

const structureSchema = z.looseObject({
  model: z
    .looseObject({
      kind: z.string(),
      formatVersion: z.int(),
      task: z.looseObject({ roles: z.array(z.unknown()).min(1) }),
      pool: z.looseObject({ candidates: z.array(z.looseObject({ id: z.string() })).min(1) }),
      arms: z.array(z.looseObject({})).min(1),
      config: z.looseObject({ levels: z.looseObject({}) }),
      costScale: z.looseObject({}).nullable(),
      means: z.looseObject({ quality: numbers, cost: numbers }),
      calibration: z.looseObject({
        points: z.array(z.looseObject({ costWeight: z.number(), margin: z.number().nullable() })).min(1),
        operatingPoint: z.int().nonnegative(),
      }),
      members: z.int().positive(),
      featureDimension: z.int().positive(),
      seed: z.int(),
    })
    .refine(({ arms, means }) => means.quality.length === arms.length && means.cost.length === arms.length, {
      path: ["means"],
      error: "expected one mean per arm",
    }),
  ngrams: featurizerSchema,
  prototypes: featurizerSchema,
});

/** A saved router, as far as loading it takes for granted; the rest is checked by the loaders of its parts. */
export const savedHapsSchema = structureSchema.transform((value) => value as unknown as SavedHaps["config"]);
