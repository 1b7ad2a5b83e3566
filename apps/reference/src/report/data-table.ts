import { html, type Markup, type MarkupValue } from "./markup.ts";

/** A column of a {@link dataTable}. */
export interface Column {
  readonly title: MarkupValue;
  readonly className?: string;
}

/** Rows that belong together, under a heading where they have one. */
export interface RowGroup {
  readonly title?: string;
  readonly rows: readonly Markup[];
}

/** What {@link dataTable} draws. */
export interface DataTable {
  readonly className?: string;
  /** What the table shows; also its name for people who do not see it. */
  readonly caption: string;
  /** Further words of the caption. */
  readonly explanation?: MarkupValue;
  readonly columns: readonly Column[];
  readonly groups: readonly RowGroup[];
}

/** A table with its caption that scrolls inside its own frame where the page is narrow; groups without rows are left out. */
export function dataTable({ className, caption, explanation, columns, groups }: DataTable): Markup {
  const head = columns.map(
    ({ title, className: name }) => html`<th scope="col"${attribute("class", name)}>${title}</th>`,
  );
  const bodies = groups
    .filter((group) => group.rows.length > 0)
    .map(
      ({ title, rows }) => html`<tbody>
${title !== undefined && html`<tr class="group"><th scope="rowgroup" colspan="${columns.length}"><span>${title}</span></th></tr>\n`}${rows}</tbody>
`,
    );
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table${attribute("class", className)}>
<caption><span><strong>${caption}.</strong> ${explanation}</span></caption>
<thead><tr>${head}</tr></thead>
${bodies}</table></div>
`;
}

function attribute(name: string, value: string | undefined): Markup | false {
  return value !== undefined && html` ${name}="${value}"`;
}
