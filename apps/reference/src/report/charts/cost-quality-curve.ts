import type { EvaluationResult } from "../../evaluation/evaluation-result.ts";
import { formatCost } from "../../terminal/format-number.ts";
import type { Markup } from "../markup.ts";
import { armColour, colour } from "../palette.ts";
import { renderChart } from "./render-chart.ts";

type Curves = NonNullable<EvaluationResult["curves"]>;

/** Colours of the curves, by their place in the list: HAPS is always in the accent colour. */
export function curveColour(name: string, place: number): string {
  return name.startsWith("haps") ? colour("accent") : armColour(place);
}

/** Score against cost: curves of the methods, single arms as points, the hull of the single arms dashed. */
export function costQualityCurve(curves: Curves, options: { readonly title: string; readonly note: string }): Markup {
  const name = (text: string): object => ({
    name: text + options.note,
    nameLocation: "middle",
    nameTextStyle: { color: colour("muted"), fontSize: 13 },
    axisLabel: { color: colour("muted") },
    splitLine: { lineStyle: { color: colour("line") } },
  });
  return renderChart(
    {
      grid: { left: 70, right: 40, top: 20, bottom: 56 },
      xAxis: {
        type: "value",
        min: 0,
        ...name(`mean cost of one question (${curves.unit})`),
        nameGap: 34,
        axisLabel: { color: colour("muted"), formatter: (value: number) => formatCost(value) },
      },
      yAxis: { type: "value", scale: true, ...name("mean score"), nameGap: 48 },
      series: [
        hullSeries(curves),
        ...curves.methods.map((method, place) => ({
          type: "line",
          silent: true,
          symbol: "circle",
          symbolSize: method.name.startsWith("haps") ? 7 : 5,
          z: method.name.startsWith("haps") ? 5 : 3,
          lineStyle: { color: curveColour(method.name, place), width: method.name.startsWith("haps") ? 3 : 1.75 },
          itemStyle: { color: curveColour(method.name, place) },
          data: method.points.map((point) => [point.cost, point.score]),
        })),
        armSeries(curves),
      ],
    },
    { width: 1000, height: 460, title: options.title },
  );
}

function hullSeries(curves: Curves): object {
  return {
    type: "line",
    silent: true,
    showSymbol: false,
    lineStyle: { color: colour("muted"), width: 1.75, type: "dashed" },
    data: curves.hull.map((point) => [point.cost, point.score]),
    markLine: {
      silent: true,
      symbol: "none",
      lineStyle: { color: colour("muted"), width: 1, type: "dotted" },
      label: {
        show: true,
        position: "insideEndTop",
        formatter: "best single arm",
        color: colour("muted"),
        fontSize: 12,
      },
      data: [{ xAxis: curves.bestSingleCost }],
    },
  };
}

function armSeries(curves: Curves): object {
  return {
    type: "scatter",
    silent: true,
    symbol: "diamond",
    symbolSize: 11,
    z: 6,
    itemStyle: { color: colour("card"), borderColor: colour("ink"), borderWidth: 1.75 },
    label: {
      show: curves.singleArms.length <= 16,
      position: "right",
      color: colour("ink"),
      fontSize: 12,
      formatter: (item: { dataIndex: number }) => curves.singleArms[item.dataIndex]?.label ?? "",
    },
    labelLayout: { hideOverlap: true, moveOverlap: "shiftY" },
    data: curves.singleArms.map((arm) => [arm.cost, arm.score]),
  };
}
