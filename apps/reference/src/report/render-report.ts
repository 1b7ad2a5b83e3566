import type { EvaluationResult } from "../evaluation/evaluation-result.ts";
import { htmlPage } from "./html-page.ts";
import { html, type Markup } from "./markup.ts";
import { simulatedNote, simulatedTag } from "./section.ts";
import { ablationsSection } from "./sections/ablations-section.ts";
import { costSection } from "./sections/cost-section.ts";
import { differencesSection } from "./sections/differences-section.ts";
import { measurementSection } from "./sections/measurement-section.ts";
import { methodsSection } from "./sections/methods-section.ts";
import { notesSection } from "./sections/notes-section.ts";
import { nullSection } from "./sections/null-section.ts";
import { provenanceSection } from "./sections/provenance-section.ts";
import { routingSection } from "./sections/routing-section.ts";
import { verdictSection } from "./sections/verdict-section.ts";

/**
 * The report of an evaluation as one self-contained HTML page: no scripts, nothing fetched, light and dark.
 *
 * The same result gives the same bytes. Parts for which the result has nothing are left out.
 */
export function renderReport(result: EvaluationResult): string {
  const sections = [
    verdictSection(result),
    methodsSection(result),
    differencesSection(result),
    costSection(result),
    ablationsSection(result),
    routingSection(result),
    nullSection(result),
    notesSection(result),
    measurementSection(result),
    provenanceSection(result),
  ].filter((section) => section !== null);
  return htmlPage({ title: titleOf(result), header: header(result), sections });
}

/** Titles of simulated experiments may say so already. */
function titleOf({ experiment, ...result }: EvaluationResult): string {
  return /simulated/i.test(experiment.title)
    ? experiment.title
    : experiment.title + simulatedNote({ experiment, ...result });
}

function header(result: EvaluationResult): Markup {
  const { experiment, simulated } = result;
  return html`<header>
<p class="kicker">HAPS evaluation · ${experiment.name}${simulatedTag(result)}</p>
<h1>${titleOf(result)}</h1>
<p class="asks">${experiment.question}</p>
</header>
${simulated && html`<p class="banner" role="note">Everything on this page is simulated: questions and outcomes were generated, and no model was asked anything.</p>\n`}`;
}
