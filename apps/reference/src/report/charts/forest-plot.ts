import type { CustomSeriesRenderItem } from "echarts/types/dist/echarts";
import { formatDifference, formatInterval } from "../../terminal/format-number.ts";
import type { Markup } from "../markup.ts";
import { colour } from "../palette.ts";
import { renderChart } from "./render-chart.ts";

/** One row of a forest plot. */
export interface ForestRow {
  readonly name: string;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** Drawn in the accent colour. */
  readonly highlighted: boolean;
  /** Drawn hollow: a control, not a competitor. */
  readonly control: boolean;
}

const ROW_HEIGHT = 34;

/** Paired differences with their intervals around a line at zero, first row on top. */
export function forestPlot(
  rows: readonly ForestRow[],
  options: { readonly axis: string; readonly title: string },
): Markup {
  const bottom = rows.length - 1;
  return renderChart(
    {
      grid: { left: 150, right: 230, top: 10, bottom: 52 },
      xAxis: {
        type: "value",
        name: options.axis,
        nameLocation: "middle",
        nameGap: 32,
        nameTextStyle: { color: colour("muted"), fontSize: 13 },
        axisLabel: { color: colour("muted"), formatter: (value: number) => axisTick(value) },
        splitLine: { lineStyle: { color: colour("line") } },
        splitNumber: 6,
      },
      yAxis: {
        type: "category",
        inverse: true,
        data: rows.map((row) => row.name),
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: {
          color: colour("ink"),
          fontSize: 14,
          width: 140,
          overflow: "truncate",
          // The label of the highlighted row stands out as its mark does.
          formatter: (name: string) =>
            rows.some((row) => row.name === name && row.highlighted) ? `{own|${name}}` : name,
          rich: { own: { color: colour("accent"), fontWeight: "bold", fontSize: 14 } },
        },
      },
      series: [
        {
          type: "line",
          silent: true,
          showSymbol: false,
          lineStyle: { color: colour("muted"), width: 1.5, type: "solid" },
          data: [],
          markLine: {
            silent: true,
            symbol: "none",
            label: { show: false },
            lineStyle: { color: colour("muted"), width: 1.5, type: "solid" },
            data: [{ xAxis: 0 }],
          },
        },
        {
          type: "custom",
          silent: true,
          clip: false,
          renderItem: drawRow(rows),
          encode: { x: [1, 2, 3], y: 0 },
          data: rows.map((row, index) => [index, row.low, row.difference, row.high]),
        },
      ],
    },
    { width: 1000, height: 62 + ROW_HEIGHT * (bottom + 1), title: options.title },
  );
}

function drawRow(rows: readonly ForestRow[]): CustomSeriesRenderItem {
  return (parameters, api) => {
    const row = rows[parameters.dataIndex];
    if (row === undefined) return null;
    const at = (value: number): [number, number] => api.coord([value, parameters.dataIndex]) as [number, number];
    const [lowX, y] = at(row.low);
    const [highX] = at(row.high);
    const [x] = at(row.difference);
    const stroke = row.highlighted ? colour("accent") : colour("ink");
    const width = row.highlighted ? 3 : 2;
    const area = parameters.coordSys as unknown as { readonly x: number; readonly width: number };
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: "line" as const,
      shape: { x1, y1, x2, y2 },
      style: { stroke, lineWidth: width },
    });
    return {
      type: "group",
      children: [
        line(lowX, y, highX, y),
        line(lowX, y - 5, lowX, y + 5),
        line(highX, y - 5, highX, y + 5),
        {
          type: "circle",
          shape: { cx: x, cy: y, r: row.highlighted ? 6.5 : 5 },
          style: { fill: row.control ? colour("card") : stroke, stroke, lineWidth: 2 },
        },
        {
          type: "text",
          style: {
            x: area.x + area.width + 24,
            y,
            text: `${formatDifference(row.difference)}  ${formatInterval(row.low, row.high)}`,
            fill: row.highlighted ? colour("accent") : colour("ink"),
            font: `${row.highlighted ? "bold " : ""}13px system-ui, sans-serif`,
            verticalAlign: "middle",
          },
        },
      ],
    };
  };
}

function axisTick(value: number): string {
  return value === 0 ? "0" : formatDifference(value, 3).replace(/0+$/, "");
}
