import type { EvaluationResult } from "../../evaluation/evaluation-result.ts";
import { formatCost, formatRatio, formatScore } from "../../terminal/format-number.ts";
import { costQualityCurve } from "../charts/cost-quality-curve.ts";
import { dataTable } from "../data-table.ts";
import { pairedCell, sign } from "../figures.ts";
import { html, type Markup } from "../markup.ts";
import { type Section, section, simulatedNote } from "../section.ts";

type Curves = NonNullable<EvaluationResult["curves"]>;

/** Cost against quality; `null` where there are no costs or only one cost weight was asked for. */
export function costSection(result: EvaluationResult): Section | null {
  if (result.curves === null) return null;
  const note = simulatedNote(result);
  const curves = mainCurves(result, result.curves);
  const drawn = curves.methods.map(({ name }) => name).join(", ");
  return section(result, {
    id: "cost",
    name: "Cost",
    title: "What quality costs",
    lead: html`Asked with a higher cost weight, a router prefers cheaper arms: each point of a line is one cost weight. 1.00x is the mean cost of the best single arm, ${formatCost(curves.bestSingleCost)} ${curves.unit} a question.`,
    body: [
      costQualityCurve(curves, {
        id: "cost-quality",
        alt: `Mean score against relative cost${note}: lines for ${drawn}, a dashed line for mixtures of single arms, and ${curves.singleArms.length} single arms as points. The tables below hold the figures.`,
        note,
        caption: `Up and left is better${note}. Dashed: mixtures of single arms, chosen on the training parts and measured on the test parts. Tinted: the range of costs over which the height above that line is averaged.`,
      }),
      areaTable(curves, note),
      pointTable(curves, note),
    ],
  });
}

/** Ablations have a section of their own, and the operating point is one point, not a line. */
function mainCurves({ ablations }: EvaluationResult, curves: Curves): Curves {
  const left = new Set([...ablations.map(({ name }) => name), "haps-operating-point"]);
  return { ...curves, methods: curves.methods.filter(({ name, points }) => points.length > 0 && !left.has(name)) };
}

function areaTable({ methods }: Curves, note: string): Markup | false {
  const known = methods.filter(({ areaAboveHull }) => areaAboveHull !== null);
  if (known.length === 0) return false;
  return dataTable({
    className: "compact",
    caption: `Area above the hull of single arms${note}`,
    explanation:
      "Mean height of the line above mixtures of single arms, from 0.05x to 0.50x of the cost; 95% interval.",
    columns: [{ title: "Method" }, { title: "Mean height" }, { title: "Reading", className: "text" }],
    groups: [
      {
        rows: known.map(
          ({ name, areaAboveHull: area }) =>
            html`<tr${name === "haps" && html` class="haps"`}><th scope="row">${name}</th>${pairedCell(area)}<td class="text">${area !== null && { good: "above", bad: "below", level: "cannot be told apart" }[sign(area)]}</td></tr>\n`,
        ),
      },
    ],
  });
}

function pointTable({ methods, unit }: Curves, note: string): Markup {
  const table = dataTable({
    className: "compact",
    caption: `Every point of the plot${note}`,
    columns: [
      { title: "Method" },
      { title: "Cost weight" },
      { title: html`Cost, ${unit}` },
      { title: "Cost ratio" },
      { title: "Score" },
    ],
    groups: methods.map(({ name, points }) => ({
      rows: points.map(
        (point) =>
          html`<tr><th scope="row">${name}</th><td>${point.costWeight ?? "–"}</td><td>${formatCost(point.cost)}</td><td>${formatRatio(point.costRatio)}</td><td>${formatScore(point.score)}</td></tr>\n`,
      ),
    })),
  });
  return html`<details><summary>The figures of the plot</summary>${table}</details>
`;
}
