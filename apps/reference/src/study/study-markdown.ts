import { formatCost, formatDifference, formatInterval, formatScore, formatShare } from "../terminal/format-number.ts";
import type { StudyResult } from "./study-result.ts";
import { methodCells } from "./study-tables.ts";
import {
  bestRouterText,
  CONSTRUCTED,
  costFirstText,
  diagnosticText,
  headline,
  hullText,
  limits,
  methodGroups,
  pairText,
  paperText,
  pText,
  sampleText,
  studyCommand,
  verdictText,
} from "./study-words.ts";

/** The document of results, a part for each study; the same results give the same bytes. */
export function studyMarkdown(results: readonly StudyResult[]): string {
  return [
    "# Results",
    "",
    "Written by `haps experiment`; change nothing here by hand. Scores are F1 or accuracy between 0 and 1. What the",
    "comparisons are and when they were named: [protocol](protocol.md). What went wrong on the way: [log](log.md).",
    "",
    `> ${CONSTRUCTED}`,
    "",
    ...results.map(({ title }) => `- [${inline(title)}](#${anchor(title)})`),
    "",
    ...results.map(studyPart),
  ].join("\n");
}

function studyPart(result: StudyResult): string {
  return [
    `## ${inline(result.title)}`,
    "",
    `**${inline(headline(result))}** ${sampleText(result)}`,
    "",
    "To get it again:",
    "",
    "```sh",
    studyCommand(result),
    "```",
    "",
    ...poolPart(result),
    ...primaryPart(result),
    ...methodsPart(result),
    ...costPart(result),
    ...breakdownPart(result),
    ...trainingPart(result),
    ...secondaryPart(result),
    ...heading("Limits"),
    ...limits(result).map((text) => `- ${inline(text)}`),
    "",
    ...provenancePart(result),
  ].join("\n");
}

