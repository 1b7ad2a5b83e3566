import type { EvaluationResult, MethodResult } from "../src/evaluation/evaluation-result.ts";

/** A result of our own making with every part that a report can show; the numbers are plausible and mean nothing. */
export function reportFixture(changes: Partial<EvaluationResult> = {}): EvaluationResult {
  return {
    kind: "evaluation",
    schemaVersion: 1,
    experiment: {
      name: "made-up",
      title: "Which model and which prompt",
      question: "Does choosing the model and the prompt per question keep the score at half of the cost?",
      notes: ["Prices are those of the day on which the outcomes were recorded."],
    },
    simulated: false,
    summary: {
      experiment: "made-up",
      questions: 1000,
      texts: 996,
      folds: 5,
      seeds: [1, 2, 3, 4, 5],
      costWeight: 0,
      costUnit: "USD",
      methods: [
        method("haps", { score: 0.7702, single: [0.0117, 0.0022, 0.0209], haps: [0, 0, 0], ratio: 0.88 }),
        method("haps-operating-point", {
          score: 0.759,
          single: [0.0005, -0.0093, 0.0102],
          haps: [-0.0112, -0.0181, -0.0044],
          ratio: 0.46,
        }),
        method("task-table", {
          score: 0.7689,
          single: [0.0104, -0.0008, 0.0213],
          haps: [-0.0013, -0.0091, 0.0064],
          ratio: 0.91,
          privileged: true,
        }),
        method("flat", {
          score: 0.7671,
          single: [0.0086, -0.0013, 0.0185],
          haps: [-0.0031, -0.0088, 0.0027],
          ratio: 0.93,
        }),
        method("knn", {
          score: 0.7633,
          single: [0.0048, -0.0058, 0.0152],
          haps: [-0.0069, -0.0133, -0.0004],
          ratio: 0.95,
        }),
        method("ridge", {
          score: 0.7715,
          single: [0.013, 0.0031, 0.0226],
          haps: [0.0013, -0.0042, 0.0069],
          ratio: 0.84,
        }),
        method("mlp", {
          score: 0.7658,
          single: [0.0073, -0.0031, 0.0176],
          haps: [-0.0044, -0.0107, 0.0019],
          ratio: 0.9,
        }),
        method("haps-no-low-level", {
          score: 0.7611,
          single: [0.0026, -0.0054, 0.0106],
          haps: [-0.0091, -0.0169, -0.0014],
          ratio: 0.82,
        }),
        method("haps-random-high-level", {
          score: 0.6741,
          single: [-0.0844, -0.1012, -0.0677],
          haps: [-0.0961, -0.1132, -0.0789],
          ratio: 0.45,
        }),
        method("best-single", {
          score: 0.7585,
          single: [0, 0, 0],
          haps: [-0.0117, -0.0209, -0.0022],
          ratio: 1,
          reference: true,
        }),
        method("cheapest", {
          score: 0.5553,
          single: [-0.2032, -0.2274, -0.1789],
          haps: [-0.2149, -0.2391, -0.1906],
          ratio: 0.02,
          reference: true,
        }),
        method("random", {
          score: 0.6528,
          single: [-0.1057, -0.1201, -0.0913],
          haps: [-0.1174, -0.1316, -0.1033],
          ratio: 0.39,
          reference: true,
        }),
        method("oracle", {
          score: 0.8635,
          single: [0.105, 0.0921, 0.1183],
          haps: [0.0933, 0.0804, 0.1062],
          ratio: 0.31,
          reference: true,
          privileged: true,
        }),
      ],
    },
    arms: ARMS.map((label, arm) => ({ label, score: ARM_SCORES[arm] as number, cost: ARM_COSTS[arm] as number })),
    shares: [
      { method: "haps", shares: [0.02, 0, 0.05, 0, 0.2, 0.33, 0.1, 0.3] },
      { method: "haps-operating-point", shares: [0.3, 0.02, 0.08, 0, 0.4, 0.15, 0.05, 0] },
      { method: "ridge", shares: [0.04, 0.01, 0.05, 0.01, 0.29, 0.2, 0.1, 0.3] },
      { method: "best-single", shares: [0, 0, 0, 0, 0, 0.4, 0, 0.6] },
      { method: "random", shares: ARMS.map(() => 1 / 8) },
      { method: "oracle", shares: [0.47, 0.05, 0.06, 0.04, 0.22, 0.06, 0.06, 0.04] },
    ],
    labels: {
      name: "task",
      rows: ["algebra", "law", "medicine", "reading"].map((label, row) => ({
        label,
        questions: 250,
        shares: ARMS.map((_, arm) => ((arm + row) % 4 === 3 ? 0.4 : 0.2) / 2),
        scores: ARMS.map((_, arm) => (arm === row ? 0.8 : 0.5 + 0.03 * arm)),
        haps: 0.77 + row / 100,
        bestSingle: 0.76 + row / 200,
      })),
    },
    curves: {
      unit: "USD",
      bestSingleCost: 0.034,
      singleArms: ARMS.map((label, arm) => ({
        label,
        cost: ARM_COSTS[arm] as number,
        score: ARM_SCORES[arm] as number,
      })),
      hull: [0, 2, 4, 5, 7].map((arm) => point(ARM_COSTS[arm] as number, ARM_SCORES[arm] as number)),
      methods: [
        { name: "haps", points: curvePoints(0.021), areaAboveHull: { difference: 0.0214, low: 0.0119, high: 0.0308 } },
        { name: "ridge", points: curvePoints(0.012), areaAboveHull: { difference: 0.0121, low: 0.0016, high: 0.0224 } },
        { name: "knn", points: curvePoints(-0.004), areaAboveHull: { difference: -0.0041, low: -0.0141, high: 0.006 } },
        {
          name: "haps-no-low-level",
          points: curvePoints(0.005),
          areaAboveHull: { difference: 0.005, low: -0.004, high: 0.014 },
        },
      ],
    },
    ablations: [
      { name: "haps-no-low-level", description: "no low level: each candidate with its best settings on train" },
      { name: "haps-random-high-level", description: "high level random: a uniform candidate per question" },
    ],
    permutation: permutationFixture(),
    planted: null,
    warnings: ["26 cells hold no answer; the source scores missing answers 0"],
    provenance: {
      commit: "0123456789abcdef0123456789abcdef01234567",
      configHash: "fdf56335f7",
      dataHash: "b414e3b7cd009304eb7d8309f9d8bc2ac40abd6ac0a469c12b60e36c21b4838e",
      backend: "wasm",
      versions: { haps: "0.0.0+c7ff065e3122", node: "20.20.2", tfjs: "4.22.0" },
      started: "2026-11-25T03:21:47.718Z",
      finished: "2026-11-25T03:31:08.231Z",
      jobs: 225,
      fitSeconds: 834.9,
      workers: 2,
      openings: 3,
    },
    ...changes,
  };
}

