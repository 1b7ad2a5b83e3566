import { choicePoolRecipe } from "./choice-pool-recipe.ts";
import { poolRecipe } from "./pool-recipe.ts";

/** The constructed habits of a pool's candidates in words, for whoever reads their results. */
export function habitWords(benchmark: string): Readonly<Record<string, readonly string[]>> {
  if (benchmark === "atlas-choice") return choiceHabitWords();
  if (benchmark !== "atlas-hop") return {};
  return Object.fromEntries(
    poolRecipe(1).candidates.map(({ id, habits }) => {
      if (habits === undefined) return [id, []];
      const list = (names: readonly string[]): string => names.join(" and ");
      return [
        id,
        [
          `as a student answers one hop too early in ${list(habits.hastyStudent)} unless told to search`,
          `as a teacher advises to answer too early in ${list(habits.hastyTeacher)}`,
          `never learnt which of ${list(habits.deafTo)} a question asks for`,
        ],
      ];
    }),
  );
}

function choiceHabitWords(): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    choicePoolRecipe(1).candidates.map(({ id, habits }) => {
      if (habits === undefined) return [id, []];
      const list = (names: readonly string[]): string => names.join(" and ");
      return [
        id,
        [
          `writes any letter at once in ${list(habits.hastySubjects)}`,
          `never learnt to hear "not" in questions for ${list(habits.deafToNot)}`,
        ],
      ];
    }),
  );
}