function poolPart({ pool, assignments }: StudyResult): string[] {
  return [
    ...heading("Pool"),
    ...pool.map(({ candidate, habits }) =>
      habits.length === 0
        ? `- \`${candidate}\``
        : `- \`${candidate}\`, constructed habits: ${habits.map(inline).join("; ")}`,
    ),
    "",
    `Static assignments: ${assignments.map((name) => `\`${name}\``).join(", ")}.`,
    "",
  ];
}

function primaryPart(result: StudyResult): string[] {
  const { primary } = result;
  const rows = primary.comparisons.map((one) => [
    one.id,
    pairText(one),
    formatDifference(one.difference),
    formatInterval(one.low, one.high),
    formatDifference(one.bonferroniLow),
    pText(one.pHolm),
    one.overSeeds === null ? "–" : formatInterval(one.overSeeds.low, one.overSeeds.high),
    `${one.seedsInFavour} of ${one.perSeed.length}`,
    { met: "met", "not-met": "not met", open: "open" }[one.verdict],
  ]);
  const titles = [
    "id",
    "what",
    "difference",
    "95 %",
    "corrected lower bound",
    "Holm",
    "95 % over seeds too",
    "seeds in favour",
    "verdict",
  ];
  return [
    ...heading("Primary comparisons"),
    `${primary.planned} comparisons, named before test was opened and corrected as one family: met where the simultaneous lower bound is above zero.`,
    "",
    ...(primary.reason === null ? [] : [`Nothing is decided: ${inline(primary.reason)}.`, ""]),
    ...table(titles, rows),
    ...primary.comparisons.map((one) => `- ${inline(verdictText(one))}`),
    ...primary.absent.map((one) => `- Missing: ${inline(one.id)}, ${inline(pairText(one))}.`),
    "",
    ...paragraphs([bestRouterText(result), paperText(result)]),
  ];
}

function methodsPart(result: StudyResult): string[] {
  const cost = result.costUnit === null ? "cost" : `cost, ${result.costUnit}`;
  const titles = ["method", "score [95 %]", "± seeds", cost, "valid", "seeds", "failed", "what it is"];
  return [
    ...heading("All methods"),
    ...methodGroups(result).flatMap(({ title, methods }) => [
      `${title}:`,
      "",
      ...table(
        titles,
        methods.map((method) => [...methodCells(method), method.description]),
      ),
    ]),
  ];
}

function costPart(result: StudyResult): string[] {
  const { hull } = result;
  if (hull.corners.length === 0) return [];
  return [
    ...heading("Cost and quality"),
    ...paragraphs([costFirstText(result)]),
    ...hull.advantages.map((one) => `- ${inline(hullText(one))}`),
    ...hull.absent.map(
      ({ method, reason }) => `- ${inline(method)} cannot be held against the hull: ${inline(reason)}.`,
    ),
    "",
    "The hull of the static assignments, chosen on test with hindsight, which favours the hull:",
    "",
    ...table(
      ["corner", "cost", "score"],
      hull.corners.map(({ id, cost, score }) => [id, formatCost(cost), formatScore(score)]),
    ),
  ];
}

function breakdownPart({ breakdowns }: StudyResult): string[] {
  return breakdowns.flatMap(({ label, methods, rows }) => [
    ...heading(`By ${label}`),
    ...table(
      [label, "questions", ...methods],
      rows.map(({ value, questions, scores }) => [value, String(questions), ...scores.map(formatScore)]),
    ),
  ]);
}

function trainingPart({ diagnostics, curves, assignments, methods }: StudyResult): string[] {
  const names = [...new Set(diagnostics.flatMap(({ figures }) => Object.keys(figures)))].sort();
  const looks = curves.flatMap(({ seed, points }) => {
    const [first] = points;
    const last = points.at(-1);
    if (first === undefined || last === undefined) return [];
    const best = points.reduce((one, other) => (other.score > one.score ? other : one));
    return [
      [
        String(seed),
        formatScore(first.score),
        `${formatScore(best.score)} at ${best.step}`,
        formatScore(last.score),
        String(last.step),
      ],
    ];
  });
  const routed = methods.filter(({ shares, role }) => shares !== null && role !== "static");
  return [
    ...(names.length === 0
      ? []
      : [
          ...heading("What the generated weights did"),
          "Means over seeds: size of the update relative to the weight, divergence of the replies per token in nats, share of changed answers, gradient norms. A low level that changes nothing shows zeros.",
          "",
          ...table(
            ["method", ...names],
            diagnostics.map(({ method, figures }) => [method, ...names.map((name) => diagnosticText(figures[name]))]),
          ),
        ]),
    ...(looks.length === 0
      ? []
      : [
          ...heading("Learning"),
          "Mean score on valid at the first, the best and the last look of joint training:",
          "",
          ...table(["seed", "first", "best, at step", "last", "steps"], looks),
        ]),
    ...heading("Who plays what"),
    "Share of the held-out questions, averaged over seeds:",
    "",
    ...table(
      ["method", ...assignments],
      routed.map(({ id, shares }) => [id, ...(shares ?? []).map(formatShare)]),
    ),
  ];
}

function secondaryPart({ secondary }: StudyResult): string[] {
  return [
    ...heading("Every other comparison, corrected for nothing"),
    ...(secondary.reason === null ? [] : [`There are none: ${inline(secondary.reason)}.`, ""]),
    ...table(
      ["what", "difference", "95 %", "two-sided", "questions"],
      secondary.comparisons.map((one) => [
        pairText(one),
        formatDifference(one.difference),
        formatInterval(one.low, one.high),
        pText(one.pTwoSided),
        String(one.questions),
      ]),
    ),
  ];
}

function provenancePart({ provenance }: StudyResult): string[] {
  const entries = Object.entries(provenance).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return [];
  return [...heading("Provenance"), ...entries.map(([name, value]) => `- ${inline(name)}: \`${value}\``), ""];
}

function heading(text: string): string[] {
  return [`### ${inline(text)}`, ""];
}

function paragraphs(texts: readonly (string | null)[]): string[] {
  return texts.flatMap((text) => (text === null ? [] : [inline(text), ""]));
}

/** A table, first column to the left; nothing without rows. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.map(inline).join(" | ")} |`;
  return [line(titles), `|---${"|---:".repeat(titles.length - 1)}|`, ...rows.map(line), ""];
}

/** Text that means itself in Markdown, on one line. */
function inline(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_|<>]/g, (mark) => `\\${mark}`);
}

/** The anchor that GitHub gives a heading. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}
