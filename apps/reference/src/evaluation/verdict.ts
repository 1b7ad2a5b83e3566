import { formatDifference, formatInterval, formatRatio } from "../terminal/format-number.ts";
import type { EvaluationResult, MethodResult } from "./evaluation-result.ts";

/** What an evaluation says in plain words. */
export interface Verdict {
  /** Which way the main comparison came out. */
  readonly kind: "gain" | "none" | "loss" | "unknown";
  /** One sentence that could stand alone. */
  readonly headline: string;
  /** Further sentences, most important first. */
  readonly sentences: readonly string[];
}

/** Said wherever HAPS is not shown to beat the lookup of the best arm per task. */
export const ROUTES_BY_TASK = "routes by task, not by question";

/** Says what the table of methods shows, and no more than its intervals allow. */
export function judge(result: EvaluationResult): Verdict {
  const find = (name: string): MethodResult | undefined =>
    result.summary.methods.find((method) => method.name === name);
  const haps = find("haps");
  const prefix = result.simulated ? "Simulated outcomes: " : "";
  const table = find("task-table");
  if (haps === undefined) {
    return { kind: "unknown", headline: `${prefix}HAPS was not among the methods.`, sentences: [] };
  }
  if (haps.versusBestSingle === null) {
    const headline = `${prefix}HAPS cannot be compared with the best single arm: too few texts have a recorded outcome of both.`;
    return { kind: "unknown", headline, sentences: table === undefined ? [] : taskSentence(table, "unknown") };
  }
  const { difference, low, high } = haps.versusBestSingle;
  const figures = `${formatDifference(difference)} ${formatInterval(low, high)}`;
  const kind = low > 0 ? "gain" : high < 0 ? "loss" : "none";
  const headline = {
    gain: `${prefix}HAPS scores higher than always using the best single arm: ${figures}.`,
    none: `${prefix}HAPS and always using the best single arm cannot be told apart: ${figures}.`,
    loss: `${prefix}HAPS scores lower than always using the best single arm: ${figures}.`,
  }[kind];
  return {
    kind,
    headline,
    sentences: [
      ...(table === undefined ? [] : taskSentence(table, kind)),
      ...rivalSentences(result),
      ...costSentence(find("haps-operating-point") ?? haps),
      ...areaSentence(result),
    ],
  };
}

function taskSentence(table: MethodResult, kind: Verdict["kind"]): string[] {
  if (table.versusHaps === null) return [];
  const { difference, low, high } = table.versusHaps;
  const figures = `HAPS minus task-table ${formatDifference(-difference)} ${formatInterval(-high, -low)}`;
  if (high < 0) {
    return kind === "gain"
      ? [`It beats the lookup of the best arm per task as well (${figures}): it routes by question.`]
      : [`It beats the lookup of the best arm per task (${figures}).`];
  }
  const reading = kind === "gain" ? "it" : "at best it";
  return [`It does not beat the lookup of the best arm per task (${figures}): ${reading} ${ROUTES_BY_TASK}.`];
}

function rivalSentences(result: EvaluationResult): string[] {
  const ablations = new Set(result.ablations.map((ablation) => ablation.name));
  const rivals = result.summary.methods.filter(
    (method) =>
      !method.reference &&
      !method.privileged &&
      !method.name.startsWith("haps") &&
      !ablations.has(method.name) &&
      method.versusHaps !== null,
  );
  if (rivals.length === 0) return [];
  const better = rivals.filter((method) => (method.versusHaps?.low ?? 0) > 0).map((method) => method.name);
  const worse = rivals.filter((method) => (method.versusHaps?.high ?? 0) < 0).map((method) => method.name);
  const level = rivals.map((method) => method.name).filter((name) => !better.includes(name) && !worse.includes(name));
  return [
    ...(worse.length > 0 ? [`It scores higher than ${listed(worse)}.`] : []),
    ...(level.length > 0 ? [`It cannot be told apart from ${listed(level)}.`] : []),
    ...(better.length > 0 ? [`It scores lower than ${listed(better)}.`] : []),
  ];
}

function costSentence(method: MethodResult): string[] {
  if (method.costRatio === null) return [];
  const interval = method.costRatioInterval;
  const range = interval === null ? "" : ` [${formatRatio(interval[0])}, ${formatRatio(interval[1])}]`;
  const score = method.versusBestSingle;
  if (method.name === "haps")
    return [`Its cost is ${formatRatio(method.costRatio)}${range} that of the best single arm.`];
  const change =
    score === null
      ? ""
      : ` at a score difference of ${formatDifference(score.difference)} ${formatInterval(score.low, score.high)}`;
  return [
    `With the operating point chosen inside each training fold, its cost is ${formatRatio(method.costRatio)}${range} that of the best single arm${change}.`,
  ];
}

function areaSentence(result: EvaluationResult): string[] {
  const area = result.curves?.methods.find((method) => method.name === "haps")?.areaAboveHull;
  if (area == null) return [];
  const figures = `${formatDifference(area.difference)} ${formatInterval(area.low, area.high)}`;
  const reading = area.low > 0 ? "above" : area.high < 0 ? "below" : "not distinguishable from";
  return [
    `Between 0.05x and 0.5x of that cost its curve lies ${reading} mixtures of single arms (mean height ${figures}).`,
  ];
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
