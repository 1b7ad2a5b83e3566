import { html, type Markup, type MarkupValue } from "./markup.ts";

/** Names with their values, one a line. */
export function facts(entries: readonly (readonly [name: string, value: MarkupValue])[]): Markup {
  return html`<dl class="facts">${entries.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>
`;
}
