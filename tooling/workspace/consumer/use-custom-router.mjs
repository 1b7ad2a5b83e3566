// Trains and asks the router module named on the command line, as `--router ./mine.mjs` does.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
// @boundaries-ignore runs in a project of its own, where the tarballs are installed
import { decisionArm, singleRoleArm } from "@haps/spec";

const { default: createRouter } = await import(pathToFileURL(process.argv[2]).href);
assert.equal(typeof createRouter, "function", "the default export is not a function");

const pool = {
  candidates: ["small", "large"].map((id) => ({ id, weights: "closed", parameters: {} })),
};
const task = { id: "answers", description: "Answers a question.", roles: [{ id: "answerer" }] };
const texts = ["What is 2 + 2?", "Why do the tides come twice a day in most places, but only once in some?"];
const rows = [...texts, `${texts[0]} Please.`, `${texts[1]} Please.`].map((text, index) => ({
  question: { id: `q${index}`, text },
  group: `g${index}`,
  labels: {},
}));
const training = {
  id: "fixture",
  task,
  pool,
  rows,
  arms: [singleRoleArm("small"), singleRoleArm("large")],
  score: Float64Array.of(1, 1, 0, 1, 1, 1, 0, 1),
  cost: Float64Array.of(1, 10, 1, 10, 1, 10, 1, 10),
  costUnit: "tokens",
  samples: new Float64Array(8).fill(1),
  hash: "fixture",
  warnings: [],
};

const router = await createRouter({ task, pool, training, seed: 1 });
assert.equal(router.contractVersion, 1);
const requests = texts.map((text, index) => ({ question: { id: `new-${index}`, text }, task, pool }));
const decisions = await router.route(requests);
assert.equal(decisions.length, requests.length);
for (const [index, decision] of decisions.entries()) {
  assert.equal(decision.questionId, requests[index].question.id);
  const { answerer } = decisionArm(decision);
  assert.ok(
    pool.candidates.some(({ id }) => id === answerer.candidate),
    `unknown candidate ${answerer.candidate}`,
  );
  const total = decision.marginals.answerer.reduce((sum, value) => sum + value, 0);
  assert.ok(Math.abs(total - 1) < 1e-6, `marginals sum to ${total}`);
  assert.ok(decision.ranking.length > 0 && decision.ranking.length <= 16);
}
assert.deepEqual(await router.route(requests), decisions, "the same requests gave other decisions");
router.dispose();
router.dispose();
console.log(`the custom router decided ${decisions.map((one) => decisionArm(one).answerer.candidate).join(", ")}`);
