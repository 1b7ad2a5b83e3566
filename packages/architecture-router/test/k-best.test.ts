import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bestPaths, type NextLogProbs } from "../src/best-paths.ts"; // internal
import { bestProducts } from "../src/best-products.ts"; // internal
import { createPriorityQueue } from "../src/priority-queue.ts"; // internal
import type { ScoredAssignment } from "../src/ranked-assignment.ts"; // internal
import { allAssignments } from "./oracle.ts";

/** Multiples of 1/4 are added exactly, so that ties are ties and the order can be compared without a tolerance. */
const logProb = fc.integer({ min: -6, max: 0 }).map((quarters) => quarters / 4);

function sorted(all: readonly ScoredAssignment[]): ScoredAssignment[] {
  // The listing is lexicographic and the sort is stable, so that ties stay in lexicographic order.
  return all.filter((entry) => entry.logProb > Number.NEGATIVE_INFINITY).sort((a, b) => b.logProb - a.logProb);
}

describe("bestProducts", () => {
  it("gives what sorting the whole product gives, ties and forbidden candidates included", () => {
    const cases = fc
      .record({ roles: fc.integer({ min: 1, max: 4 }), candidates: fc.integer({ min: 1, max: 6 }) })
      .chain(({ roles, candidates }) =>
        fc.record({
          candidates: fc.constant(candidates),
          table: fc.array(
            fc
              .array(fc.option(logProb, { freq: 3 }), { minLength: candidates, maxLength: candidates })
              .map((row) => (row.every((value) => value === null) ? [0, ...row.slice(1)] : row)),
            { minLength: roles, maxLength: roles },
          ),
          limit: fc.integer({ min: 1, max: 40 }),
        }),
      );
    fc.assert(
      fc.property(cases, ({ table, candidates, limit }) => {
        const roles = table.map((row) =>
          row.flatMap((value, candidate) => (value === null ? [] : [{ candidate, logProb: value }])),
        );
        const listing = allAssignments(table.length, candidates).map((assignment) => ({
          assignment,
          logProb: assignment.reduce(
            (sum, candidate, role) => sum + (table[role]?.[candidate] ?? Number.NEGATIVE_INFINITY),
            0,
          ),
        }));
        expect(bestProducts(roles, limit)).toEqual(sorted(listing).slice(0, limit));
      }),
      { seed: 41, numRuns: 200 },
    );
  });
});

/** Steps that depend on the whole prefix in no simple pattern; `null` is forbidden. */
function stepsFrom(values: readonly (number | null)[], candidates: number): NextLogProbs {
  return (prefix) =>
    Array.from({ length: candidates }, (_, candidate) => {
      const at = [...prefix, candidate].reduce((code, choice) => (code * 31 + choice + 7) % 1009, 3);
      return values[at % values.length] ?? (candidate === 0 ? 0 : Number.NEGATIVE_INFINITY);
    });
}

const pathCases = fc.record({
  roles: fc.integer({ min: 1, max: 4 }),
  candidates: fc.integer({ min: 1, max: 6 }),
  values: fc.array(fc.option(logProb, { freq: 4 }), { minLength: 5, maxLength: 40 }),
  limit: fc.integer({ min: 1, max: 40 }),
});

function listPaths(next: NextLogProbs, roles: number, candidates: number): ScoredAssignment[] {
  return allAssignments(roles, candidates).map((assignment) => ({
    assignment,
    logProb: assignment.reduce(
      (sum, candidate, role) => sum + (next(assignment.slice(0, role))[candidate] as number),
      0,
    ),
  }));
}

describe("bestPaths", () => {
  it("gives what sorting all paths gives, ties and forbidden candidates included", () => {
    fc.assert(
      fc.property(pathCases, ({ roles, candidates, values, limit }) => {
        const next = stepsFrom(values, candidates);
        const best = bestPaths(next, { roles, limit, expansions: 1e6, beam: 1 });
        expect(best).toEqual(sorted(listPaths(next, roles, candidates)).slice(0, limit));
      }),
      { seed: 43, numRuns: 200 },
    );
  });

  it("gives the same from a beam that is wide enough, whenever the exact search stops", () => {
    fc.assert(
      fc.property(pathCases, fc.integer({ min: 0, max: 30 }), ({ roles, candidates, values, limit }, expansions) => {
        const next = stepsFrom(values, candidates);
        const best = bestPaths(next, { roles, limit, expansions, beam: candidates ** roles });
        expect(best).toEqual(sorted(listPaths(next, roles, candidates)).slice(0, limit));
      }),
      { seed: 47, numRuns: 200 },
    );
  });

  it("gives distinct assignments with their true log-probabilities from a narrow beam", () => {
    fc.assert(
      fc.property(pathCases, ({ roles, candidates, values, limit }) => {
        const next = stepsFrom(values, candidates);
        const all = new Map(listPaths(next, roles, candidates).map((path) => [path.assignment.join(), path.logProb]));
        const best = bestPaths(next, { roles, limit, expansions: 2, beam: 2 });
        expect(new Set(best.map(({ assignment }) => assignment.join())).size).toBe(best.length);
        for (const path of best) expect(path.logProb).toBe(all.get(path.assignment.join()));
      }),
      { seed: 53, numRuns: 200 },
    );
  });

  it("asks once per role for the best path of a sharp distribution", () => {
    let asked = 0;
    const next: NextLogProbs = () => {
      asked += 1;
      return [-20, -1e-9, -20];
    };
    expect(bestPaths(next, { roles: 12, limit: 1, expansions: 1e6, beam: 1 })[0]?.assignment).toEqual(
      new Array<number>(12).fill(1),
    );
    expect(asked).toBe(12);
  });

  it("never asks more often than it may", () => {
    let asked = 0;
    const next: NextLogProbs = () => {
      asked += 1;
      return new Float64Array(20).fill(-Math.log(20));
    };
    expect(bestPaths(next, { roles: 10, limit: 16, expansions: 500, beam: 8 })).toHaveLength(16);
    expect(asked).toBeLessThanOrEqual(500 + 10 * 16);
  });
});

describe("createPriorityQueue", () => {
  it("gives its items in order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (items) => {
        const queue = createPriorityQueue<number>((left, right) => left < right);
        for (const item of items) queue.push(item);
        expect(queue.size).toBe(items.length);
        const popped = items.map(() => queue.pop());
        expect(popped).toEqual(items.toSorted((a, b) => a - b));
        expect(queue.pop()).toBeUndefined();
      }),
      { seed: 59 },
    );
  });
});
