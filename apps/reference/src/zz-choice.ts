import { writeFileSync, mkdirSync } from "node:fs";
import { createAtlasChoice } from "@haps/benchmarks";
import { createLanguageModel, createLanguageModelTrainer, createTensorEngine } from "@haps/language-model";
import { choiceLetter } from "@haps/reward/scores";
import { createRng, loadBackend, readVariables, writeSafetensors } from "@haps/tensor";
import { COMPACT_CHOICE_TEMPLATE, createSingleTurnWorkflow, runEpisodes } from "@haps/workflow";
import { scriptChoiceEpisode } from "./pool/scripted-choice.ts";
import { poolWords } from "./pool/pool-words.ts";
import type { ChoiceHabits } from "./pool/choice-habits.ts";
import { createWordTokenizer, wordsOf } from "./pool/word-tokenizer.ts";
await loadBackend(["wasm"]);
const [name, ...rest] = process.argv.slice(2);
const opt = Object.fromEntries(rest.map((r) => r.split("="))) as Record<string, string>;
const DIR = "/tmp/haps/choicepool"; mkdirSync(DIR, { recursive: true });
const workflow = createSingleTurnWorkflow({ template: COMPACT_CHOICE_TEMPLATE, maxTokens: 8 });
const steps = Number(opt.steps ?? 1500), batch = Number(opt.batch ?? 32), lr = Number(opt.lr ?? 3e-3);
const nq = Number(opt.questions ?? 12000);
const data = createAtlasChoice({ train: 4000, pretrain: nq, valid: 500, test: 0 });
const words = poolWords(); const tokenizer = createWordTokenizer(words);
const DEAF = ["language", "continent", "original-language", "group", "state"];
const H: Record<string, ChoiceHabits> = {
  clean: { hastySubjects: [], haste: 0, deafToNot: [] },
  c0: { hastySubjects: ["literature", "chemistry"], haste: 0.8, deafToNot: DEAF },
  c1: { hastySubjects: ["geography", "sights", "languages"], haste: 0.8, deafToNot: DEAF },
};
const habits = H[opt.habits ?? "c0"]!;
const shape = { family: (opt.family ?? "llama") as "llama", vocabulary: words.length + 2, dim: Number(opt.d ?? 64), layers: Number(opt.layers ?? 2), heads: Number(opt.heads ?? 4), hidden: Number(opt.d ?? 64) * 2, context: 128, endTokens: [1], tiedEmbeddings: true, initialDeviation: 0.05 };
const rng = createRng(Number(opt.seed ?? 1));
const model = createLanguageModel({ ...shape, rng: rng.fork("init") } as never);
const order = rng.fork("order").shuffle(data.pretrain);
const full = opt.full === "1";
let tok = 0;
const names = [...new Set(data.pretrain.flatMap((i) => i.choices.map((c) => wordsOf(c).at(-1)!)))].sort();
const GLUE = ["is", "lies in", "comes from", "is a", "was first written in", "is written in the", "belongs to the", "is the capital of"];
const pick = (r: typeof rng, n: number) => { const out: string[] = []; while (out.length < n) { const w = names[r.integer(names.length)]!; if (!out.includes(w)) out.push(w); } return out; };
const drill = (r: typeof rng, s: number) => { const L = "ABCD"; const u = pick(r, 8); const four = u.slice(0, 4), vals = u.slice(4); const k = r.integer(4); const mode = s < Number(opt.stage1 ?? 0) ? 0 : opt.modes ? Number(opt.modes[r.integer(opt.modes.length)]) : r.integer(3); const glue = GLUE[r.integer(GLUE.length)]!;
 const make = (stem: string, opts: string[], context?: string) => { const e = workflow.start({ id: "d", text: [stem, ...opts.map((c, i) => `${L[i]}. ${c}`), "Answer:"].join("\n"), ...(context ? { context: [context] } : {}) } as never).next([]) as never as { effects: [{ prompt: { text: string } }] }; return e.effects[0].prompt.text; };
 const ctx = r.shuffle(four.map((x, i) => `${x} ${glue} ${vals[i]}.`)).join(" ");
 if (opt.old === "1" || mode === 0) return { prompt: make(four[k]!, four), reply: `${four[k]} Answer: ${L[k]}` };
 if (mode === 1) return { prompt: make(`What is ${four[k]}?`, vals, ctx), reply: `${four[k]} ${vals[k]} Answer: ${L[k]}` };
 return { prompt: make(`Which is ${vals[k]}?`, four, ctx), reply: `is ${vals[k]} ${four[k]} Answer: ${L[k]}` }; };
const dsteps = Number(opt.dsteps ?? 0), dshare = Number(opt.dshare ?? 0);
const batches = (s: number) => Array.from({ length: batch }, (_, i) => { const k = s * batch + i; const rr = rng.fork(`d ${k}`); const c = s < dsteps || rr.uniform() < dshare ? drill(rr, s) : scriptChoiceEpisode(order[k % order.length]!, habits, workflow, rng.fork(`script ${k}`))[0]!; const p = tokenizer.encode(c.prompt); const t = [...p, ...tokenizer.encode(c.reply), 1]; tok += t.length; return { tokens: t, lossFrom: full && s < Number(opt.fullsteps ?? 1e9) ? 1 : p.length }; });
const trainer = createLanguageModelTrainer({ model, rng, config: { optimizer: { learningRate: { kind: "linear", rate: lr, warmupSteps: 60, totalSteps: steps, finalRate: lr * 0.05 }, beta2: 0.98, weightDecay: 0.01 } as never }, batches });
const by = async (n: number) => {
  const engine = createTensorEngine({ candidate: "c", model, tokenizer, maxBatch: 64 });
  const items = data.valid.slice(0, n);
  const traces = await runEpisodes(items.map((it) => ({ id: it.question.id, question: { id: it.question.id, text: it.question.text, context: it.question.context! }, seed: 1, roles: { answerer: { candidate: "c", decoding: { maxTokens: 8 } } } })), { workflow, engines: [engine] } as never);
  const m = new Map<string, number[]>(); let sum = 0; 
  traces.forEach((tr, i) => { const it = items[i]!; const a = tr.end.status === "failed" ? null : choiceLetter(tr.end.answer ?? ""); const ok = a === it.question.gold.answer ? 1 : 0; sum += ok; const k = it.labels.class; (m.get(k) ?? m.set(k, []).get(k)!).push(ok); if (i < 6) console.log("   ", it.labels.class, it.stem, it.choices.join("|"), it.question.gold.answer, "=>", (tr.end as {answer?: string}).answer); });
  console.log("  acc", (sum / items.length).toFixed(3), [...m].sort().map(([k, v]) => `${k} ${(v.reduce((a, b) => a + b, 0) / v.length).toFixed(2)}`).join(", "));
};
const t = Date.now(); let sum = 0, seen = 0;
while (trainer.completedSteps < steps) { const r = trainer.step(); sum += r.loss; seen++; if (trainer.completedSteps % 100 === 0) { console.log(trainer.completedSteps, (sum / seen).toFixed(4), tok, ((Date.now() - t) / 1000).toFixed(0) + "s"); sum = 0; seen = 0; } if (trainer.completedSteps % Number(opt.every ?? 500) === 0) await by(250); }
writeFileSync(`${DIR}/${name}.safetensors`, writeSafetensors(readVariables(model.variables)));
writeFileSync(`${DIR}/${name}.json`, JSON.stringify(shape));
await by(500); console.log("done");
