import type { StudyResult } from "../../study/study-result.ts";
import { limits, studyCommand } from "../../study/study-words.ts";
import { visibleText } from "../../terminal/visible-text.ts";
import { facts } from "../facts.ts";
import { html } from "../markup.ts";
import type { Section } from "../section.ts";
import { studySection } from "./study-section.ts";

/** Episodes as they were played; `null` without any. */
export function studyTracesSection(traces: readonly string[]): Section | null {
  if (traces.length === 0) return null;
  return studySection({
    id: "traces",
    name: "Episodes",
    title: traces.length === 1 ? "An episode as it was played" : `${traces.length} episodes as they were played`,
    lead: "Examples, not evidence.",
    body: traces.map((trace) => html`<pre><code>${visibleText(trace).trim()}</code></pre>\n`),
  });
}

/** What must be known before anything is quoted. */
export function studyLimitsSection(result: StudyResult): Section {
  const habits = result.pool.filter((one) => one.habits.length > 0);
  return studySection({
    id: "limits",
    name: "Limits",
    title: "What to know before quoting this",
    body: [
      html`<ul class="warnings">${limits(result).map((text) => html`<li>${text}</li>`)}</ul>\n`,
      habits.length > 0 && [
        html`<h3>Constructed habits of the pool</h3>\n`,
        facts(habits.map(({ candidate, habits: own }) => [candidate, own.join("; ")])),
      ],
    ],
  });
}

/** Which program and data this is of, and how to get it again. */
export function studyProvenanceSection(result: StudyResult): Section {
  const entries = Object.entries(result.provenance).sort(([a], [b]) => (a < b ? -1 : 1));
  return studySection({
    id: "provenance",
    name: "Provenance",
    title: "Where this comes from",
    body: [
      facts([
        ["openings of test", String(result.counts.openings)],
        ["seeds", result.seeds.join(", ")],
        ...entries.map(([name, value]) => [name, html`<code>${value}</code>`] as const),
      ]),
      html`<h3>To get it again</h3>
<pre><code>${studyCommand(result)}</code></pre>
`,
    ],
  });
}
