import { formatCost, formatDifference, formatInterval, formatScore } from "../terminal/format-number.ts";
import type { Colours } from "../terminal/terminal.ts";
import { type TextColumn, textTable, wrapText } from "../terminal/text-table.ts";
import type { StudyMethodRow, StudyResult } from "./study-result.ts";
import {
  bestRouterText,
  CONSTRUCTED,
  costFirstText,
  headline,
  hullText,
  methodGroups,
  sampleText,
  scoreText,
  verdictText,
} from "./study-words.ts";

const WIDTH = 110;

/** Tables and verdicts of a study for a terminal; the same result gives the same text. */
export function studyTables(result: StudyResult, colours: Colours): string {
  const { primary, hull } = result;
  const tone = { decided: colours.bold, incomplete: colours.yellow, "too-few": colours.yellow }[primary.state];
  const said = (text: string | null): string => (text === null ? "" : wrapText(text, WIDTH));
  const dimmed = (text: string): string => said(text).replace(/^.+$/gm, (line) => colours.dim(line));
  return [
    `\n${tone(said(headline(result)).trimEnd())}\n`,
    said(sampleText(result)),
    said(CONSTRUCTED).replace(/^.+$/gm, (line) => colours.yellow(line)),
    `\n${methodTable(result, colours)}\n`,
    ...(primary.comparisons.length === 0
      ? []
      : [`Primary comparisons, corrected as one family of ${primary.planned}\n`]),
    ...primary.comparisons.map((comparison) => {
      const paint = { met: colours.green, "not-met": colours.red, open: colours.yellow }[comparison.verdict];
      return said(`- ${verdictText(comparison)}`).replace(/^.+$/gm, (line) => paint(line));
    }),
    ...primary.absent.map(({ id, method, baseline }) => said(`- Missing: ${id}, ${method} minus ${baseline}.`)),
    ...(primary.state === "too-few" ? [dimmed(`(${primary.reason})`)] : []),
    said(bestRouterText(result)),
    said(costFirstText(result)),
    ...hull.advantages.map((one) => said(hullText(one))),
    secondaryTable(result, colours),
  ].join("");
}

function methodTable(result: StudyResult, colours: Colours): string {
  const { costUnit } = result;
  const columns: TextColumn[] = [
    { title: "method" },
    { title: "score [95 %]", align: "right" },
    { title: "± seeds", align: "right" },
    { title: costUnit === null ? "cost" : `cost, ${costUnit}`, align: "right" },
    { title: "valid", align: "right" },
    { title: "seeds", align: "right" },
    { title: "failed", align: "right" },
  ];
  const rows = methodGroups(result).flatMap(({ methods }) =>
    methods.map((method) => {
      const cells = methodCells(method);
      if (method.role === "haps") return cells.map((cell) => colours.bold(cell));
      return method.role === "static" || method.role === "reference" ? cells.map((cell) => colours.dim(cell)) : cells;
    }),
  );
  return textTable(columns, rows, colours);
}

/** Cells of the table of methods as texts. */
export function methodCells(method: StudyMethodRow): readonly string[] {
  const { id, seedDeviation, cost, valid, seeds, failed } = method;
  return [
    id,
    scoreText(method),
    formatScore(seedDeviation),
    formatCost(cost),
    formatScore(valid),
    String(seeds),
    String(failed),
  ];
}

function secondaryTable({ secondary }: StudyResult, colours: Colours): string {
  if (secondary.comparisons.length === 0) return "";
  const [first] = secondary.comparisons;
  const columns: TextColumn[] = [
    { title: `${first?.method} minus` },
    { title: "difference", align: "right" },
    { title: "95 %, uncorrected", align: "right" },
  ];
  const rows = secondary.comparisons.map(({ baseline, difference, low, high }) => [
    baseline,
    formatDifference(difference),
    formatInterval(low, high),
  ]);
  return `\nEvery other method, corrected for nothing\n${textTable(columns, rows, colours)}`;
}
