import { CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, MarkLineComponent } from "echarts/components";
import type { EChartsCoreOption } from "echarts/core";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { type Markup, trusted } from "../markup.ts";

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

/**
 * Draws a chart on the server as an inline SVG that fills the width it is given.
 *
 * @param title - What the picture shows, for people who do not see it.
 */
export function renderChart(
  option: EChartsCoreOption,
  size: { readonly width: number; readonly height: number; readonly title: string },
): Markup {
  use([CustomChart, LineChart, ScatterChart, GridComponent, MarkLineComponent, SVGRenderer]);
  const chart = init(null, null, { renderer: "svg", ssr: true, width: size.width, height: size.height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: FONT, fontSize: 13 }, ...option });
    return trusted(embed(chart.renderToSVGString(), size.title));
  } finally {
    chart.dispose();
  }
}

/** Inline SVG needs no name spaces, and a size of its own would keep it from fitting the page. */
function embed(svg: string, title: string): string {
  const label = title.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  return svg
    .replace(/ xmlns(:\w+)?="[^"]*"/g, "")
    .replace(/^<svg width="\d+" height="\d+"/, `<svg role="img" aria-label="${label}"`);
}
