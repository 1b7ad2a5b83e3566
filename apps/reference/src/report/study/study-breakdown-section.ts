import type { StudyResult } from "../../study/study-result.ts";
import { formatScore, formatShare } from "../../terminal/format-number.ts";
import { breakable } from "../arm-labels.ts";
import { dataTable } from "../data-table.ts";
import { html, type Markup } from "../markup.ts";
import type { Section } from "../section.ts";
import { HABITS_NOTE, studySection } from "./study-section.ts";

/** Who plays what, and scores by kinds of questions. */
export function studyBreakdownSection(result: StudyResult): Section {
  return studySection({
    id: "kinds",
    name: "Kinds of questions",
    title: "Who plays what, and on which questions it helps",
    body: [
      html`<h3>Assignments</h3>\n`,
      sharesTable(result),
      result.breakdowns.map((one) => [html`<h3>Scores by ${one.label}</h3>\n`, breakdownTable(one)]),
    ],
  });
}

function sharesTable({ methods, assignments }: StudyResult): Markup {
  const routed = methods.filter(({ shares, role }) => shares !== null && role !== "static");
  return dataTable({
    caption: `Share of the questions that each assignment plays${HABITS_NOTE}`,
    explanation: "Candidates of the roles in turn; averaged over seeds.",
    columns: [{ title: "Method" }, ...assignments.map((name) => ({ title: breakable(name) }))],
    groups: [
      {
        rows: routed.map(
          ({ id, shares }) =>
            html`<tr><th scope="row">${id}</th>${(shares ?? []).map((share) => html`<td>${formatShare(share)}</td>`)}</tr>\n`,
        ),
      },
    ],
  });
}

/** Long tables open when asked. */
function breakdownTable({ label, methods, rows }: StudyResult["breakdowns"][number]): Markup {
  const table = dataTable({
    caption: `Mean scores by ${label}${HABITS_NOTE}`,
    columns: [{ title: label }, { title: "Questions" }, ...methods.map((name) => ({ title: breakable(name) }))],
    groups: [
      {
        rows: rows.map(
          ({ value, questions, scores }) =>
            html`<tr><th scope="row">${value}</th><td>${questions}</td>${scores.map((score) => html`<td>${formatScore(score)}</td>`)}</tr>\n`,
        ),
      },
    ],
  });
  if (rows.length <= 4) return table;
  return html`<details><summary>${rows.length} kinds</summary>${table}</details>
`;
}
