import { z } from "zod";

const wordNgramsSchema = z
  .strictObject({
    /** Shortest word n-gram. */
    minimum: z.int().min(1).max(4).default(1),
    /** Longest word n-gram. Default 2: pairs carry most of what word order tells, at twice the price of single words. */
    maximum: z.int().min(1).max(4).default(2),
    /** Whether every punctuation character counts as a word. */
    punctuation: z.boolean().default(false),
  })
  .refine((ngrams) => ngrams.minimum <= ngrams.maximum, { error: "minimum is above maximum; swap them" });

const characterNgramsSchema = z
  .strictObject({
    /** Shortest character n-gram. */
    minimum: z.int().min(1).max(8).default(3),
    /** Longest character n-gram; n-grams stay inside one whitespace-separated piece with its neighbouring spaces. */
    maximum: z.int().min(1).max(8).default(5),
  })
  .refine((ngrams) => ngrams.minimum <= ngrams.maximum, { error: "minimum is above maximum; swap them" });

/** Schema of {@link NgramFeaturizerConfig}. */
export const ngramFeaturizerConfigSchema = z
  .strictObject({
    /** Word n-grams, or `null` for none. */
    words: wordNgramsSchema.nullable().default({ minimum: 1, maximum: 2, punctuation: false }),
    /** Character n-grams inside words, or `null` for none. */
    characters: characterNgramsSchema.nullable().default(null),
    /** `shape` writes 7 as `0`, 1984 as `0000` and 3.14 as `0.0`, so that numbers of one shape are one word; `keep` leaves them. */
    numbers: z.enum(["shape", "keep"]).default("keep"),
    /** Hash buckets of each kind of n-gram, a power of two. Default 2^14: collisions are rare for some thousand texts. */
    buckets: z
      .int()
      .min(16)
      .max(2 ** 20)
      .refine((buckets) => (buckets & (buckets - 1)) === 0, { error: "not a power of two; use e.g. 16384" })
      .default(16384),
    /** Buckets met in fewer training texts are dropped. Default 2: what stands in one text tells nothing about others. */
    minimumDocuments: z.int().min(1).default(2),
    /** Latent dimensions kept. Default 64: chosen by inner folds on recorded outcomes, 128 gained nothing; fewer when there are fewer training texts or the texts have a lower rank. */
    components: z.int().min(1).max(1024).default(64),
    /** Power iterations of the range finder. Default 2: enough for slowly falling spectra (Halko et al. 2011, §4.5). */
    powerIterations: z.int().min(0).max(8).default(2),
    /** Exponent of the singular values in the latent features: 1 keeps them (LSA), 0 makes all directions equally long. */
    spectrumPower: z.number().min(0).max(2).default(1),
    /** Length of the structural block relative to the latent block, or 0 for no structural features. */
    structuralWeight: z.number().min(0).max(10).default(1),
    /** Characters of a text that are read; the rest is ignored, which bounds the time of one decision. */
    maximumCharacters: z.int().min(64).default(32768),
  })
  .refine((config) => config.words !== null || config.characters !== null, {
    error: "words and characters are both null; leave at least one kind of n-gram",
    path: ["words"],
  });

/** What a caller writes to choose n-gram features. */
export interface NgramFeaturizerConfig extends z.input<typeof ngramFeaturizerConfigSchema> {}
/** N-gram feature options with every default filled in; plain JSON. */
export interface ResolvedNgramFeaturizerConfig extends z.output<typeof ngramFeaturizerConfigSchema> {}
