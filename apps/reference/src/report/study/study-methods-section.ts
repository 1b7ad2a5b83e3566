import type { StudyMethodRow, StudyResult } from "../../study/study-result.ts";
import { methodGroups } from "../../study/study-words.ts";
import { formatCost, formatScore } from "../../terminal/format-number.ts";
import { type Column, dataTable } from "../data-table.ts";
import { html, type Markup } from "../markup.ts";
import type { Section } from "../section.ts";
import { HABITS_NOTE, studySection } from "./study-section.ts";

/** The table of methods. */
export function studyMethodsSection(result: StudyResult): Section {
  const columns = columnsOf(result);
  return studySection({
    id: "methods",
    name: "Methods",
    title: "Every method on the same unseen questions",
    body: dataTable({
      className: "methods",
      caption: `Scores and costs of all methods${HABITS_NOTE}`,
      explanation: `Below each score its 95% interval over chains of questions, and ± the standard deviation over seeds. What is chosen by outcomes is chosen on ${result.chosenOn}.`,
      columns: [{ title: "Method" }, ...columns],
      groups: methodGroups(result).map(({ title, methods }) => ({
        title,
        rows: methods.map(
          (method) =>
            html`<tr${method.role === "haps" && html` class="haps"`}><th scope="row">${method.id}<small>${method.description}</small></th>${columns.map(({ cell }) => cell(method))}</tr>\n`,
        ),
      })),
    }),
  });
}

interface MethodColumn extends Column {
  readonly cell: (method: StudyMethodRow) => Markup;
}

function columnsOf({ methods, costUnit }: StudyResult): MethodColumn[] {
  const columns: (MethodColumn | false)[] = [
    { title: "Score", cell: scoreCell },
    {
      title: html`Cost of a question${costUnit !== null && html`, ${costUnit}`}`,
      cell: ({ cost }) => html`<td>${formatCost(cost)}</td>`,
    },
    { title: "Valid", cell: ({ valid }) => html`<td>${formatScore(valid)}</td>` },
    methods.some(({ costWeight }) => (costWeight ?? 0) > 0) && {
      title: "Cost weight",
      cell: ({ costWeight }) => html`<td>${costWeight ?? "–"}</td>`,
    },
    { title: "Seeds", cell: ({ seeds }) => html`<td>${seeds}</td>` },
    methods.some(({ failed }) => failed > 0) && {
      title: "Failed trials",
      cell: ({ failed }) => html`<td>${failed}</td>`,
    },
  ];
  return columns.filter((column) => column !== false);
}

function scoreCell({ score, low, high, seedDeviation }: StudyMethodRow): Markup {
  return html`<td>${formatScore(score)}${low !== null && high !== null && html`<small>[${formatScore(low)}, ${formatScore(high)}]</small>`}${seedDeviation !== null && html`<small>± ${formatScore(seedDeviation)}</small>`}</td>`;
}
