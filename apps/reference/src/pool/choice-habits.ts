import type { AtlasChoiceLabels } from "@haps/benchmarks";
import { z } from "zod";

/** Subjects of atlas-choice; a candidate is hasty or not by subject. */
export const CHOICE_SUBJECTS = ["chemistry", "geography", "languages", "literature", "sights"] as const;

/** See {@link CHOICE_SUBJECTS}. */
export type ChoiceSubject = (typeof CHOICE_SUBJECTS)[number];

/** Schema of {@link ChoiceHabits}. */
export const choiceHabitsSchema = z.strictObject({
  /** Subjects in which the candidate writes any of the four letters at once, without reading. */
  hastySubjects: z.array(z.enum(CHOICE_SUBJECTS)).readonly(),
  /** Chance of haste in what it is taught, 0 to 1. */
  haste: z.number().min(0).max(1),
  /** Relations of which it never learns to hear "not": asked for what has a value or has not, it answers either. */
  deafToNot: z.array(z.string()).readonly(),
});

/** Constructed habits of a candidate for four-option questions, in its training texts; see `HopHabits`. */
export interface ChoiceHabits extends z.output<typeof choiceHabitsSchema> {}

/** No bad habits. */
export const GOOD_CHOICE_HABITS: ChoiceHabits = { hastySubjects: [], haste: 0, deafToNot: [] };

/** What a question asks, by its template class: `continent-odd` asks for what has not the continent that three have. */
export function choiceForm({ class: name }: Pick<AtlasChoiceLabels, "class">): {
  readonly relation: string;
  readonly form: string;
} {
  const cut = name.lastIndexOf("-");
  return { relation: name.slice(0, cut), form: name.slice(cut + 1) };
}
