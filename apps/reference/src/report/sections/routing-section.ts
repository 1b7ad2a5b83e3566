import type { EvaluationResult } from "../../evaluation/evaluation-result.ts";
import { judge, ROUTES_BY_TASK } from "../../evaluation/verdict.ts";
import { formatDifference, formatScore, formatShare } from "../../terminal/format-number.ts";
import { armLabels, breakable } from "../arm-labels.ts";
import { dataTable } from "../data-table.ts";
import { pairedText, turned } from "../figures.ts";
import { html, type Markup } from "../markup.ts";
import { methodKinds } from "../method-kinds.ts";
import { ARM_COLOURS, armColour } from "../palette.ts";
import { type Section, section, simulatedNote } from "../section.ts";

type Labels = NonNullable<EvaluationResult["labels"]>;

/** Most columns of arms in the table of labels; a reader cannot compare more. */
const SHOWN_ARMS = 12;

/** Where the questions go, per method and per label; `null` where no choices are known. */
export function routingSection(result: EvaluationResult): Section | null {
  if (result.shares.length === 0 || result.arms.length === 0) return null;
  const order = armsByUse(result);
  return section(result, {
    id: "routing",
    name: "Routing",
    title: "Where the questions go",
    lead: byTaskOrQuestion(result),
    body: [shareTable(result, order), result.labels !== null && labelTable(result, result.labels, order)],
  });
}

/** Says whether anything beyond the task was found; a table of labels alone invites the wrong reading. */
function byTaskOrQuestion(result: EvaluationResult): Markup | undefined {
  const { haps, controls } = methodKinds(result);
  const versus = controls.find(({ name }) => name === "task-table")?.versusHaps;
  if (haps === undefined || versus == null) return undefined;
  const figures = `HAPS minus task-table ${pairedText(turned(versus))}`;
  if (versus.high < 0) {
    return html`HAPS scores higher than the lookup of the best arm per task (${figures}): it <strong>routes by question</strong>, not only by task.`;
  }
  return judge(result).kind === "gain"
    ? html`HAPS <strong>${ROUTES_BY_TASK}</strong>: it does not beat the lookup of the best arm per task (${figures}).`
    : html`HAPS does not beat the lookup of the best arm per task (${figures}): at best it <strong>${ROUTES_BY_TASK}</strong>.`;
}

/** Numbers of the arms, most used by the shown methods first; equal use in the order of the table. */
function armsByUse({ shares, arms }: EvaluationResult): number[] {
  const use = arms.map((_, arm) => shares.reduce((sum, { shares: own }) => sum + (own[arm] ?? 0), 0));
  return arms.map((_, arm) => arm).sort((a, b) => (use[b] ?? 0) - (use[a] ?? 0) || a - b);
}

function shareTable(result: EvaluationResult, order: readonly number[]): Markup {
  const { own, rivals, controls, references } = methodKinds(result);
  const shown = new Set([...own, ...rivals, ...controls, ...references].map(({ name }) => name));
  const rows = result.shares.filter(({ method }) => shown.has(method) && method !== "random");
  const { common, labels } = armLabels(result.arms);
  const labelOf = (arm: number): string => labels[arm] ?? "";
  const legend = order
    .slice(0, ARM_COLOURS)
    .map((arm, place) => html`<li><i style="background:${armColour(place)}"></i>${labelOf(arm)}</li>`);
  const others = order.length - ARM_COLOURS;
  const table = dataTable({
    className: "shares",
    caption: `Share of the questions that each method sends to each arm${simulatedNote(result)}`,
    columns: [{ title: "Method" }, { title: "Shares" }, { title: "Most used" }],
    groups: [
      {
        rows: rows.map(({ method, shares }) => {
          const used = order
            .map((arm, place) => ({ arm, place, share: shares[arm] ?? 0 }))
            .filter(({ share }) => share > 0);
          const [most] = [...used].sort((a, b) => b.share - a.share);
          const words = used.map(({ arm, share }) => `${labelOf(arm)} ${formatShare(share)}`).join("; ");
          return html`<tr${method === "haps" && html` class="haps"`}><th scope="row">${method}</th><td><div class="stack" role="img" aria-label="${words}" title="${words}">${used.map(({ share, place }) => html`<span style="width:${(share * 100).toFixed(2)}%;background:${armColour(place)}"></span>`)}</div></td><td class="text">${most !== undefined && html`${labelOf(most.arm)} <small>${formatShare(most.share)}</small>`}</td></tr>\n`;
        }),
      },
    ],
  });
  return html`<ul class="legend" aria-label="Colours of the arms">${common !== "" && html`<li><strong>${common}</strong></li>`}${legend}${others > 0 && html`<li><i style="background:${armColour(ARM_COLOURS)}"></i>${others} other ${others === 1 ? "arm" : "arms"}</li>`}</ul>
${table}`;
}

function labelTable(result: EvaluationResult, { name, rows }: Labels, order: readonly number[]): Markup {
  const best = rows.map(({ scores }) => Math.max(...scores.map((score) => score ?? Number.NEGATIVE_INFINITY)));
  const matters = (arm: number): boolean =>
    rows.some(({ shares, scores }, row) => (shares[arm] ?? 0) >= 0.005 || scores[arm] === best[row]);
  const used = order.filter(matters);
  // In the order of the table again: neighbours there are settings of one model.
  const columns = used.slice(0, SHOWN_ARMS).sort((a, b) => a - b);
  const { labels } = armLabels(result.arms);
  const hidden = result.arms.length - columns.length;
  return html`<h3>By ${name}</h3>
${dataTable({
  className: "heat",
  caption: `Where HAPS sends the questions of each ${name}${simulatedNote(result)}`,
  explanation: html`The label was never shown to HAPS. Framed: the arm that scores best on these questions with hindsight.${hidden > 0 && (hidden === 1 ? " The least used arm is left out." : ` The ${hidden} least used arms are left out.`)}`,
  columns: [
    { title: name },
    ...columns.map((arm) => ({ title: breakable(labels[arm] ?? ""), className: "arm" })),
    { title: "HAPS" },
    { title: "Best single" },
    { title: "Difference" },
  ],
  groups: [
    {
      rows: rows.map((row, place) => {
        const difference = row.haps === null || row.bestSingle === null ? null : row.haps - row.bestSingle;
        return html`<tr><th scope="row">${row.label}<small>${row.questions} ${row.questions === 1 ? "question" : "questions"}</small></th>${columns.map((arm) => heatCell(row.shares[arm] ?? 0, row.scores[arm] === best[place]))}<td>${formatScore(row.haps)}</td><td>${formatScore(row.bestSingle)}</td><td>${formatDifference(difference)}</td></tr>\n`;
      }),
    },
  ],
})}`;
}

function heatCell(share: number, best: boolean): Markup {
  const strength = Math.round(share * 55);
  const text = share === 0 ? "" : share < 0.01 ? "<1 %" : `${Math.round(share * 100)} %`;
  return html`<td class="cell${best && " best"}" style="background:color-mix(in srgb,var(--accent) ${strength}%,var(--card))">${text}${best && html`<span class="unseen"> (best arm here)</span>`}</td>`;
}
