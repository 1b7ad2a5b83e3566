import { createHapsRouter, type HapsModel, type HapsModelConfig } from "@haps/orchestrator";
import type { RoutingRequest } from "@haps/spec";
import { makeTestTable } from "@haps/spec/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { describeOnCpu } from "./describe-on-cpu.ts";
import { contextOf, decide, train } from "./train.ts";

const table = makeTestTable({ questions: 20 });
const config = { trainer: { members: 2, steps: 20, learningRate: 0.1, penalty: 0.02 } };
const trained = (): HapsModel => train(contextOf(table, { costWeights: [0, 0.5, 2] }), config);

/** The model with other margins, and another operating point. */
function calibrated(model: HapsModel, margins: readonly (number | null)[], operatingPoint = 0): HapsModel {
  const points = model.config.calibration.points.map((point, place) => ({ ...point, margin: margins[place] ?? null }));
  const changed: HapsModelConfig = { ...model.config, calibration: { points, operatingPoint } };
  return { ...model, config: changed };
}

const isReference = ({ reason }: { readonly reason: string }): boolean => reason.includes("best arm on train among");

describeOnCpu("createHapsRouter", () => {
  it("never leaves the best arm on train where the margin is null, and says that routing did not pay", async () => {
    const router = createHapsRouter(calibrated(trained(), [null, null, null]));
    const decisions = await decide(router, table);
    router.dispose();
    expect(new Set(decisions.map(({ roles }) => roles.answerer?.candidate)).size).toBe(1);
    expect(new Set(decisions.map(({ reason }) => reason)).size).toBe(1);
    expect(decisions[0]?.reason).toMatch(/is the best arm on train among those allowed; .* routing did not pay/u);
  });

  it("leaves the best arm exactly where the estimated gain is above the margin, and names the gain", async () => {
    const model = trained();
    const all = await decide(createHapsRouter(calibrated(model, [0, 0, 0])), table);
    const gains = all.map(({ ranking }) => ranking[0]?.advantage ?? 0);
    expect(gains.every((gain) => gain >= 0)).toBe(true);
    const highest = Math.max(...gains);
    const leavesAt = async (margin: number) => {
      const decisions = await decide(createHapsRouter(calibrated(model, [margin, null, null])), table);
      return decisions.flatMap((decision, row) => (isReference(decision) ? [] : [{ row, reason: decision.reason }]));
    };
    const left = await leavesAt(highest * 0.999);
    expect(left.map(({ row }) => row)).toEqual(gains.flatMap((gain, row) => (gain > highest * 0.999 ? [row] : [])));
    expect(left.length).toBeGreaterThan(0);
    expect(left[0]?.reason).toContain(
      `is estimated ${highest.toFixed(3)} of reward above large, the best arm on train`,
    );
    expect(await leavesAt(highest)).toEqual([]);
    for (const { variables } of model.policies) variables.dispose();
  });

  it("uses the margin of the nearest cost weight of training, the lower one of two", async () => {
    const router = createHapsRouter(calibrated(trained(), [0, null, 0]));
    const leaves = async (weight: number): Promise<boolean> =>
      (await decide(router, table, weight)).some((decision) => !isReference(decision));
    expect(await leaves(0.24)).toBe(true);
    expect(await leaves(0.25)).toBe(true);
    expect(await leaves(0.26)).toBe(false);
    expect(await leaves(0.5)).toBe(false);
    router.dispose();
  });

  it("ignores the requests' cost weights at its operating point", async () => {
    const model = calibrated(trained(), [0, 0, 0], 2);
    const plain = await decide(createHapsRouter(model), table, 2);
    const operating = createHapsRouter(model, { operatingPoint: true });
    for (const weight of [0, 0.5, 7]) expect(await decide(operating, table, weight)).toEqual(plain);
    operating.dispose();
  });

  it("names itself and its checkpoint", async () => {
    const router = createHapsRouter(trained(), { id: "mine", hash: "abc" });
    expect(router.id).toBe("mine");
    expect((await decide(router, table)).map((decision) => decision.router)).toEqual(
      table.rows.map(() => ({ id: "mine", hash: "abc" })),
    );
    router.dispose();
    await expect(decide(router, table)).rejects.toMatchObject({ code: "disposed" });
  });

  it("frees the model when it is disposed, and leaves no tensor behind while it routes", async () => {
    const before = tf.memory().numTensors;
    const router = createHapsRouter(trained());
    const loaded = tf.memory().numTensors;
    await decide(router, table);
    await decide(router, table, 0.3);
    expect(tf.memory().numTensors).toBe(loaded);
    router.dispose();
    router.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses what it cannot answer by code, and goes on", async () => {
    const router = createHapsRouter(trained());
    const [row] = table.rows;
    const request: RoutingRequest = { question: row?.question as never, task: table.task, pool: table.pool };
    const stranger = { id: "smal", weights: "open", parameters: {} } as const;
    const refused = (change: Partial<RoutingRequest>): Promise<unknown> =>
      router.route([{ ...request, ...change }]).catch((error: unknown) => error);
    expect(await refused({ pool: { candidates: [stranger] } })).toMatchObject({
      code: "unknown-candidate",
      facts: { candidate: "smal" },
    });
    expect(await refused({ costWeight: -1 })).toMatchObject({ code: "config" });
    expect(await refused({ exclude: ["small", "medium", "large"] })).toMatchObject({ code: "config" });
    expect(await router.route([request])).toHaveLength(1);
    router.dispose();
  });
});
