import { decideByScores, legalArms, type Pool, type RoutingRequest, singleRoleArm, type Task } from "@haps/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const task: Task = { id: "qa", description: "Answers.", roles: [{ id: "answerer", description: "Answers." }] };
const poolOf = (...ids: string[]): Pool => ({
  candidates: ids.map((id) => ({ id, weights: "closed" as const, parameters: {} })),
});
const requestOf = (pool: Pool, more: Partial<RoutingRequest> = {}): RoutingRequest => ({
  question: { id: "q", text: "Why?" },
  task,
  pool,
  ...more,
});
const arms = [
  singleRoleArm("a", { prompt: "x" }),
  singleRoleArm("a", { prompt: "y" }),
  singleRoleArm("b"),
  singleRoleArm("c"),
];
const pool = poolOf("a", "b", "c");
const base = { arms, router: { id: "test" }, reason: "A test.", temperature: 0.5 };

describe("decideByScores", () => {
  it("gives the softmax of the scores, the best first, and marginals in the order of the pool", () => {
    const request = requestOf(poolOf("c", "a", "b"));
    const decision = decideByScores({ ...base, request, scores: [0.1, 0.6, 0.4, Number.NaN], reference: 2 });
    const weights = [0.1, 0.6, 0.4].map((score) => Math.exp(score / 0.5));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const [first, second, third] = weights.map((weight) => weight / sum) as [number, number, number];
    expect(decision.ranking.map(({ arm }) => arm)).toEqual([arms[1], arms[2], arms[0]]);
    expect(decision.ranking.map(({ logProb }) => Math.exp(logProb))).toEqual(
      [second, third, first].map((value) => expect.closeTo(value, 12)),
    );
    expect(decision.ranking.map(({ advantage }) => advantage)).toEqual([
      expect.closeTo(0.2, 12),
      0,
      expect.closeTo(-0.3, 12),
    ]);
    expect(decision.marginals.answerer).toEqual([0, expect.closeTo(first + second, 12), expect.closeTo(third, 12)]);
    expect(decision.roles.answerer).toEqual({
      candidate: "a",
      settings: { prompt: "y" },
      probability: expect.closeTo(first + second, 12) as number,
    });
    expect([decision.total, decision.questionId, decision.router.id]).toEqual([3, "q", "test"]);
  });

  it("takes the first of equals, and what it is told to choose", () => {
    const request = requestOf(pool);
    const equal = decideByScores({ ...base, request, scores: [1, 1, 1, 1] });
    expect(equal.ranking.map(({ arm }) => arm)).toEqual(arms);
    expect(equal.roles.answerer?.settings).toEqual({ prompt: "x" });
    const told = decideByScores({ ...base, request, scores: [1, 1, 1, 1], chosen: 3 });
    expect(told.roles.answerer?.candidate).toBe("c");
    expect(told.ranking[0]?.arm).toEqual(arms[0]);
  });

  it("lists 16 of many arms and counts all", () => {
    const many = Array.from({ length: 40 }, (_, index) => singleRoleArm("a", { n: index }));
    const decision = decideByScores({ ...base, request: requestOf(pool), arms: many, scores: many.map((_, n) => n) });
    expect([decision.ranking.length, decision.total]).toEqual([16, 40]);
    expect(decision.ranking[15]?.arm).toEqual(many[24]);
  });

  it("stays finite for scores far apart", () => {
    const decision = decideByScores({
      ...base,
      request: requestOf(pool),
      scores: [1e6, -1e6, 0, 1],
      temperature: 1e-3,
    });
    expect(decision.ranking.every(({ logProb }) => Number.isFinite(logProb) && logProb <= 0)).toBe(true);
    expect(decision.marginals.answerer).toEqual([1, 0, 0]);
  });

  it.each([
    ["config", { scores: [Number.NaN, Number.NaN, Number.NaN, Number.NaN] }],
    ["config", { scores: [1, 1, 1, 1], temperature: 0 }],
    ["config", { scores: [1, Number.NaN, 1, 1], chosen: 1 }],
    ["non-finite", { scores: [1, Number.POSITIVE_INFINITY, 1, 1] }],
  ])("refuses with code %s: %o", (code, wrong) => {
    expect(() => decideByScores({ ...base, request: requestOf(pool), ...wrong })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it("gives marginals that sum to one for any scores", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 4, maxLength: 4 }), (scores) => {
        const { marginals } = decideByScores({ ...base, request: requestOf(pool), scores });
        const sum = (marginals.answerer ?? []).reduce((total, value) => total + value, 0);
        expect(sum).toBeCloseTo(1, 12);
      }),
      { seed: 5, numRuns: 100 },
    );
  });
});

describe("legalArms", () => {
  it("masks what the pool lacks and what is excluded", () => {
    expect(legalArms(requestOf(poolOf("c", "a")), pool, arms)).toEqual([true, true, false, true]);
    expect(legalArms(requestOf(pool, { exclude: ["a", "elsewhere"] }), pool, arms)).toEqual([false, false, true, true]);
  });

  it("needs every role of an arm to be open", () => {
    const pair = { teacher: { candidate: "a", settings: {} }, student: { candidate: "b", settings: {} } };
    const self = { teacher: { candidate: "a", settings: {} }, student: { candidate: "a", settings: {} } };
    expect(legalArms(requestOf(poolOf("a")), pool, [pair, self])).toEqual([false, true]);
  });

  it("refuses an unknown candidate and suggests the nearest", () => {
    expect(() => legalArms(requestOf(poolOf("gpt-4")), poolOf("gpt-4o", "llama"), arms)).toThrow(
      'route: candidate "gpt-4" was not trained with; expected some of gpt-4o, llama; did you mean "gpt-4o"?',
    );
    expect(() => legalArms(requestOf(poolOf("zzzz")), pool, arms)).toThrow(
      expect.objectContaining({ code: "unknown-candidate", facts: { candidate: "zzzz", known: ["a", "b", "c"] } }),
    );
  });

  it("refuses a request without a choice, and bad cost weights", () => {
    for (const bad of [{ exclude: ["a", "b", "c"] }, { costWeight: -1 }, { costWeight: Number.NaN }]) {
      expect(() => legalArms(requestOf(pool, bad), pool, arms)).toThrow(expect.objectContaining({ code: "config" }));
    }
    expect(() => legalArms(requestOf(poolOf()), pool, arms)).toThrow(expect.objectContaining({ code: "config" }));
  });
});
