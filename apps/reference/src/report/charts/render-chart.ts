import { CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, MarkAreaComponent, MarkLineComponent } from "echarts/components";
import type { EChartsCoreOption } from "echarts/core";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { escapeHtml, type Markup, trusted } from "../markup.ts";

/** Without quotes: echarts writes it into a quoted attribute as it is. */
const FONT = "system-ui, -apple-system, Roboto, Helvetica Neue, Arial, sans-serif";

/** How large a chart is drawn and what it is called. */
export interface ChartFrame {
  /** Unique on the page. */
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** What the picture shows, for people who do not see it. */
  readonly alt: string;
}

/** A font for texts that charts draw themselves. */
export function chartFont(size: number, weight: "normal" | "bold" = "normal"): string {
  return `${weight} ${size}px ${FONT}`;
}

/** Draws a chart on the server as an inline SVG that fills the width it is given; the same option gives the same bytes. */
export function renderChart(option: EChartsCoreOption, frame: ChartFrame): Markup {
  use([CustomChart, LineChart, ScatterChart, GridComponent, MarkAreaComponent, MarkLineComponent, SVGRenderer]);
  const chart = init(null, null, { renderer: "svg", ssr: true, width: frame.width, height: frame.height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: FONT, fontSize: 13 }, ...option });
    return trusted(embed(chart.renderToSVGString(), frame));
  } finally {
    chart.dispose();
  }
}

/**
 * Inline SVG needs no name spaces, and a size of its own would keep it from fitting the page.
 *
 * echarts numbers its charts per process; their ids are replaced, or two pages of one result would differ. Its hooks for
 * hovering are of no use on a page without scripts. Quotes and angle brackets of texts are escaped, so only tags match.
 */
function embed(svg: string, { id, alt }: ChartFrame): string {
  return svg
    .replace(/<style >.*?<\/style>/gs, "")
    .replace(/ (xmlns(:\w+)?|version|baseProfile|class|pointer-events|ecmeta_\w+|xml:space)="[^"]*"/g, "")
    .replace(/(id="|url\(#)zr\d+-/g, (_, start: string) => `${start}${id}-`)
    .replace(/^<svg width="\d+" height="\d+"/, () => `<svg role="img" aria-label="${escapeHtml(alt)}"`);
}
