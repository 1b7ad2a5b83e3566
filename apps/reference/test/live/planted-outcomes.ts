import type { OutcomeTable } from "@haps/spec";
import { allAssignments } from "@haps/tensor";
import { type BaseOutcomes, baseOutcomes } from "../../src/live/base-outcomes.ts";
import type { LiveItem } from "../../src/live/live-benchmark.ts";

const ROLES = ["teacher", "student"];
const CANDIDATES = ["small", "large"];

/** What to plant: scores and costs of the four assignments of a question, in the order of `allAssignments`. */
export interface Planted {
  readonly score: (item: LiveItem, row: number) => readonly number[];
  readonly cost: (item: LiveItem, row: number) => readonly number[];
}

/** A table of invented outcomes of two candidates in two roles, its arms in the order of `allAssignments` or another. */
export function plantedTable(
  items: readonly LiveItem[],
  { score, cost }: Planted,
  order: readonly number[] = [0, 1, 2, 3],
): OutcomeTable {
  const assignments = allAssignments(2, 2);
  const cells = (of: Planted["score"]): Float64Array =>
    Float64Array.from(items.flatMap((item, row) => order.map((code) => of(item, row)[code] as number)));
  return {
    id: "planted",
    task: { id: "planted", description: "invented", roles: ROLES.map((id) => ({ id, description: id })) },
    pool: { candidates: CANDIDATES.map((id) => ({ id, weights: "open" as const, parameters: {} })) },
    rows: items.map(({ question: { id, text }, labels }) => ({ question: { id, text }, group: id, labels })),
    arms: order.map((code) =>
      Object.fromEntries(
        ROLES.map((role, place) => {
          const candidate = CANDIDATES[assignments[code]?.[place] as number] as string;
          return [role, { candidate, settings: {} }];
        }),
      ),
    ),
    score: cells(score),
    cost: cells(cost),
    costUnit: "tokens",
    samples: new Float64Array(4 * items.length).fill(1),
    hash: `planted ${items.length}`,
    warnings: [],
  };
}

/** {@link plantedTable} as methods read it. */
export function plantedOutcomes(items: readonly LiveItem[], planted: Planted): BaseOutcomes {
  return baseOutcomes(plantedTable(items, planted), items);
}
