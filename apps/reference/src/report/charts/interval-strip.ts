import type { EChartsCoreOption } from "echarts/core";
import type { CustomSeriesRenderItem } from "echarts/types/dist/echarts";
import type { Markup } from "../markup.ts";
import { colour } from "../palette.ts";
import { axisTick } from "./axis-tick.ts";
import { type ChartLayout, type FigureText, figure } from "./figure.ts";
import { renderChart } from "./render-chart.ts";

/** A difference with its interval. */
interface Interval {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/** Many intervals side by side, lowest first; those that exclude zero stand out. */
export function intervalStrip(intervals: readonly Interval[], options: FigureText & { readonly axis: string }): Markup {
  const sorted = [...intervals].sort((a, b) => a.difference - b.difference);
  return figure(options, (layout, frame) =>
    renderChart(stripOption(sorted, options.axis, layout), { ...frame, height: layout === "wide" ? 260 : 240 }),
  );
}

function stripOption(sorted: readonly Interval[], axis: string, layout: ChartLayout): EChartsCoreOption {
  return {
    grid: { left: layout === "wide" ? 80 : 62, right: 16, top: 14, bottom: 16 },
    xAxis: {
      type: "category",
      data: sorted.map((_, index) => String(index)),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { show: false },
    },
    yAxis: {
      type: "value",
      name: axis,
      nameLocation: "middle",
      nameGap: layout === "wide" ? 60 : 46,
      nameTextStyle: { color: colour("muted"), fontSize: 13 },
      axisLabel: { color: colour("muted"), formatter: axisTick },
      splitLine: { lineStyle: { color: colour("line") } },
      splitNumber: 4,
    },
    series: [
      {
        type: "line",
        silent: true,
        showSymbol: false,
        lineStyle: { opacity: 0 },
        data: [[0, 0]],
        markLine: {
          silent: true,
          symbol: "none",
          label: { show: false },
          lineStyle: { color: colour("muted"), width: 1.5, type: "solid" },
          data: [{ yAxis: 0 }],
        },
      },
      {
        type: "custom",
        silent: true,
        renderItem: drawInterval(sorted),
        encode: { x: 0, y: [1, 2, 3] },
        data: sorted.map(({ low, difference, high }, index) => [index, low, difference, high]),
      },
    ],
  };
}

function drawInterval(sorted: readonly Interval[]): CustomSeriesRenderItem {
  return (parameters, api) => {
    const interval = sorted[parameters.dataIndex];
    if (interval === undefined) return null;
    const at = (value: number): [number, number] => api.coord([parameters.dataIndex, value]) as [number, number];
    const [x, y1] = at(interval.low);
    const [, y2] = at(interval.high);
    const [, cy] = at(interval.difference);
    const ink = colour(interval.low > 0 || interval.high < 0 ? "bad" : "muted");
    return {
      type: "group",
      children: [
        { type: "line", shape: { x1: x, y1, x2: x, y2 }, style: { stroke: ink, lineWidth: 2 } },
        { type: "circle", shape: { cx: x, cy, r: 3.5 }, style: { fill: ink } },
      ],
    };
  };
}
