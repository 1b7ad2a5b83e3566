import type { EChartsCoreOption } from "echarts/core";
import type { CustomSeriesRenderItem } from "echarts/types/dist/echarts";
import { formatDifference, formatInterval } from "../../terminal/format-number.ts";
import type { Markup } from "../markup.ts";
import { colour } from "../palette.ts";
import { axisTick } from "./axis-tick.ts";
import { type ChartLayout, type FigureText, figure } from "./figure.ts";
import { chartFont, renderChart } from "./render-chart.ts";

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

/** What a forest plot says beside its rows. */
export interface ForestPlotOptions extends Omit<FigureText, "alt"> {
  /** What the plot compares; its rows are added for people who do not see it. */
  readonly alt: string;
  readonly axis: string;
  /** Place of the dashed line: down to there a loss counts as none. Without it there is no such line. */
  readonly margin?: number;
}

const ROW_HEIGHT: Readonly<Record<ChartLayout, number>> = { wide: 32, narrow: 50 };
const LONGEST_NAME: Readonly<Record<ChartLayout, number>> = { wide: 26, narrow: 22 };

/** Paired differences with their intervals around a line at zero, first row on top. */
export function forestPlot(rows: readonly ForestRow[], options: ForestPlotOptions): Markup {
  const alt = `${options.alt}: ${rows.map((row) => `${row.name} ${figures(row)}`).join("; ")}`;
  return figure({ ...options, alt }, (layout, frame) =>
    renderChart(forestOption(rows, options, layout), {
      ...frame,
      height: 82 + ROW_HEIGHT[layout] * rows.length,
    }),
  );
}

function forestOption(rows: readonly ForestRow[], options: ForestPlotOptions, layout: ChartLayout): EChartsCoreOption {
  const wide = layout === "wide";
  const { margin } = options;
  return {
    grid: { left: wide ? 186 : 14, right: wide ? 232 : 14, top: 26, bottom: 52 },
    xAxis: {
      type: "value",
      name: options.axis,
      nameLocation: "middle",
      nameGap: 30,
      nameTextStyle: { color: colour("muted"), fontSize: 13 },
      axisLabel: { color: colour("muted"), formatter: (value: number) => axisTick(value), hideOverlap: true },
      splitLine: { lineStyle: { color: colour("line") } },
      splitNumber: wide ? 6 : 3,
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: rows.map((_, index) => String(index)),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { show: false },
    },
    series: [
      {
        // Invisible, but keeps zero and the margin inside the axis.
        type: "line",
        silent: true,
        showSymbol: false,
        lineStyle: { opacity: 0 },
        data: [
          [margin ?? 0, 0],
          [0, 0],
        ],
        markLine: {
          silent: true,
          symbol: "none",
          // Two decimals by default, which would move the margin.
          precision: 6,
          data: [
            verticalLine(0, "solid", ""),
            ...(margin === undefined ? [] : [verticalLine(margin, "dashed", axisTick(margin))]),
          ],
        },
      },
      {
        type: "custom",
        silent: true,
        clip: false,
        z: 6,
        renderItem: drawRow(rows, layout),
        encode: { x: [1, 2, 3], y: 0 },
        data: rows.map((row, index) => [index, row.low, row.difference, row.high]),
      },
    ],
  };
}

function verticalLine(value: number, type: "solid" | "dashed", name: string): object {
  const ink = colour(type === "solid" ? "muted" : "warn");
  return {
    xAxis: value,
    lineStyle: { color: ink, width: 1.5, type: type === "solid" ? type : [5, 4] },
    label: { show: name !== "", formatter: name, position: "start", color: ink, fontSize: 12, distance: 5 },
  };
}

function drawRow(rows: readonly ForestRow[], layout: ChartLayout): CustomSeriesRenderItem {
  return (parameters, api) => {
    const row = rows[parameters.dataIndex];
    if (row === undefined) return null;
    const at = (value: number): [number, number] => api.coord([value, parameters.dataIndex]) as [number, number];
    const [lowX, centre] = at(row.low);
    const [highX] = at(row.high);
    const [x] = at(row.difference);
    const y = layout === "wide" ? centre : centre + 10;
    const stroke = colour(row.highlighted ? "accent" : "ink");
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: "line" as const,
      shape: { x1, y1, x2, y2 },
      style: { stroke, lineWidth: row.highlighted ? 3 : 2 },
    });
    return {
      type: "group",
      children: [
        line(lowX, y, highX, y),
        line(lowX, y - 5, lowX, y + 5),
        line(highX, y - 5, highX, y + 5),
        {
          type: "circle" as const,
          shape: { cx: x, cy: y, r: row.highlighted ? 6.5 : 5 },
          style: { fill: row.control ? colour("card") : stroke, stroke, lineWidth: 2 },
        },
        ...rowTexts(row, layout, centre).map((style) => ({ type: "text" as const, style })),
      ],
    };
  };
}

/** Name and figures: on both sides of the plot where there is room, else above the row. */
function rowTexts(row: ForestRow, layout: ChartLayout, centre: number) {
  const wide = layout === "wide";
  const longest = LONGEST_NAME[layout];
  const shared = {
    y: wide ? centre : centre - 10,
    fill: colour(row.highlighted ? "accent" : "ink"),
    font: chartFont(wide ? 13 : 12, row.highlighted ? "bold" : "normal"),
    verticalAlign: "middle" as const,
    // Grid and lines pass behind the words of a narrow plot.
    ...(wide ? {} : { backgroundColor: colour("card"), padding: [3, 3] }),
  };
  const name = row.name.length > longest ? `${row.name.slice(0, longest - 1)}…` : row.name;
  return [
    { ...shared, text: name, x: wide ? 176 : 14, align: wide ? ("right" as const) : ("left" as const) },
    { ...shared, text: figures(row), x: wide ? 662 : 346, align: wide ? ("left" as const) : ("right" as const) },
  ];
}

function figures(row: ForestRow): string {
  return `${formatDifference(row.difference)} ${formatInterval(row.low, row.high)}`;
}
