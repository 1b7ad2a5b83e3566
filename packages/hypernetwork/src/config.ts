import { z } from "zod";

/** Schema of {@link SettingsGeneratorConfig}. */
export const settingsGeneratorSchema = z.strictObject({
  /** Length of the hidden states that the head reads. */
  hiddenDimension: z.int().positive(),
  /**
   * Highest degree of the polynomial in an ordinal dimension's scaled rank. Default 3: enough for one rise and one fall
   * with a skew, few enough that neighbouring values share their evidence.
   */
  ordinalDegree: z.int().min(1).max(8).default(3),
  /**
   * Scale of the term that each setting has of its own, beside the terms of its dimensions; 0 leaves it out. Default 0.3:
   * a setting may deviate from the pattern of its dimensions, but learns that more slowly than the pattern.
   */
  interactionScale: z.number().min(0).default(0.3),
  /** Standard deviation of the initial weights. Default 0.01: nearly uniform, yet the backbone gets a gradient at once. */
  initialScale: z.number().min(0).default(0.01),
});

/** What a caller writes. */
export interface SettingsGeneratorConfig extends z.input<typeof settingsGeneratorSchema> {}
/** What the code reads: every default filled in. */
export interface ResolvedSettingsGeneratorConfig extends z.output<typeof settingsGeneratorSchema> {}
