import type { EChartsCoreOption } from "echarts/core";
import { html, type Markup } from "../markup.ts";
import { ARM_COLOURS, armColour, colour } from "../palette.ts";
import { type ChartLayout, type FigureText, figure } from "./figure.ts";
import { renderChart } from "./render-chart.ts";

/** One line: a seed with its looks at valid. */
export interface LearningCurve {
  readonly name: string;
  readonly points: readonly { readonly step: number; readonly score: number }[];
}

const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [9, 3, 2, 3], [4, 2]];
const SYMBOLS = ["circle", "rect", "triangle", "diamond"] as const;

/** Mean score on valid against steps of training, a line for each seed. */
export function learningCurves(curves: readonly LearningCurve[], text: FigureText): Markup {
  const chart = figure(text, (layout, frame) =>
    renderChart(curvesOption(curves, layout), { ...frame, height: layout === "wide" ? 320 : 300 }),
  );
  const items = curves.map(
    ({ name }, place) =>
      html`<li><svg class="sample" viewBox="0 0 34 12" aria-hidden="true"><path d="M0 6h34" stroke="${lineColour(place)}" stroke-width="2" stroke-dasharray="${dashOf(place).join(" ")}"/></svg>${name}</li>`,
  );
  return html`<ul class="legend">${items}</ul>
${chart}`;
}

function curvesOption(curves: readonly LearningCurve[], layout: ChartLayout): EChartsCoreOption {
  const wide = layout === "wide";
  const axis = (name: string): object => ({
    type: "value",
    name,
    nameLocation: "middle",
    nameTextStyle: { color: colour("muted"), fontSize: 13 },
    axisLine: { lineStyle: { color: colour("line") } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colour("line") } },
  });
  return {
    grid: { left: wide ? 66 : 52, right: 24, top: 16, bottom: 54 },
    xAxis: {
      ...axis("steps of joint training"),
      min: 0,
      nameGap: 32,
      splitNumber: wide ? 7 : 3,
      axisLabel: { color: colour("muted"), hideOverlap: true },
    },
    yAxis: {
      ...axis("mean score on valid"),
      scale: true,
      nameGap: wide ? 46 : 38,
      axisLabel: { color: colour("muted"), formatter: (value: number) => value.toFixed(2) },
    },
    series: curves.map(({ points }, place) => ({
      type: "line",
      silent: true,
      symbol: SYMBOLS[place % SYMBOLS.length],
      symbolSize: 6,
      lineStyle: { color: lineColour(place), width: 2, type: dashOf(place).length === 0 ? "solid" : dashOf(place) },
      itemStyle: { color: lineColour(place) },
      data: points.map(({ step, score }) => [step, score]),
    })),
  };
}

function lineColour(place: number): string {
  return armColour(place % ARM_COLOURS);
}

function dashOf(place: number): readonly number[] {
  return DASHES[place % DASHES.length] as readonly number[];
}
