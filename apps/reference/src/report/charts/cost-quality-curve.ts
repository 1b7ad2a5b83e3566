import type { EChartsCoreOption } from "echarts/core";
import type { EvaluationResult } from "../../evaluation/evaluation-result.ts";
import { formatRatio, formatScore } from "../../terminal/format-number.ts";
import { html, type Markup } from "../markup.ts";
import { colour } from "../palette.ts";
import { type ChartLayout, type FigureText, figure } from "./figure.ts";
import { renderChart } from "./render-chart.ts";

type Curves = NonNullable<EvaluationResult["curves"]>;

/** Cost ratios over which the area above the hull is averaged. */
const AREA = { from: 0.05, to: 0.5 } as const;

/** How a line is told from others: by colour, by dashes and by the shape of its points. */
interface LineStyle {
  readonly colour: string;
  readonly dash: readonly number[];
  readonly symbol: "circle" | "rect" | "triangle" | "diamond";
  readonly width: number;
}

const HAPS: LineStyle = { colour: colour("accent"), dash: [], symbol: "circle", width: 3.25 };
const RIVALS: readonly Omit<LineStyle, "width">[] = [
  { colour: colour("arm0"), dash: [], symbol: "rect" },
  { colour: colour("arm5"), dash: [7, 3], symbol: "triangle" },
  { colour: colour("arm2"), dash: [2, 3], symbol: "circle" },
  { colour: colour("arm3"), dash: [9, 3, 2, 3], symbol: "rect" },
  { colour: colour("arm6"), dash: [4, 2], symbol: "triangle" },
  { colour: colour("other"), dash: [1, 2], symbol: "circle" },
];

/** Score against relative cost: curves of the methods, single arms as numbered points, their hull dashed. */
export function costQualityCurve(curves: Curves, options: FigureText & { readonly note: string }): Markup {
  const chart = figure(options, (layout, frame) =>
    renderChart(curveOption(curves, options.note, layout), { ...frame, height: layout === "wide" ? 440 : 380 }),
  );
  return html`${legend(curves)}${chart}`;
}

function styleOf(curves: Curves, name: string): LineStyle {
  if (name === "haps") return HAPS;
  const place = curves.methods.filter((method) => method.name !== "haps").findIndex((method) => method.name === name);
  return { ...(RIVALS[Math.min(place, RIVALS.length - 1)] as Omit<LineStyle, "width">), width: 1.75 };
}

function curveOption(curves: Curves, note: string, layout: ChartLayout): EChartsCoreOption {
  const wide = layout === "wide";
  const axis = (text: string): object => ({
    type: "value",
    name: text + note,
    nameLocation: "middle",
    nameTextStyle: { color: colour("muted"), fontSize: 13 },
    axisLine: { lineStyle: { color: colour("line") } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colour("line") } },
  });
  const label = (formatter: (value: number) => string): object => ({ color: colour("muted"), formatter });
  return {
    grid: { left: wide ? 66 : 52, right: 24, top: 26, bottom: 54 },
    xAxis: {
      ...axis(wide ? "mean cost, best single arm = 1.00x" : "cost, best single = 1x"),
      min: 0,
      nameGap: 32,
      splitNumber: wide ? 7 : 3,
      axisLabel: { ...label(formatRatio), hideOverlap: true },
    },
    yAxis: {
      ...axis("mean score"),
      scale: true,
      nameGap: wide ? 46 : 38,
      axisLabel: label((value) => value.toFixed(2)),
    },
    series: [hullSeries(curves), ...curves.methods.map((method) => methodSeries(curves, method)), armSeries(curves)],
  };
}

function methodSeries(curves: Curves, { name, points }: Curves["methods"][number]): object {
  const style = styleOf(curves, name);
  const own = name === "haps";
  return {
    type: "line",
    silent: true,
    symbol: style.symbol,
    symbolSize: own ? 8 : 6,
    z: own ? 5 : 3,
    lineStyle: { color: style.colour, width: style.width, type: style.dash.length === 0 ? "solid" : style.dash },
    itemStyle: { color: style.colour },
    data: points.map((point) => [point.costRatio, point.score]),
  };
}

function hullSeries(curves: Curves): object {
  return {
    type: "line",
    silent: true,
    showSymbol: false,
    z: 2,
    lineStyle: { color: colour("muted"), width: 1.75, type: [6, 5] },
    data: curves.hull.map((point) => [point.costRatio, point.score]),
    markArea: {
      silent: true,
      itemStyle: { color: colour("accent"), opacity: 0.06 },
      data: [[{ xAxis: AREA.from }, { xAxis: AREA.to }]],
    },
    markLine: {
      silent: true,
      symbol: "none",
      lineStyle: { color: colour("muted"), width: 1, type: [2, 3] },
      label: { show: true, position: "end", formatter: "best single arm", color: colour("muted"), fontSize: 12 },
      data: [{ xAxis: 1 }],
    },
  };
}

function armSeries(curves: Curves): object {
  return {
    type: "scatter",
    silent: true,
    symbol: "diamond",
    symbolSize: 12,
    z: 6,
    itemStyle: { color: colour("card"), borderColor: colour("ink"), borderWidth: 1.75, opacity: 1 },
    label: {
      show: true,
      position: "right",
      distance: 3,
      color: colour("ink"),
      textBorderColor: colour("card"),
      textBorderWidth: 3,
      fontSize: 12,
      formatter: (item: { readonly dataIndex: number }) => String(item.dataIndex + 1),
    },
    labelLayout: { hideOverlap: true },
    data: curves.singleArms.map((arm) => [arm.cost / curves.bestSingleCost, arm.score]),
  };
}

function legend(curves: Curves): Markup {
  const methods = curves.methods.map(
    ({ name }) =>
      html`<li>${sample(styleOf(curves, name))}${name === "haps" ? html`<strong>haps</strong>` : name}</li>`,
  );
  const arms = curves.singleArms.map(
    (arm, index) =>
      html`<li><b>${index + 1}</b> ${arm.label} <small>${formatScore(arm.score)} at ${formatRatio(arm.cost / curves.bestSingleCost)}</small></li>`,
  );
  return html`<ul class="legend">${methods}<li>${sample({ colour: colour("muted"), dash: [6, 5], symbol: "circle", width: 1.75 }, false)}mixtures of single arms</li></ul>
<ul class="legend arms" aria-label="Single arms, numbered as in the plot">${arms}</ul>
`;
}

/** A piece of the line with one of its points; words beside it say what it is. */
function sample({ colour: ink, dash, symbol, width }: LineStyle, point = true): Markup {
  const shapes: Readonly<Record<LineStyle["symbol"], Markup>> = {
    circle: html`<circle cx="17" cy="6" r="3.5" fill="${ink}"/>`,
    rect: html`<rect x="14" y="3" width="6" height="6" fill="${ink}"/>`,
    triangle: html`<path d="M17 2l4 7h-8z" fill="${ink}"/>`,
    diamond: html`<path d="M17 1l5 5-5 5-5-5z" fill="${ink}"/>`,
  };
  return html`<svg class="sample" viewBox="0 0 34 12" aria-hidden="true"><path d="M0 6h34" stroke="${ink}" stroke-width="${width}" stroke-dasharray="${dash.join(" ")}"/>${point && shapes[symbol]}</svg>`;
}
