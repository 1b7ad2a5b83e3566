import { type SeededMethod, type SeedScores, splitReferences } from "@haps/evaluation";
import { type Arm, HapsError, type OutcomeTable } from "@haps/spec";
import type { BaseOutcomes } from "../live/base-outcomes.ts";
import { methods as evaluated } from "../methods.ts";
import { joinTables } from "./join-tables.ts";
import type { StudyConfig } from "./study-config.ts";
import { meanOverSeeds } from "./study-means.ts";
import type { StudyMethodRow } from "./study-result.ts";
import type { UnitRecord } from "./study-unit.ts";

/** Outcomes of the base models on the splits of a study; rows carry the labels of their questions. */
export interface StudyOutcomes {
  /** The sampled part of train; what is chosen by outcomes is then chosen on train and valid. */
  readonly train?: BaseOutcomes;
  readonly valid: BaseOutcomes;
  readonly test: BaseOutcomes;
}

/** A method with its runs on test, in the order of the split. */
export interface StudyMethod
  extends SeededMethod,
    Pick<StudyMethodRow, "role" | "description" | "costWeight" | "valid" | "shares"> {
  readonly seeds: readonly (SeedScores & { readonly cost: Float64Array })[];
}

/** Ids of methods that need no fit. */
export const BEST_SINGLE = "best-single";
/** The best assignment of every template class: privileged. */
export const CLASS_TABLE = "class-table";
const PERMUTED_TABLE = "class-table-permuted";
const PERMUTATIONS = [0, 1, 2, 3, 4];

/** Every method of a study: what was trained, in the order of the config, then references, then static assignments. */
export function studyMethods(
  config: StudyConfig,
  units: readonly UnitRecord[],
  outcomes: StudyOutcomes,
): readonly StudyMethod[] {
  for (const unit of units) checkUnit(unit, outcomes);
  const width = outcomes.test.table.arms.length;
  const trained = (id: string, role: StudyMethod["role"], description: string): StudyMethod =>
    trainedMethod(
      { id, role, description },
      units.filter(({ method }) => method === id).sort((a, b) => a.seed - b.seed),
      width,
    );
  const live = Object.entries(config.methods).map(([id, { role, description }]) => trained(id, role, description));
  const routers = config.routers.map((id) =>
    trained(id, "router", evaluated.find((method) => method.id === id)?.description ?? "a router"),
  );
  return [...live, ...routers, ...unfittedMethods(outcomes)];
}

/** Name of a static assignment: the candidates of the roles in turn. */
export function assignmentName({ task }: OutcomeTable, arm: Arm): string {
  return task.roles.map(({ id }) => arm[id]?.candidate ?? "?").join(" + ");
}

function trainedMethod(
  about: Pick<StudyMethod, "id" | "role" | "description">,
  units: readonly UnitRecord[],
  width: number,
): StudyMethod {
  const valid = meanOverSeeds(units.map((unit) => recorded(unit.valid.score)));
  const questions = units.reduce((sum, { test }) => sum + test.assignment.length, 0);
  const counts = new Float64Array(width);
  for (const { test } of units) {
    for (const code of test.assignment) counts[code] = (counts[code] as number) + 1;
  }
  return {
    ...about,
    costWeight: units[0]?.costWeight ?? null,
    valid,
    shares: questions === 0 ? null : Array.from(counts, (count) => count / questions),
    seeds: units.map(({ seed, test }) => ({ seed, score: recorded(test.score), cost: recorded(test.cost) })),
  };
}

