import { html, type Markup, trusted } from "./markup.ts";
import type { Section } from "./section.ts";
import { styleSheet } from "./style-sheet.ts";

/** Forbids the page to fetch or run anything, whatever stands in the data. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** What {@link htmlPage} puts together. */
export interface HtmlPage {
  readonly title: string;
  /** Stands above the list of contents. */
  readonly header: Markup;
  readonly sections: readonly Section[];
}

/** One self-contained page: no scripts, nothing fetched, light and dark. */
export function htmlPage({ title, header, sections }: HtmlPage): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${trusted(POLICY)}">
<title>${title} · HAPS</title>
<link rel="icon" href="data:,">
<style>${trusted(styleSheet)}</style>
</head>
<body>
<main>
${header}${contents(sections)}${sections.map(({ markup }) => markup)}</main>
</body>
</html>
`.markup;
}

function contents(sections: readonly Section[]): Markup {
  return html`<nav aria-label="Contents"><ul>${sections.map(({ id, name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
`;
}
