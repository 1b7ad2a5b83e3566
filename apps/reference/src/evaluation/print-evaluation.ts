import {
  formatCost,
  formatDifference,
  formatInterval,
  formatRatio,
  formatScore,
  formatShare,
} from "../terminal/format-number.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type TextColumn, textTable, wrapText } from "../terminal/text-table.ts";
import type { EvaluationResult, MethodResult } from "./evaluation-result.ts";
import { judge } from "./verdict.ts";

const WIDTH = 110;

/** Writes the table of methods and what it says in words to standard output. */
export function printEvaluation(terminal: Terminal, result: EvaluationResult): void {
  const { colours, out } = terminal;
  const { summary, experiment } = result;
  const label = result.simulated ? colours.yellow(" [simulated]") : "";
  out(`\n${colours.bold(experiment.title)}${label}\n`);
  out(wrapText(experiment.question, WIDTH));
  out(
    `${summary.questions} questions, ${summary.texts} distinct texts, ${result.arms.length} arms, ${summary.seeds.length} ${summary.seeds.length === 1 ? "seed" : "seeds"} x ${summary.folds} folds\n\n`,
  );
  out(methodTable(terminal, result));
  const gaps = gapsText(result);
  if (gaps !== "") out(colours.yellow(wrapText(gaps, WIDTH).trimEnd()).concat("\n"));
  const verdict = judge(result);
  const colour = { gain: colours.green, loss: colours.red, none: colours.yellow, unknown: colours.yellow }[
    verdict.kind
  ];
  out(`\n${colour(wrapText(verdict.headline, WIDTH).trimEnd())}\n`);
  for (const sentence of verdict.sentences) out(wrapText(sentence, WIDTH));
  if (result.planted !== null) {
    const { gain, share } = result.planted;
    out(`Simulated: the planted gain is ${formatDifference(gain)}; HAPS found ${formatShare(share)} of it.\n`);
  }
  if (result.permutation !== null) out(permutationText(result.permutation));
  for (const note of [...experiment.notes, ...result.warnings])
    out(colours.dim(wrapText(`note: ${note}`, WIDTH).trimEnd()).concat("\n"));
}

function methodTable(terminal: Terminal, result: EvaluationResult): string {
  const { methods, costUnit } = result.summary;
  const priced = methods.some((method) => method.cost !== null);
  const compared = methods.some((method) => method.versusHaps !== null);
  const columns: TextColumn[] = [
    { title: "method" },
    { title: "score", align: "right" },
    { title: "minus best single [95 %]", align: "right" },
    ...(compared ? [{ title: "minus haps [95 %]", align: "right" } as const] : []),
    ...(priced
      ? [{ title: `cost, ${costUnit}`, align: "right" } as const, { title: "ratio", align: "right" } as const]
      : []),
    { title: "entropy", align: "right" },
  ];
  const rows = methods.map((method) => {
    const cells = [
      method.name + (method.privileged ? " *" : ""),
      formatScore(method.score),
      paired(method.versusBestSingle),
      ...(compared ? [paired(method.versusHaps)] : []),
      ...(priced ? [formatCost(method.cost), formatRatio(method.costRatio)] : []),
      method.entropy.toFixed(2),
    ];
    if (method.name === "haps") return cells.map((cell) => terminal.colours.bold(cell));
    return method.reference ? cells.map((cell) => terminal.colours.dim(cell)) : cells;
  });
  const footnote = methods.some((method) => method.privileged) ? "* reads what a router cannot know: a control\n" : "";
  return (
    textTable(columns, rows, terminal.colours) +
    terminal.colours.dim(footnote.trimEnd()) +
    (footnote === "" ? "" : "\n")
  );
}

/** Choices that fell on cells without an outcome; the table cannot show what became of them. */
export function gapsText({ summary: { methods, questions, seeds } }: EvaluationResult): string {
  const choices = questions * seeds.length;
  const listed = methods
    .filter(({ notRecorded }) => notRecorded > 0)
    .map(({ name, notRecorded }) => `${name} ${notRecorded} (${formatShare(notRecorded / choices)})`);
  if (listed.length === 0) return "";
  return `note: of ${choices} choices each, some fell on arms that were not run on their question and are left out of the figures, never scored 0: ${listed.join(", ")}`;
}

function paired(value: MethodResult["versusHaps"]): string {
  return value === null ? "–" : `${formatDifference(value.difference)} ${formatInterval(value.low, value.high)}`;
}

function permutationText(permutation: NonNullable<EvaluationResult["permutation"]>): string {
  const { permutations, falseGains, falseLosses, meanDifference } = permutation;
  return wrapText(
    `Null experiment, texts permuted against outcomes: HAPS minus best single ${formatDifference(meanDifference)} on average over ${permutations} permutations, ${falseGains} false gains, ${falseLosses} false losses.`,
    WIDTH,
  );
}
