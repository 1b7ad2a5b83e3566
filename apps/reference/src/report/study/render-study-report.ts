import type { StudyResult } from "../../study/study-result.ts";
import { CONSTRUCTED, sampleText } from "../../study/study-words.ts";
import { htmlPage } from "../html-page.ts";
import { html } from "../markup.ts";
import { studyBreakdownSection } from "./study-breakdown-section.ts";
import { studyLimitsSection, studyProvenanceSection, studyTracesSection } from "./study-closing-sections.ts";
import { studyComparisonsSection } from "./study-comparisons-section.ts";
import { studyCostSection } from "./study-cost-section.ts";
import { studyMethodsSection } from "./study-methods-section.ts";
import { studyTrainingSection } from "./study-training-section.ts";
import { studyVerdictSection } from "./study-verdict-section.ts";

/** What a study's page may show besides its figures. */
export interface StudyReportOptions {
  /** Episodes, readable as they are. */
  readonly traces?: readonly string[];
}

/**
 * The report of a study as one self-contained HTML page: no scripts, nothing fetched, light and dark.
 *
 * The same result and episodes give the same bytes. Parts for which there is nothing are left out.
 */
export function renderStudyReport(result: StudyResult, { traces = [] }: StudyReportOptions = {}): string {
  const sections = [
    studyVerdictSection(result),
    studyComparisonsSection(result),
    studyMethodsSection(result),
    studyCostSection(result),
    studyTrainingSection(result),
    studyBreakdownSection(result),
    studyTracesSection(traces),
    studyLimitsSection(result),
    studyProvenanceSection(result),
  ].filter((section) => section !== null);
  const header = html`<header>
<p class="kicker">HAPS study · ${result.id} · ${result.benchmark} <span class="simulated">constructed habits</span></p>
<h1>${result.title}</h1>
<p class="asks">${sampleText(result)}</p>
</header>
<p class="banner" role="note">${CONSTRUCTED}</p>
`;
  return htmlPage({ title: result.title, header, sections });
}
