import { readFileSync, existsSync, writeFileSync } from "node:fs";
import { createAtlasHop, type AtlasHopItem } from "@haps/benchmarks";
import { createAssignmentHead, createScoredAssignments } from "@haps/architecture-router";
import { createLoraGenerator, lastLayerTargets } from "@haps/hypernetwork";
import { createLanguageModel, createTensorEngine, createTransformerBackbone, encodeAssignments, encodePrompt, type LanguageModel, languageModelFrom, projectionSize, countParameters } from "@haps/language-model";
import { createJointTrainer, createPromptPolicy, createWarmUp, evaluateLive, type LiveQuestion } from "@haps/orchestrator";
import { resolveObjective } from "@haps/reward";
import { createAnswerScorer } from "@haps/reward/scores";
import { createRng, loadBackend, readSafetensors, allAssignments } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { createLiveEnvironment } from "@haps/workflow";
import { createWordTokenizer } from "./pool/word-tokenizer.ts";
import { hopSetting, POOL_ROLES } from "./pool/pool-workflow.ts";
import { ROUTER_PROMPTS } from "./pool/router-prompt.ts";
import { openPool, parameterPrice } from "./pool/open-pool.ts";
await loadBackend(["wasm"]);
const opt = Object.fromEntries(process.argv.slice(2).map((r) => r.split("="))) as Record<string, string>;
const num = (k: string, d: number) => Number(opt[k] ?? d);
const DIR = "/tmp/haps/pool";
let tokenizer: ReturnType<typeof createWordTokenizer>, models: LanguageModel[], router: LanguageModel;
const rng = createRng(num("seed", 1));
if (opt.pool) {
  const pool = await openPool(opt.pool);
  tokenizer = pool.tokenizer; models = pool.candidates.map((c) => c.model); router = await pool.loadRouter();
} else {
  tokenizer = createWordTokenizer(JSON.parse(readFileSync(`${DIR}/vocab.json`, "utf8")));
  const load = (n: string): LanguageModel => languageModelFrom((() => { const m = createLanguageModel({ ...JSON.parse(readFileSync(`${DIR}/${n}.json`, "utf8")), rng: createRng(0) }); const c = m.config; m.dispose(); return c; })(), readSafetensors(readFileSync(`${DIR}/${n}.safetensors`)).arrays);
  models = [load("c0b"), load("c1b")];
  router = createLanguageModel({ ...models[0]!.config, layers: 1, family: "llama", rng: rng.fork("router"), initialDeviation: 0.1 } as never);
}
const IDS = ["small", "large"];
const engines = models.map((model, i) => createTensorEngine({ candidate: IDS[i]!, model, tokenizer, maxBatch: 64 }));
const { workflow, retriever } = hopSetting();
const prices = Object.fromEntries(models.map((m, i) => [IDS[i]!, parameterPrice(countParameters(m.config))]));
const environment = createLiveEnvironment({ workflow, engines, retriever, scorer: createAnswerScorer(), score: "f1", prices, recordCalls: true });
const hop = createAtlasHop({ train: 4000, valid: 500, test: 0 });
const encode = (t: string) => tokenizer.encode(t);
const live = (items: readonly AtlasHopItem[]): LiveQuestion[] => items.map((it) => ({ question: it.question as never, prompt: encodePrompt({ ...ROUTER_PROMPTS.hop, question: it.question.text, encode }) }));
const train = live(hop.train), valid = live(hop.valid);
const decoding = { maxTokens: 16 };
// static table
const cacheFile = `${DIR}/table-${(opt.pool ?? "scratch").replaceAll("/", "_")}.json`;
type Cell = [number, number];
let table: { train: Cell[][]; valid: Cell[][] };
async function statics(qs: LiveQuestion[]): Promise<Cell[][]> {
  const cells: Cell[][] = qs.map(() => []);
  for (const a of allAssignments(2, 2)) {
    const trials = qs.map((q) => ({ id: q.question.id, question: q.question, seed: 1, roles: { teacher: { candidate: IDS[a[0]!]!, decoding }, student: { candidate: IDS[a[1]!]!, decoding } } }));
    const byId = new Map(qs.map((q, i) => [q.question.id, i]));
    for await (const o of environment.run(trials)) cells[byId.get(o.trialId)!]!.push(o.status === "ok" || o.status === "no-answer" ? [o.score, o.cost!.amount] : [NaN, NaN]);
  }
  return cells;
}
if (existsSync(cacheFile)) table = JSON.parse(readFileSync(cacheFile, "utf8"));
else { const t = Date.now(); table = { train: await statics(train.slice(0, num("sampled", 2000))), valid: await statics(valid) }; writeFileSync(cacheFile, JSON.stringify(table)); console.log("statics", ((Date.now() - t) / 1000).toFixed(0) + "s"); }
const mean = (a: number[]) => a.reduce((x, y) => x + y, 0) / a.length;
for (const s of ["train", "valid"] as const) console.log(s, "static", [0, 1, 2, 3].map((a) => `${mean(table[s].map((r) => r[a]![0])).toFixed(3)} @${mean(table[s].map((r) => r[a]![1])).toFixed(0)}`).join("  "), "oracle", mean(table[s].map((r) => Math.max(...r.map((c) => c[0])))).toFixed(3));
{ // class table fitted on train
  const best = new Map<string, number[][]>(); table.train.forEach((r, i) => { const c = hop.train[i]!.labels.class; (best.get(c) ?? best.set(c, []).get(c))!.push(r.map((x) => x[0])); });
  const pick = new Map([...best].map(([c, rows]) => { const m = [0, 1, 2, 3].map((a) => mean(rows.map((r) => r[a]!))); return [c, m.indexOf(Math.max(...m))]; }));
  console.log("class table on valid", mean(table.valid.map((r, i) => r[pick.get(hop.valid[i]!.labels.class)!]![0])).toFixed(3));
}
// policy
const assignments = encodeAssignments({ roles: [...POOL_ROLES], candidates: 2, encode });
const pooling = (opt.pooling ?? "span") as "span";
const generated = opt.high === "generated";
const backbone = createTransformerBackbone({ model: router, pooling, ...(generated ? { assignments } : {}) });
const rank = num("rank", 8);
const blind = opt.blind === "1";
const generators = new Map(models.map((m, i) => [IDS[i]!, createLoraGenerator({ space: { targets: lastLayerTargets({ layers: m.config.layers, ...projectionSize(m.config, "o"), rank }), scale: num("scale", 1) }, hiddenDimension: backbone.hiddenDimension, trunkLayers: num("trunkLayers", 1), trunkWidth: num("trunk", 64), headInit: (opt.init ?? "zeroUp") as "zeroUp", rng: rng.fork(`lora ${i}`) })]));
const head = createAssignmentHead({ roles: 2, candidates: 2, hiddenDimension: backbone.hiddenDimension, rng: rng.fork("head") });
const policy = createPromptPolicy({ candidates: IDS, roles: 2, backbone, generators: opt.lora === "none" ? new Map() : generators, conditioning: blind ? "none" : "question", assignments: (enc, batch) => generated ? createScoredAssignments(enc.scorer, { form: "joint" }) : head.forward(enc.hidden, tf.tensor1d([...batch.costWeights])), ...(generated ? {} : { assignmentVariables: head.variables }) });
const evalNow = async (label: string, extra: any = opt.fixed ? { assignments: { fixed: opt.fixed.split(",").map(Number) } } : {}) => { if (opt.fixed) extra = { ...extra, assignments: { fixed: opt.fixed.split(",").map(Number) } }; const e = await evaluateLive({ policy, environment, questions: valid, decoding, label, ...extra }); const by: Record<string, number[]> = {}; e.results.forEach((r, i) => { const o = r.outcome; (by[hop.valid[i]!.labels.type] ??= []).push("score" in o ? o.score : NaN); }); return `${e.meanScore!.toFixed(3)} cost ${e.meanCost!.amount.toFixed(0)} ${Object.entries(by).map(([k, v]) => `${k} ${mean(v).toFixed(3)}`).join(" ")} shares ${e.shares.map((s) => `${s.assignment.join("")}:${s.share.toFixed(2)}`).join(" ")}`; };
let t = Date.now();
if (opt.warm !== "0") {
  const warm = createWarmUp({ policy, rows: table.train.map((r, i) => ({ prompt: train[i]!.prompt, quality: r.map((c) => c[0]) })), objective: resolveObjective({ warmUp: opt.hard ? { kind: "hard" } : { kind: "soft", temperature: num("temp", 0.2) } }), config: { rowsPerStep: 64, optimizer: { learningRate: num("warmLr", 3e-3) } }, rng: rng.fork("warm") });
  const steps = num("warmSteps", 150);
  while (warm.completedSteps < steps) { const s = warm.step(); if (warm.completedSteps % 50 === 0) console.log("warm", warm.completedSteps, s.loss?.toFixed(3), await evalNow(`w${warm.completedSteps}`, { withLora: false }), ((Date.now() - t) / 1000).toFixed(0) + "s"); }
}
t = Date.now();
const lr = num("lr", 3e-3);
const steps = num("steps", 100);
const joint = createJointTrainer({ policy, environment, engines: new Map(engines.map((e) => [e.candidate, e])), questions: train, costScale: null, rng: rng.fork("joint"), objective: resolveObjective({ assignmentGradient: opt.zgrad === "none" ? "none" : "reinforce", parameterGradient: opt.lora === "none" ? "none" : "tokenLikelihood", baseline: { kind: "leaveOneOut" }, entropyWeight: num("entropy", 0.02) }), config: { questionsPerStep: num("q", 24), rollouts: num("r", 4), withLora: opt.lora !== "none", episodesPerAssignment: num("epa", 1), ...(opt.fixed ? { assignments: { fixed: opt.fixed.split(",").map(Number) } } : {}), tokenReduction: (opt.red ?? "sum") as "sum", decoding: { temperature: 1, maxTokens: 16 }, optimizer: { learningRate: { kind: "linear", rate: lr, totalSteps: steps, finalRate: lr / 10, warmupSteps: 5 } }, parts: { backbone: { learningRateFactor: num("bf", 0.3) }, architecture: { learningRateFactor: num("af", 1) } }, clipNorm: 1 } });
while (joint.completedSteps < steps) {
  const s = await joint.step();
  if (joint.completedSteps % 5 === 0) console.log("joint", joint.completedSteps, "score", s.meanScore?.toFixed(3), "entropy", s.assignmentEntropy?.toFixed(2), "skip", s.skippedShare.toFixed(2), "tokens", s.gradientTokens, "norms", JSON.stringify(Object.fromEntries(Object.entries({ ...s.loraNorms, g: s.gradientNorm, ...s.gradientNorms }).map(([k, v]) => [k, Number(v?.toFixed(3))]))), ((Date.now() - t) / 1000).toFixed(0) + "s");
  if (joint.completedSteps % num("every", 25) === 0) console.log("   valid", joint.completedSteps, await evalNow(`j${joint.completedSteps}`), ((Date.now() - t) / 1000).toFixed(0) + "s");
}
console.log("without lora", await evalNow("off", { withLora: false }));
