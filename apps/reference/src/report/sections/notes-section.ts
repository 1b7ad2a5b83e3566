import type { EvaluationResult } from "../../evaluation/evaluation-result.ts";
import { html, type Markup } from "../markup.ts";
import { type Section, section } from "../section.ts";

/** What a reader must know about the experiment and its data; `null` where there is nothing. */
export function notesSection(result: EvaluationResult): Section | null {
  const { warnings } = result;
  const { notes } = result.experiment;
  if (warnings.length + notes.length === 0) return null;
  return section(result, {
    id: "notes",
    name: "Notes",
    title: "What to know before quoting this",
    body: [list("About the experiment", notes), list("Warnings from the data and the fits", warnings)],
  });
}

function list(title: string, texts: readonly string[]): Markup | false {
  if (texts.length === 0) return false;
  return html`<h3>${title}</h3>
<ul class="warnings">${texts.map((text) => html`<li>${text}</li>`)}</ul>
`;
}
