import type { EvaluationResult } from "../evaluation/evaluation-result.ts";
import { judge } from "../evaluation/verdict.ts";
import { formatDifference, formatInterval, formatScore } from "../terminal/format-number.ts";
import { html } from "./markup.ts";

/** The report of an evaluation as one self-contained HTML page. */
export function renderReport(result: EvaluationResult): string {
  const { summary, experiment, simulated } = result;
  const verdict = judge(result);
  const title = `${experiment.title}${simulated ? " (simulated)" : ""}`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head>
<body><h1>${title}</h1><p>${experiment.question}</p>
<p><strong>${verdict.headline}</strong></p>${verdict.sentences.map((sentence) => html`<p>${sentence}</p>`)}
<table><tr><th>method</th><th>score</th><th>minus best single [95 %]</th></tr>
${summary.methods.map(
  ({ name, score, versusBestSingle: versus }) =>
    html`<tr><td>${name}</td><td>${formatScore(score)}</td><td>${
      versus === null ? "–" : `${formatDifference(versus.difference)} ${formatInterval(versus.low, versus.high)}`
    }</td></tr>`,
)}</table>
${[...experiment.notes, ...result.warnings].map((note) => html`<p>note: ${note}</p>`)}</body></html>
`;
  return page.markup;
}
