import type { EvaluationResult } from "../evaluation/evaluation-result.ts";
import { html, type Markup, type MarkupValue } from "./markup.ts";

/** One part of the page. */
export interface Section {
  /** Anchor of the part, unique on the page. */
  readonly id: string;
  /** Its name in the list of contents. */
  readonly name: string;
  readonly markup: Markup;
}

/** What {@link section} makes a part of the page of. */
export interface SectionText {
  readonly id: string;
  /** Name in the list of contents. */
  readonly name: string;
  readonly title: string;
  readonly lead?: MarkupValue;
  readonly body: MarkupValue;
}

/** A part of the page with its heading. */
export function section(result: EvaluationResult, text: SectionText): Section {
  return taggedSection(simulatedTag(result), text);
}

/** A part of the page whose heading carries a tag. */
export function taggedSection(tag: MarkupValue, { id, name, title, lead, body }: SectionText): Section {
  const markup = html`<section aria-labelledby="${id}">
<h2 id="${id}">${title}${tag}</h2>
${lead !== undefined && html`<p class="lead">${lead}</p>`}
${body}
</section>
`;
  return { id, name, markup };
}

/** Put behind every title that may be seen or copied alone: generated outcomes must not pass for recorded ones. */
export function simulatedNote(result: EvaluationResult): string {
  return result.simulated ? " (simulated)" : "";
}

/** The same as a tag beside a heading. */
export function simulatedTag(result: EvaluationResult): Markup | false {
  return result.simulated && html` <span class="simulated">simulated</span>`;
}
