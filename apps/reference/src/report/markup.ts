/** A piece of HTML whose text has been escaped. */
export interface Markup {
  readonly markup: string;
}

/** What may stand between the pieces of {@link html}: text is escaped, markup is not, `null` and `false` are nothing. */
export type MarkupValue = string | number | Markup | null | undefined | false | readonly MarkupValue[];

/**
 * Builds HTML from a template; every interpolated text is escaped, also inside attributes.
 *
 * @example
 * ```ts no-check: internal to the app
 * html`<p title="${'"'}">${"<b>"}</p>`.markup === '<p title="&quot;">&lt;b&gt;</p>';
 * ```
 */
export function html(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  const markup = strings.map((text, index) => (index === 0 ? text : render(values[index - 1]) + text)).join("");
  return { markup };
}

/** HTML that is known to be safe: made by this program, never from data. */
export function trusted(markup: string): Markup {
  return { markup };
}

/** Escapes a text for HTML content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function render(value: MarkupValue): string {
  if (value === null || value === undefined || value === false) return "";
  if (typeof value === "string") return escapeHtml(value);
  if (typeof value === "number") return String(value);
  if ("markup" in value) return value.markup;
  return value.map(render).join("");
}
