import type { OutcomeTable } from "@haps/spec";
import { type BaseOutcomes, baseOutcomes } from "../../src/live/base-outcomes.ts";
import { type StudyConfig, studyConfigSchema } from "../../src/study/study-config.ts";
import type { StudyOutcomes } from "../../src/study/study-methods.ts";
import { planUnits, type UnitRecord } from "../../src/study/study-unit.ts";
import type { StudyInput } from "../../src/study/summarise-study.ts";

/** Scores of the four assignments on a question of class 0 to 3: each is good at one class. Means 0.45, 0.4, 0.4, 0.35. */
const SKILL = [
  [1, 0.2, 0.2, 0.2],
  [0.4, 0.8, 0.2, 0.2],
  [0.2, 0.2, 0.8, 0.2],
  [0.2, 0.4, 0.4, 0.8],
] as const;
/** Costs of the four assignments of every question. */
const COST = [4, 3, 2, 1] as const;

/** Class of a question: they take turns. */
export function classOf(question: number): number {
  return question % 4;
}

/** Outcomes of a split: chains of two questions, the first half bridge questions. */
export function splitOutcomes(split: string, questions: number): BaseOutcomes {
  const ids = Array.from({ length: questions }, (_, index) => `${split}-${index}`);
  const items = ids.map((id, index) => ({
    question: { id, text: id, gold: { answer: "x" } },
    labels: {
      class: `class-${classOf(index)}`,
      chain: `${split}-chain-${Math.floor(index / 2)}`,
      type: index < questions / 2 ? "bridge" : "comparison",
    },
  }));
  const roles = ["teacher", "student"];
  const arms = [
    ["a", "a"],
    ["a", "b"],
    ["b", "a"],
    ["b", "b"],
  ].map((pair) =>
    Object.fromEntries(roles.map((role, place) => [role, { candidate: pair[place] as string, settings: {} }])),
  );
  const table: OutcomeTable = {
    id: split,
    task: { id: "demo", description: "invented", roles: roles.map((id) => ({ id, description: id })) },
    pool: { candidates: ["a", "b"].map((id) => ({ id, weights: "open" as const, parameters: {} })) },
    rows: items.map(({ question: { id, text }, labels }) => ({ question: { id, text }, group: id, labels })),
    arms,
    score: Float64Array.from(ids.flatMap((_, index) => [...(SKILL[classOf(index)] as readonly number[])])),
    cost: Float64Array.from(ids.flatMap(() => [...COST])),
    costUnit: "tokens",
    samples: new Float64Array(4 * questions).fill(1),
    hash: split,
    warnings: [],
  };
  return baseOutcomes(table, items);
}

/** Outcomes on all splits. */
export function studyOutcomes(questions: number): StudyOutcomes {
  return {
    train: splitOutcomes("train", 16),
    valid: splitOutcomes("valid", 16),
    test: splitOutcomes("test", questions),
  };
}

/** HAPS with two ablations, a control, its cost-first regime and two routers. */
export function studyConfig(changes: Record<string, unknown> = {}): StudyConfig {
  const method = (role: string, description: string, more = {}) => ({ role, description, ...more });
  return studyConfigSchema.parse({
    schemaVersion: 1,
    id: "made-up",
    title: "A made-up study",
    benchmark: "atlas-hop",
    sizes: { train: 16, valid: 16, test: 240 },
    sampled: 16,
    base: { joint: null, warmUp: null },
    methods: {
      haps: method("haps", "both levels"),
      "no-low": method("ablation", "without weights"),
      "haps-random": method("control", "an untrained generator"),
      "haps-cost-first": method("regime", "cost first", { seeds: 2 }),
    },
    routers: ["knn", "mlp"],
    primary: [
      { id: "router", method: "haps", baseline: "best-router" },
      { id: "low-level", method: "haps", baseline: "no-low" },
      { id: "random", method: "haps", baseline: "haps-random" },
    ],
    ...changes,
  });
}

/** Planted mean scores on test. HAPS is 0.1 above no-low everywhere and no better than the untrained generator on average. */
export const PLANTED: Readonly<
  Record<string, { readonly score: number; readonly cost: number; readonly valid: number }>
> = {
  haps: { score: 0.6, cost: 3, valid: 0.62 },
  "no-low": { score: 0.5, cost: 3, valid: 0.55 },
  "haps-random": { score: 0.6, cost: 3, valid: 0.5 },
  "haps-cost-first": { score: 0.58, cost: 1.2, valid: 0.56 },
  knn: { score: 0.45, cost: 2, valid: 0.48 },
  mlp: { score: 0.4, cost: 2, valid: 0.5 },
};

/**
 * A unit with the planted means: the same swing of ±0.2 over chains for everyone, one of ±0.1 over seeds that averages out over
 * seeds 1 to 3, and for `haps-random` a swing of its own.
 */
export function unitRecord(method: string, seed: number, questions: number): UnitRecord {
  const { score, cost, valid } = PLANTED[method] as (typeof PLANTED)[string];
  const swing = (question: number): number => (Math.floor(question / 2) % 2 === 0 ? 0.2 : -0.2);
  const own = (question: number): number => (method === "haps-random" && Math.floor(question / 4) % 2 === 0 ? 0.1 : 0);
  const lost = method === "haps-random" ? 0.05 : 0;
  const bySeed = 0.1 * (seed - 2);
  const rows = Array.from({ length: questions }, (_, question) => question);
  return {
    schemaVersion: 1,
    method,
    seed,
    costWeight: method === "haps-cost-first" ? 0.5 : 0,
    valid: {
      score: Array.from({ length: 16 }, () => valid),
      cost: Array.from({ length: 16 }, () => cost),
      assignment: Array.from({ length: 16 }, () => 0),
    },
    test: {
      score: rows.map((question) => score + swing(question) + own(question) - lost + bySeed),
      cost: rows.map(() => cost),
      assignment: rows.map(classOf),
    },
    curve:
      method === "haps"
        ? [0, 10, 20].map((step) => ({ step, score: 0.4 + step / 100 + bySeed, cost: 4 - step / 20 }))
        : [],
    diagnostics: method.startsWith("haps")
      ? { "updateSize/a": 0.01 * seed, changedAnswers: seed === 1 ? null : 0.2 }
      : {},
  };
}

/** Everything that {@link summariseStudy} reads, all units finished. */
export function studyInput(changes: Partial<StudyInput> & { readonly questions?: number } = {}): StudyInput {
  const { questions = 240, ...rest } = changes;
  const config = rest.config ?? studyConfig();
  const seeds = rest.seeds ?? [1, 2, 3];
  return {
    config,
    seeds,
    units: rest.units ?? planUnits(config, seeds).map(({ method, seed }) => unitRecord(method, seed, questions)),
    outcomes: studyOutcomes(questions),
    openings: 1,
    habits: { a: ["answers one hop too early"] },
    provenance: { benchmark: "0123abcd" },
    resamples: 2000,
    ...rest,
  };
}
