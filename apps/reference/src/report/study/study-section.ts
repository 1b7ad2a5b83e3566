import { html } from "../markup.ts";
import { type Section, type SectionText, taggedSection } from "../section.ts";

/** A part of a study's page: figures of a constructed pool must not pass for others, also where they are seen alone. */
export function studySection(text: SectionText): Section {
  return taggedSection(html` <span class="simulated">constructed habits</span>`, text);
}

/** The same behind captions. */
export const HABITS_NOTE = " (constructed habits)";
