// HAPS from end to end, live: `node joint-lora.mjs [seed]`, about 10 s on wasm with language models small enough to train here.
//
// A toy. A question such as "=ab+cd!" asks two roles for a word each: "=" for the word as it stands, "+" for the letters
// that follow its own; "!" wants capitals, "?" small letters; here "AB" and "DE". The workflow gives a role its bare word,
// "ab>", and each candidate has learnt one operation, in capitals as often as in small letters. So the architecture router
// must read which candidate suits which role, and the parameter router must tell it by LoRA weights how to write.
import assert from "node:assert/strict";
import { createScoredAssignments } from "@haps/architecture-router";
import { createLoraGenerator, lastLayerTargets } from "@haps/hypernetwork";
import {
  createLanguageModel,
  createLanguageModelTrainer,
  createTensorEngine,
  createTransformerBackbone,
  encodeAssignments,
  encodePrompt,
  projectionSize,
} from "@haps/language-model";
import { computeAdvantages, initialBaselineState, resolveObjective, sampledLoss } from "@haps/reward";
import {
  createAdamW,
  createRng,
  joinVariables,
  loadBackend,
  loraWeightsOf,
  surrogateLoss,
  tidyValue,
  trainStep,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

const started = performance.now();
const { name: backendName } = await loadBackend(["wasm", "cpu"]);
const rng = createRng(Number(process.argv[2] ?? 1)); // every stream below is forked from it by name
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// The toy: one token per character, and one operation per candidate.
const LETTERS = "abcdef";
const CHARACTERS = `${LETTERS}${LETTERS.toUpperCase()}=+!?>.01`;
const encode = (text) => [...text].map((character) => CHARACTERS.indexOf(character));
const decode = (tokens) => tokens.map((token) => CHARACTERS[token]).join("");
const successor = (letter) => LETTERS[(LETTERS.indexOf(letter) + 1) % LETTERS.length];
const ROLES = ["first", "second"];
const CANDIDATES = [
  { id: "copier", sign: "=", apply: (word) => word },
  { id: "successor", sign: "+", apply: (word) => word.replace(/./g, successor) },
];
const drawWord = (stream) => LETTERS[stream.integer(LETTERS.length)] + LETTERS[stream.integer(LETTERS.length)];
const spell = (word, loud) => (loud ? word.toUpperCase() : word);

function drawQuestion(stream) {
  const parts = ROLES.map(() => ({ word: drawWord(stream), asked: CANDIDATES[stream.integer(CANDIDATES.length)] }));
  const loud = stream.integer(2) === 1;
  const text = parts.map(({ word, asked }) => asked.sign + word).join("") + (loud ? "!" : "?");
  const prompt = encodePrompt({ before: "", question: text, after: ">", encode });
  const gold = parts.map(({ word, asked }) => spell(asked.apply(word), loud)); // for scores only
  return { text, prompt, words: parts.map(({ word }) => word), gold };
}

function makeModel(name, layers) {
  const sizes = { vocabulary: CHARACTERS.length, dim: 32, layers, heads: 4, hidden: 64, context: 32 };
  const endTokens = encode(".");
  return createLanguageModel({ family: "llama", ...sizes, endTokens, initialDeviation: 0.1, rng: rng.fork(name) });
}

/** A frozen candidate: it does its operation, and tosses a coin about capitals. */
function trainCandidate({ id, apply }) {
  const model = makeModel(id, 2);
  const draw = (stream) => {
    const word = drawWord(stream);
    return { tokens: encode(`${word}>${spell(apply(word), stream.integer(2) === 1)}.`), lossFrom: 3 };
  };
  const batches = (_step, stream) => Array.from({ length: 32 }, () => draw(stream));
  const config = { optimizer: { learningRate: 0.01 } };
  const trainer = createLanguageModelTrainer({ model, config, batches, rng: rng.fork(`${id} texts`) });
  while (trainer.completedSteps < 150) trainer.step();
  return model;
}
const models = CANDIDATES.map(trainCandidate);
const engines = models.map((model, index) => createTensorEngine({ candidate: CANDIDATES[index].id, model }));

// The policy: one language model reads the question and scores the assignments "00", "01", "10", "11" as its continuations;
// from the same pass, a hypernetwork per candidate makes LoRA weights. They start at no effect, as in LoRA.
const write = (assignment) => assignment.join("");
const assignmentTokens = encodeAssignments({ roles: ROLES, candidates: CANDIDATES.length, encode, write });
const routerModel = makeModel("router", 1);
const backbone = createTransformerBackbone({ model: routerModel, assignments: assignmentTokens });
const generators = models.map(({ config }, index) => {
  const targets = lastLayerTargets({ layers: config.layers, ...projectionSize(config, "o"), rank: 2 });
  const sizes = { space: { targets, scale: 1 }, hiddenDimension: backbone.hiddenDimension, trunkWidth: 32 };
  return createLoraGenerator({ ...sizes, headInit: "zeroUp", rng: rng.fork(`lora ${index}`) });
});
const heads = Object.fromEntries(generators.map(({ variables }, index) => [CANDIDATES[index].id, variables]));
const policy = joinVariables({ backbone: backbone.variables, ...heads });
const optimizer = createAdamW(policy, { learningRate: 0.003, weightDecay: 0 });
// Eq. 5 of the paper, with the mean reward of the other questions as a baseline and a little entropy against early certainty.
const baseline = { kind: "leaveOneOut" };
const objective = resolveObjective({ assignmentGradient: "reinforce", baseline, entropyWeight: 0.05 });

/** One pass of the policy: the distribution over assignments, and LoRA factors of each candidate for each question. */
function runPolicy(questions, options) {
  const prompts = questions.map(({ prompt }) => prompt);
  const { hidden, scorer } = backbone.encode(prompts, options);
  const distribution = createScoredAssignments(scorer, { form: "joint" });
  return { distribution, factors: generators.map((generator) => generator.generate(hidden)) };
}

/** Both levels decide, for training by chance from `stream`, else the likeliest; what crosses to the engines is plain data. */
function decide(questions, stream) {
  return tidyValue(() => {
    const { distribution, factors } = runPolicy(questions, { inference: true });
    const assignments = stream ? distribution.sample(stream) : distribution.top(1).map(([best]) => best.assignment);
    const callOf = (sample, role, word) => {
      const candidate = assignments[sample][role];
      const id = `step ${optimizer.step}, question ${sample}, ${CANDIDATES[candidate].id}`;
      return { sample, role, candidate, word, lora: loraWeightsOf(factors[candidate], sample, id) };
    };
    const calls = questions.flatMap(({ words }, sample) => words.map((word, role) => callOf(sample, role, word)));
    return { assignments, calls };
  });
}

/** Lets the engines answer; the reward of a question is the share of letters that are right. */
async function run(questions, calls, stream) {
  const decoding = { maxTokens: 3, temperature: stream ? 1 : 0 };
  for (const [candidate, engine] of engines.entries()) {
    const own = calls.filter((call) => call.candidate === candidate);
    const requests = own.map(({ word, lora }) => {
      return { prompt: { tokens: encode(`${word}>`) }, decoding, seed: stream?.integer(2 ** 32) ?? 0, lora };
    });
    for (const [index, reply] of (await engine.generate(requests)).entries()) {
      if (!reply.ok) throw reply.failure.error;
      own[index].generation = reply.value;
    }
  }
  const scoreOf = ({ role, generation }, gold) =>
    mean([...gold[role]].map((letter, place) => Number(decode(generation.tokens)[place] === letter)));
  return questions.map(({ gold }, sample) =>
    mean(calls.filter((call) => call.sample === sample).map((call) => scoreOf(call, gold))),
  );
}

/** One joint update of backbone θ and heads γ. Gradients cross the engines' border in two stages, exactly. */
async function update(questions, stream) {
  const { assignments, calls } = decide(questions, stream);
  const rewards = await run(questions, calls, stream);
  const { advantages } = computeAdvantages({ rewards }, objective.baseline, initialBaselineState);
  // First stage, asynchronous: each engine differentiates Σ -advantage log P(sampled tokens) by the LoRA weights it was given.
  const slopes = [];
  for (const [candidate, engine] of engines.entries()) {
    const own = calls.filter((call) => call.candidate === candidate);
    const items = own.map(({ sample, role, lora, generation }) => ({
      call: { role: ROLES[role], candidate: engine.candidate, ...generation },
      lora,
      weight: -advantages[sample] / questions.length,
    }));
    const { gradients } = await engine.loraGradient(items);
    slopes.push({ gradients, sampleOf: own.map(({ sample }) => sample) });
  }
  // Second stage, one synchronous pass: -advantage log P(z) of the high level, and the slopes through the low level.
  const loss = () => {
    const { distribution, factors } = runPolicy(questions);
    const logProbs = { assignments: distribution.logProb(assignments), settings: null };
    const low = slopes.map(({ gradients, sampleOf }, index) => surrogateLoss(factors[index], gradients, sampleOf));
    return tf.addN([sampledLoss(logProbs, { advantages }, objective), ...low]);
  };
  trainStep(optimizer, loss, { clipNorm: 1 });
}

const testStream = rng.fork("test questions");
const test = Array.from({ length: 200 }, () => drawQuestion(testStream));
const heldOut = new Set(test.map(({ text }) => text));
async function evaluate({ withLora = true } = {}) {
  const { calls } = decide(test);
  return 100 * mean(await run(test, withLora ? calls : calls.map(({ lora, ...bare }) => bare)));
}

const before = await evaluate();
const questionStream = rng.fork("training questions");
const actionStream = rng.fork("actions");
for (let step = 0; step < 200; step += 1) {
  const drawn = Array.from({ length: 48 }, () => drawQuestion(questionStream));
  const questions = drawn.filter(({ text }) => !heldOut.has(text));
  await update(questions, actionStream);
}
const after = await evaluate();
const withoutLora = await evaluate({ withLora: false });

const figures = `${before.toFixed(0)} % before, ${after.toFixed(0)} % after, ${withoutLora.toFixed(0)} % without its LoRA weights`;
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`toy, mean reward on ${test.length} held-out questions: ${figures} (${seconds} s, ${backendName})`);
assert.ok(after > before + 40, "joint training did not help");
assert.ok(after > withoutLora + 20, "the LoRA weights did not help");

await Promise.all(engines.map((engine) => engine.dispose()));
policy.dispose();
for (const model of [routerModel, ...models]) model.dispose();
assert.equal(tf.memory().numTensors, 0, "tensors were left behind");
