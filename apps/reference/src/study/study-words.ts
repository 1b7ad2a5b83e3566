import { formatDifference, formatInterval, formatScore } from "../terminal/format-number.ts";
import { FAMILY_LEVEL } from "./study-comparisons.ts";
import type { PrimaryComparison, StudyMethodRow, StudyResult } from "./study-result.ts";

/** Stands wherever results of a study are shown. */
export const CONSTRUCTED =
  "Constructed habits: the models of this pool are small, were trained from scratch by this project, and bad habits were put into their training texts on purpose, so that routing and generated weights have something to repair. Figures say whether the method works as built, not what it gains on models that people use.";

/** Methods by what they are, in the order of every table. */
export const METHOD_GROUPS: readonly { readonly title: string; readonly roles: readonly StudyMethodRow["role"][] }[] = [
  { title: "HAPS", roles: ["haps", "regime"] },
  { title: "As released", roles: ["released"] },
  { title: "Ablations", roles: ["ablation"] },
  { title: "Controls", roles: ["control"] },
  { title: "Other methods trained live", roles: ["rival"] },
  { title: "Routers on outcomes of the base models", roles: ["router"] },
  { title: "References without a fit", roles: ["reference"] },
  { title: "Static assignments", roles: ["static"] },
];

/** Groups that have a method, with their methods. */
export function methodGroups({ methods }: StudyResult) {
  return METHOD_GROUPS.map(({ title, roles }) => ({
    title,
    methods: methods.filter(({ role }) => roles.includes(role)),
  })).filter((group) => group.methods.length > 0);
}

/** `0.6012 [0.5871, 0.6153]`, without an interval where there is none. */
export function scoreText({ score, low, high }: Pick<StudyMethodRow, "score" | "low" | "high">): string {
  return low === null || high === null
    ? formatScore(score)
    : `${formatScore(score)} [${formatScore(low)}, ${formatScore(high)}]`;
}

/** `p = 0.012`, `p < 0.001`. */
export function pText(value: number): string {
  return value < 0.001 ? "p < 0.001" : `p = ${value.toFixed(3)}`;
}

/** A figure of what generated weights did, which may be tiny. */
export function diagnosticText(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : String(Number(value.toPrecision(3)));
}

/** One primary comparison in words, verdict first. */
export function verdictText(comparison: PrimaryComparison): string {
  const { verdict, difference, low, high, bonferroniLow, pHolm } = comparison;
  const start = { met: "Met", "not-met": "Not met", open: "Open" }[verdict];
  const figures = `${formatDifference(difference)} ${formatInterval(low, high)}, corrected lower bound ${formatDifference(bonferroniLow)}, Holm ${pText(pHolm)}`;
  return `${start}: ${pairText(comparison)} is ${figures}${reading(comparison)}.`;
}

function reading({ verdict, high, pHolm }: PrimaryComparison): string {
  if (verdict === "open") return "; preliminary";
  if (verdict === "met") return "";
  if (high < 0) return "; it is worse";
  if (pHolm <= FAMILY_LEVEL) return "; Holm's test rejects, but the simultaneous bound is not above zero";
  return "; not shown to be better";
}

/** `haps minus knn` */
export function pairText({ method, baseline }: Pick<PrimaryComparison, "method" | "baseline">): string {
  return `${method} minus ${baseline}`;
}

/** What a study says in one sentence that could stand alone. */
export function headline({ primary, title }: StudyResult): string {
  const { state, comparisons, planned, reason } = primary;
  if (state === "too-few") return `${title}: too few questions for any test of the primary comparisons.`;
  if (state === "incomplete") return `${title}: nothing is decided (${reason}).`;
  const met = comparisons.filter(({ verdict }) => verdict === "met").length;
  return `${title}: ${met} of ${planned} primary comparisons met.`;
}

