import { html, type Markup, type MarkupValue } from "../markup.ts";
import type { ChartFrame } from "./render-chart.ts";

/** The two drawings of every chart: texts of one that is scaled down to a phone could not be read. */
export type ChartLayout = "wide" | "narrow";

/** Width of a drawing in its own units, close to the pixels that it is shown at. */
export const CHART_WIDTH: Readonly<Record<ChartLayout, number>> = { wide: 880, narrow: 360 };

/** What a figure needs beside its drawing. */
export interface FigureText extends Pick<ChartFrame, "id" | "alt"> {
  readonly caption: MarkupValue;
}

/** A chart in both layouts, of which the page shows the one that fits, with its caption. */
export function figure(
  text: FigureText,
  draw: (layout: ChartLayout, frame: Pick<ChartFrame, "id" | "alt" | "width">) => Markup,
): Markup {
  const drawn = (layout: ChartLayout): Markup =>
    html`<div class="${layout}">${draw(layout, {
      id: `${text.id}-${layout}`,
      alt: text.alt,
      width: CHART_WIDTH[layout],
    })}</div>`;
  return html`<figure>${drawn("wide")}${drawn("narrow")}<figcaption>${text.caption}</figcaption></figure>
`;
}
