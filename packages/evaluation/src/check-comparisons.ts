import { HapsError, ShapeError } from "@haps/spec";
import type { CompareMethodsInput, SeededMethod } from "./compare-methods.ts";

/** Refuses methods and comparisons that do not fit together, before anything is computed. */
export function checkComparisons(operation: string, { methods, clusters, comparisons }: CompareMethodsInput): void {
  checkDistinct(
    operation,
    "method",
    methods.map(({ id }) => id),
  );
  checkDistinct(
    operation,
    "comparison",
    comparisons.map(({ id }) => id),
  );
  const known = methods.map(({ id }) => id);
  for (const { id, method, baseline } of comparisons) {
    const unknown = [method, baseline].find((name) => !known.includes(name));
    if (unknown === undefined && method !== baseline) continue;
    const problem = unknown === undefined ? "compares a method with itself" : `names ${JSON.stringify(unknown)}`;
    throw new HapsError(
      "config",
      `${operation}: comparison ${JSON.stringify(id)} ${problem}; expected two of ${known.join(", ")}; correct the comparison`,
      { comparison: id, method, baseline },
    );
  }
  for (const method of methods) checkSeeds(operation, method, clusters.length);
}

function checkSeeds(operation: string, { id, seeds }: SeededMethod, questions: number): void {
  if (seeds.length === 0) throw new ShapeError(operation, `seeds of ${id}`, "at least one seed", [0]);
  checkDistinct(
    operation,
    `seed of ${id}`,
    seeds.map(({ seed }) => String(seed)),
  );
  for (const { seed, score, cost = score } of seeds) {
    const odd = [score, cost].find(({ length }) => length !== questions);
    if (odd !== undefined) throw new ShapeError(operation, `seed ${seed} of ${id}`, `[${questions}]`, [odd.length]);
    const question = score.findIndex((value) => value < 0 || value > 1);
    if (question >= 0) {
      throw new HapsError(
        "data",
        `${operation}: ${id}, seed ${seed}, question ${question} has score ${score[question]}; expected 0 to 1, or NaN where the run failed; rescale the scores`,
        { method: id, seed, question, score: score[question] },
      );
    }
  }
  if (seeds.every(({ score }) => score.every(Number.isNaN))) {
    throw new HapsError(
      "data",
      `${operation}: method ${JSON.stringify(id)} has no recorded score; expected at least one; leave the method out`,
      { method: id },
    );
  }
}

function checkDistinct(operation: string, what: string, ids: readonly string[]): void {
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice === undefined) return;
  throw new HapsError(
    "config",
    `${operation}: ${what} ${JSON.stringify(twice)} occurs twice; expected distinct ones; rename or merge them`,
    { id: twice },
  );
}
