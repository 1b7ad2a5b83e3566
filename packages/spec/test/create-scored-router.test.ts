import { createScoredRouter, type Router } from "@haps/spec";
import { makeTestTable } from "@haps/spec/testing";
import { describe, expect, it } from "vitest";

const { pool, arms, task, rows } = makeTestTable({ questions: 2 });
const request = { question: rows[0]?.question ?? { id: "", text: "" }, task, pool };

describe("createScoredRouter", () => {
  it("hands over what is legal and looks at no other score", async () => {
    const seen: (readonly boolean[])[] = [];
    const router = createScoredRouter({
      id: "mine",
      pool,
      arms,
      score: (requests, legal) => {
        seen.push(...legal);
        return requests.map(() => ({ scores: [1, 2, 3, 4] }));
      },
    });
    const [decision] = await router.route([{ ...request, exclude: ["large"] }]);
    expect(seen).toEqual([[true, true, true, false]]);
    expect(decision?.roles.answerer?.candidate).toBe("medium");
    expect(decision?.reason).toBe("medium scores best of 3 arms.");
    expect(decision?.router).toEqual({ id: "mine" });
  });

  it("keeps the reason, the choice and the reference of the scorer", async () => {
    const router = createScoredRouter({
      id: "mine",
      pool,
      arms,
      score: async (requests) =>
        requests.map(() => ({ scores: [1, 2, 3, 4], chosen: 0, reference: 1, reason: "Since I say so." })),
    });
    const [decision] = await router.route([request]);
    expect(decision?.roles.answerer?.settings).toEqual({ prompt: "plain" });
    expect(decision?.reason).toBe("Since I say so.");
    expect(decision?.ranking.map(({ advantage }) => advantage)).toEqual([2, 1, 0, -1]);
  });

  it("refuses a scorer that forgets a request, and arms without any score", async () => {
    const make = (score: Parameters<typeof createScoredRouter>[0]["score"]): Router =>
      createScoredRouter({ id: "mine", pool, arms, score });
    await expect(make(() => []).route([request])).rejects.toMatchObject({
      code: "state",
      message: 'route: router "mine" scored 0 requests; expected 1, one result per request; check its score()',
    });
    await expect(make(() => [{ scores: [] }]).route([request])).rejects.toMatchObject({ code: "config" });
  });

  it("frees what it holds once, and stops when aborted while scoring", async () => {
    let freed = 0;
    const controller = new AbortController();
    const router = createScoredRouter({
      id: "mine",
      pool,
      arms,
      score: async (requests) => {
        controller.abort(new Error("enough"));
        return requests.map(() => ({ scores: [1, 2, 3, 4] }));
      },
      dispose: () => {
        freed += 1;
      },
    });
    await expect(router.route([request], { signal: controller.signal })).rejects.toThrow("enough");
    router.dispose();
    router.dispose();
    expect(freed).toBe(1);
  });
});
