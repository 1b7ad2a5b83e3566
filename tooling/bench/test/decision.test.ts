import { makeSimulatedTable, makeText, trainAndReload } from "@haps/bench";
import { createRng, loadBackend } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

describe("makeText", () => {
  it("has the length that is asked for and the same words for the same seed", () => {
    for (const length of [1, 50, 8192]) expect(makeText(createRng(1), length)).toHaveLength(length);
    expect(makeText(createRng(1), 300)).toBe(makeText(createRng(1), 300));
    expect(makeText(createRng(1), 300)).not.toBe(makeText(createRng(2), 300));
  });

  it("uses common words again and rare ones too", () => {
    const words = makeText(createRng(1), 20_000).split(" ");
    const distinct = new Set(words).size;
    expect(distinct).toBeGreaterThan(words.length / 10);
    expect(distinct).toBeLessThan(words.length);
  });
});

describe("trainAndReload", () => {
  it("gives a router that decides on new questions, and frees all but its variables", async () => {
    await loadBackend(["wasm"]);
    const before = tf.memory().numTensors;
    const table = makeSimulatedTable(30, 80, 1);
    const router = trainAndReload(table, 1, 2);
    const question = { id: "new", text: makeText(createRng(9), 80) };
    const [decision] = await router.route([{ question, task: table.task, pool: table.pool }]);
    expect(["small", "large"]).toContain(decision?.roles.answerer?.candidate);
    expect(decision?.total).toBe(table.arms.length);
    router.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