/** The fixture without what only some results have. */
export function bareFixture(): EvaluationResult {
  const full = reportFixture();
  const methods = full.summary.methods
    .filter(({ name }) => ["knn", "best-single", "random", "oracle"].includes(name))
    .map((one) => ({
      ...one,
      cost: null,
      costRatio: null,
      costRatioInterval: null,
      seedDeviation: null,
      versusHaps: null,
    }));
  return reportFixture({
    experiment: { ...full.experiment, notes: [] },
    summary: { ...full.summary, seeds: [1], costUnit: null, methods },
    labels: null,
    curves: null,
    ablations: [],
    permutation: null,
    warnings: [],
    shares: [{ method: "knn", shares: ARMS.map(() => 1 / 8) }],
  });
}

const ARMS = ["small", "large"].flatMap((model) =>
  ["baseline", "concise", "chain_of_thought", "composite"].map((prompt) => `${model} · prompt=${prompt}`),
);
const ARM_SCORES = [0.5553, 0.5562, 0.5731, 0.5377, 0.722, 0.7592, 0.7573, 0.7615];
const ARM_COSTS = [0.00073, 0.00094, 0.00115, 0.00167, 0.01455, 0.02058, 0.0269, 0.04102];

type Triple = readonly [difference: number, low: number, high: number];

interface MethodFigures {
  readonly score: number;
  readonly single: Triple;
  readonly haps: Triple;
  readonly ratio: number;
  readonly privileged?: boolean;
  readonly reference?: boolean;
}

function method(name: string, figures: MethodFigures): MethodResult {
  const { score, ratio, privileged = false, reference = false } = figures;
  const paired = ([difference, low, high]: Triple) => ({ difference, low, high });
  return {
    name,
    score,
    interval: [score - 0.022, score + 0.022],
    cost: 0.034 * ratio,
    costRatio: ratio,
    costRatioInterval: [ratio * 0.96, ratio * 1.04],
    entropy: name === "best-single" ? 0.67 : 1.31,
    entropyNormalised: name === "best-single" ? 0.32 : 0.63,
    seedDeviation: 0.0021,
    privileged,
    reference,
    versusBestSingle: paired(figures.single),
    versusHaps: paired(figures.haps),
    oracleShare: figures.single[0] / 0.105,
    notRecorded: 0,
  };
}

function point(cost: number, score: number) {
  return { cost, costRatio: cost / 0.034, score };
}

/** A concave curve, raised by `gain` at its middle. */
function curvePoints(gain: number) {
  return [2, 1, 0.4, 0.18, 0.08, 0.02, 0].map((costWeight, index) => {
    const ratio = 0.03 + 0.14 * index;
    const score = 0.556 + 0.21 * Math.sqrt((ratio - 0.03) / 0.84) + 4 * gain * ratio * (1 - ratio);
    return { costWeight, ...point(0.034 * ratio, score) };
  });
}

/** Forty intervals of which one lies above zero. */
function permutationFixture(): NonNullable<EvaluationResult["permutation"]> {
  const runs = Array.from({ length: 40 }, (_, index) => {
    const difference = index === 7 ? 0.0095 : 0.0035 * Math.sin(index * 2.4) - 0.0006;
    return { permutation: index + 1, difference, low: difference - 0.0075, high: difference + 0.0075 };
  });
  return { permutations: 40, falseGains: 1, falseLosses: 0, meanDifference: -0.0004, runs };
}