function unfittedMethods(outcomes: StudyOutcomes): readonly StudyMethod[] {
  const { valid, test } = outcomes;
  const chosen = outcomes.train === undefined ? [valid] : [outcomes.train, valid];
  const table = joinTables([...chosen, test].map((part) => part.table));
  const before = chosen.reduce((sum, part) => sum + part.table.rows.length, 0);
  const fold = {
    train: Array.from({ length: before }, (_, row) => row),
    test: test.table.rows.map((_, row) => before + row),
  };
  const classed = test.table.rows.some(({ labels }) => labels.class !== undefined);
  const permuted = PERMUTATIONS.map((permute) => ({ label: "class", permute }));
  const { order, references, classTables, statics } = splitReferences(
    table,
    fold,
    classed ? [{ label: "class" }, ...permuted] : [],
  );
  const inSplitOrder = (values: Float64Array): Float64Array => {
    const sorted = new Float64Array(values.length);
    order.forEach((row, place) => {
      sorted[row - before] = values[place] as number;
    });
    return sorted;
  };
  const run = (seed: number, { score, cost }: { readonly score: Float64Array; readonly cost: Float64Array }) => ({
    seed,
    score: inSplitOrder(score),
    cost: inSplitOrder(cost),
  });
  const reference = (id: string, description: string, own: readonly (typeof classTables)[number][]): StudyMethod => ({
    id,
    role: "reference",
    description,
    costWeight: null,
    valid: null,
    shares: meanShares(
      own.map(({ frequencies }) => frequencies),
      order.length,
    ),
    seeds: own.map((outcome, seed) => run(seed, outcome)),
  });
  const [byClass, ...byChance] = classTables;
  return [
    ...(byClass === undefined
      ? []
      : [
          reference(CLASS_TABLE, "best assignment of every template class, which a router cannot know", [byClass]),
          reference(PERMUTED_TABLE, `the same with classes permuted, ${byChance.length} draws: chance`, byChance),
        ]),
    ...[...references].map(([name, outcome]) => reference(name, REFERENCES[name], [outcome])),
    ...statics.map((outcome, arm): StudyMethod => {
      const name = assignmentName(table, table.arms[arm] as Arm);
      return {
        id: name,
        role: "static",
        description: "every question, base models",
        costWeight: null,
        valid: meanOverSeeds([column(valid, arm)]),
        shares: statics.map((_, place) => (place === arm ? 1 : 0)),
        seeds: [run(0, outcome)],
      };
    }),
  ];
}

const REFERENCES = {
  "best-single": "the static assignment that scores best where it is chosen",
  cheapest: "the static assignment that costs least where it is chosen",
  random: "any assignment with equal probability, in expectation",
  oracle: "best static assignment of every question, with hindsight; noise inflates it",
  "oracle-halves": "hindsight from one half of the samples, scored by the other",
} as const;

function column(outcomes: BaseOutcomes, arm: number): Float64Array {
  return Float64Array.from(outcomes.table.rows, (_, row) => outcomes.quality(row)[arm] as number);
}

function meanShares(frequencies: readonly Float64Array[], questions: number): readonly number[] {
  return Array.from(
    frequencies[0] ?? [],
    (_, arm) => frequencies.reduce((sum, one) => sum + (one[arm] as number), 0) / (questions * frequencies.length),
  );
}

/** JSON has no `NaN`. */
function recorded(values: readonly (number | null)[]): Float64Array {
  return Float64Array.from(values, (value) => value ?? Number.NaN);
}

function checkUnit({ method, seed, ...unit }: UnitRecord, outcomes: StudyOutcomes): void {
  for (const split of ["valid", "test"] as const) {
    const questions = outcomes[split].table.rows.length;
    const lengths = [unit[split].score, unit[split].cost, unit[split].assignment].map(({ length }) => length);
    const odd = unit[split].score.find((score) => score !== null && !(score >= 0 && score <= 1));
    if (odd !== undefined) {
      throw new HapsError(
        "data",
        `study: unit ${method}, seed ${seed}, has score ${odd} on ${split}; expected 0 to 1; run the unit again`,
        { method, seed, split, score: odd },
      );
    }
    if (lengths.every((length) => length === questions)) continue;
    throw new HapsError(
      "data",
      `study: unit ${method}, seed ${seed}, has ${lengths.join(", ")} scores, costs and assignments on ${split}; expected ${questions} each; run the unit again`,
      { method, seed, split, lengths, questions },
    );
  }
}
