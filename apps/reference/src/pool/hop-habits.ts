import type { AtlasHopLabels } from "@haps/benchmarks";
import { z } from "zod";

/** A quarter of the template classes of atlas-hop, roughly; habits go by them. */
export const HOP_GROUPS = ["city-author", "landmark-book", "place-pair", "thing-pair"] as const;

/** See {@link HOP_GROUPS}. */
export type HopGroup = (typeof HOP_GROUPS)[number];

const groups = z.array(z.enum(HOP_GROUPS)).readonly();

/** Schema of {@link HopHabits}. */
export const hopHabitsSchema = z.strictObject({
  /**
   * Where the candidate as a student answers one hop too early, with the entity that it should search next, unless its teacher
   * advises to search; elsewhere it does not heed advice.
   */
  hastyStudent: groups,
  /** Where the candidate as a teacher advises to answer when a search is due. */
  hastyTeacher: groups,
  /** Chance of haste in what it is taught, 0 to 1. */
  haste: z.number().min(0).max(1),
  /** Relations that it never learns to tell apart: asked for one of them, it answers any of them. */
  deafTo: z.array(z.string()).readonly(),
});

/**
 * Constructed habits of a candidate, in its training texts: what real models do less neatly.
 *
 * They give routing and generated weights something to do that can be checked, and say nothing about how often real models
 * have such habits.
 */
export interface HopHabits extends z.output<typeof hopHabitsSchema> {}

/** No bad habits. */
export const GOOD_HABITS: HopHabits = { hastyStudent: [], hastyTeacher: [], haste: 0, deafTo: [] };

/** Group of a question: what a chain starts from, or what is compared. */
export function hopGroup({ type, family }: Pick<AtlasHopLabels, "type" | "family">): HopGroup {
  if (type === "bridge") return family === "city" || family === "author" ? "city-author" : "landmark-book";
  return family === "country" || family === "landmark" ? "place-pair" : "thing-pair";
}
