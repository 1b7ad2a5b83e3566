import type { EChartsCoreOption } from "echarts/core";
import { formatCost, formatScore } from "../../terminal/format-number.ts";
import { html, type Markup } from "../markup.ts";
import { colour } from "../palette.ts";
import { type ChartLayout, type FigureText, figure } from "./figure.ts";
import { renderChart } from "./render-chart.ts";

/** How a point is told from others: by shape, by colour and by being hollow. */
export interface PointStyle {
  readonly colour: string;
  readonly symbol: "circle" | "diamond" | "rect" | "triangle";
  readonly hollow: boolean;
  readonly size: number;
}

/** One method or assignment in the plane of cost and score. */
export interface ScatterPoint {
  readonly name: string;
  readonly cost: number;
  readonly score: number;
  readonly style: PointStyle;
}

/** What {@link costQualityScatter} draws. */
export interface CostQualityScatter extends FigureText {
  /** Numbered in this order. */
  readonly points: readonly ScatterPoint[];
  /** Corners of the hull, ascending in cost. */
  readonly hull: readonly { readonly cost: number; readonly score: number }[];
  readonly unit: string;
  /** What the hull is, for the legend. */
  readonly hullName: string;
}

/** Score against cost: numbered points with a legend, and a dashed hull. */
export function costQualityScatter(scatter: CostQualityScatter): Markup {
  const chart = figure(scatter, (layout, frame) =>
    renderChart(scatterOption(scatter, layout), { ...frame, height: layout === "wide" ? 440 : 380 }),
  );
  return html`${legend(scatter)}${chart}`;
}

function scatterOption({ points, hull, unit }: CostQualityScatter, layout: ChartLayout): EChartsCoreOption {
  const wide = layout === "wide";
  const labels = pointLabels(points);
  const axis = (text: string): object => ({
    type: "value",
    scale: true,
    name: text,
    nameLocation: "middle",
    nameTextStyle: { color: colour("muted"), fontSize: 13 },
    axisLine: { lineStyle: { color: colour("line") } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colour("line") } },
  });
  const label = (formatter: (value: number) => string): object => ({ color: colour("muted"), formatter });
  return {
    grid: { left: wide ? 66 : 52, right: 28, top: 26, bottom: 54 },
    xAxis: {
      ...axis(wide ? `mean cost of a question, ${unit}` : `cost, ${unit}`),
      nameGap: 32,
      splitNumber: wide ? 7 : 3,
      axisLabel: { ...label(formatCost), hideOverlap: true },
    },
    yAxis: { ...axis("mean score"), nameGap: wide ? 46 : 38, axisLabel: label((value) => value.toFixed(2)) },
    series: [
      {
        type: "line",
        silent: true,
        showSymbol: false,
        z: 2,
        lineStyle: { color: colour("muted"), width: 1.75, type: [6, 5] },
        data: hull.map(({ cost, score }) => [cost, score]),
      },
      ...points.map((point, index) => pointSeries(point, labels[index] as string)),
    ],
  };
}

/** The number of every point; points whose numbers would cover each other get one label together, at the first of them. */
function pointLabels(points: readonly ScatterPoint[]): readonly string[] {
  const range = (values: readonly number[]): number => Math.max(...values) - Math.min(...values) || 1;
  const width = range(points.map(({ cost }) => cost));
  const height = range(points.map(({ score }) => score));
  const close = (a: ScatterPoint, b: ScatterPoint): boolean =>
    Math.abs(a.cost - b.cost) < 0.04 * width && Math.abs(a.score - b.score) < 0.04 * height;
  const firsts = points.map((point) => points.findIndex((other) => close(point, other)));
  return points.map((_, index) =>
    firsts.flatMap((first, place) => (first === index ? [String(place + 1)] : [])).join(", "),
  );
}

function pointSeries({ cost, score, style }: ScatterPoint, text: string): object {
  return {
    type: "scatter",
    silent: true,
    symbol: style.symbol,
    symbolSize: style.size,
    z: style.hollow ? 5 : 6,
    itemStyle: {
      color: style.hollow ? colour("card") : style.colour,
      borderColor: style.colour,
      borderWidth: 1.75,
      opacity: 1,
    },
    label: {
      show: text !== "",
      position: "right",
      distance: 3,
      color: colour("ink"),
      textBorderColor: colour("card"),
      textBorderWidth: 3,
      fontSize: 12,
      formatter: text,
    },
    data: [[cost, score]],
  };
}

function legend({ points, hullName }: CostQualityScatter): Markup {
  const items = points.map(
    ({ name, cost, score, style }, index) =>
      html`<li>${sample(style)}<b>${index + 1}</b> ${name} <small>${formatScore(score)} at ${formatCost(cost)}</small></li>`,
  );
  return html`<ul class="legend arms" aria-label="Methods and assignments, numbered as in the plot">${items}<li><svg class="sample" viewBox="0 0 34 12" aria-hidden="true"><path d="M0 6h34" stroke="${colour("muted")}" stroke-width="1.75" stroke-dasharray="6 5"/></svg>${hullName}</li></ul>
`;
}

function sample({ colour: ink, symbol, hollow }: PointStyle): Markup {
  const paint = html`fill="${hollow ? colour("card") : ink}" stroke="${ink}" stroke-width="1.75"`;
  const shapes: Readonly<Record<PointStyle["symbol"], Markup>> = {
    circle: html`<circle cx="17" cy="6" r="4" ${paint}/>`,
    rect: html`<rect x="13.5" y="2.5" width="7" height="7" ${paint}/>`,
    triangle: html`<path d="M17 1.5l4.5 8h-9z" ${paint}/>`,
    diamond: html`<path d="M17 1l5 5-5 5-5-5z" ${paint}/>`,
  };
  return html`<svg class="sample" viewBox="0 0 34 12" aria-hidden="true">${shapes[symbol]}</svg>`;
}