/** How large the sample is, and how often it was looked at. */
export function sampleText({ counts, seeds, heldOut }: StudyResult): string {
  const { questions, clusters, openings, plannedUnits, missingUnits } = counts;
  const runs =
    missingUnits.length === 0
      ? `all ${plannedUnits} units finished`
      : `${plannedUnits - missingUnits.length} of ${plannedUnits} units finished`;
  return `${plural(questions, "question")} of ${heldOut} in ${plural(clusters, "cluster")} of one chain, ${plural(seeds.length, "seed")}, ${runs}; test was ${openings === 0 ? "not opened" : `opened ${openings === 1 ? "once" : `${openings} times`}`}.`;
}

/** Which router `best-router` stands for; `null` where there is none. */
export function bestRouterText({ primary }: StudyResult): string | null {
  if (primary.bestRouter === null) return null;
  const { id, valid } = primary.bestRouter;
  return `The best other router, chosen by its mean score on valid, is ${id} (${formatScore(valid)}).`;
}

/** The target of the cost-first regime in words; `null` without one. */
export function costFirstText({ costFirst }: StudyResult): string | null {
  if (costFirst === null) return null;
  const { method, reference, quality, cost, met, metWithIntervals } = costFirst;
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const range = ({ ratio, low, high }: typeof quality): string =>
    `${percent(ratio)} [${percent(low)}, ${percent(high)}]`;
  const verdict = metWithIntervals
    ? "Met, intervals included"
    : met
      ? "Met by the means, not by the whole intervals"
      : "Not met";
  return `${verdict}: ${method} keeps ${range(quality)} of the score of ${reference} at ${range(cost)} of its cost (target: at least 95 % at no more than 50 %).`;
}

/** How far one method lies above the hull, in words. */
export function hullText({
  method,
  advantage,
  low,
  high,
  cost,
  score,
  hullScore,
}: StudyResult["hull"]["advantages"][number]): string {
  const where = low > 0 ? "lies above" : high < 0 ? "lies below" : "cannot be told apart from";
  return `${method} ${where} the hull of the static assignments: ${formatDifference(advantage)} ${formatInterval(low, high)} (${formatScore(score)} against ${formatScore(hullScore)} at a cost of ${Number(cost.toPrecision(4))}).`;
}

/** What must be known before anything is quoted. */
export function limits(result: StudyResult): readonly string[] {
  const { counts, methods, seeds, primary } = result;
  const failed = methods.filter((method) => method.failed > 0 && method.role !== "reference");
  return [
    CONSTRUCTED,
    "Costs follow a rule that was fixed in advance, tokens times parameters; no money is involved.",
    `Intervals and tests speak of the methods as trained: they draw chains of questions anew, not ${plural(seeds.length, "seed")}. The spread over seeds stands beside them, and so does an interval that draws seeds too, where there are several.`,
    `Choices by outcomes (best single, cheapest, class table) were made on ${result.chosenOn}. The class table reads a label that a router cannot know, and the oracle has hindsight: both are marks to measure by, not methods.`,
    "Comparisons outside of the primary family are corrected for nothing; they are there to understand, not to claim.",
    ...(counts.openings > 1
      ? [`Test was opened ${counts.openings} times; whoever chose anything after the first time had seen it.`]
      : []),
    ...(primary.reason === null ? [] : [`Nothing is decided: ${primary.reason}.`]),
    ...(counts.missingUnits.length === 0 ? [] : [`Units that have not finished: ${counts.missingUnits.join(", ")}.`]),
    ...(failed.length === 0
      ? []
      : [
          `Failed trials are left out, never scored 0: ${failed.map(({ id, failed: count }) => `${id} ${count}`).join(", ")}.`,
        ]),
  ];
}

/** What the paper found, for reference; `null` where it has nothing alike. */
export function paperText({ benchmark }: Pick<StudyResult, "benchmark">): string | null {
  if (benchmark !== "atlas-hop") return null;
  return "For reference only: the paper reports +0.0185 F1 over the best other router on HotpotQA with its Llama and Qwen pool (section 4.2); other questions, other models, no interval given.";
}

/** How to get a study again. */
export function studyCommand({ id, seeds }: Pick<StudyResult, "id" | "seeds">): string {
  return `npm run -s haps -- experiment ${id} --seeds ${seeds.length}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
