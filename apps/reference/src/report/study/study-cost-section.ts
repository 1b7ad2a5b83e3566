import type { StudyMethodRow, StudyResult } from "../../study/study-result.ts";
import { costFirstText, hullText, methodGroups } from "../../study/study-words.ts";
import { costQualityScatter, type PointStyle } from "../charts/cost-quality-scatter.ts";
import { html } from "../markup.ts";
import { colour } from "../palette.ts";
import type { Section } from "../section.ts";
import { HABITS_NOTE, studySection } from "./study-section.ts";

const STYLES: Readonly<Record<StudyMethodRow["role"], PointStyle>> = {
  haps: { colour: colour("accent"), symbol: "circle", hollow: false, size: 14 },
  regime: { colour: colour("accent"), symbol: "triangle", hollow: false, size: 13 },
  released: { colour: colour("arm5"), symbol: "rect", hollow: false, size: 9 },
  ablation: { colour: colour("arm1"), symbol: "rect", hollow: false, size: 9 },
  control: { colour: colour("arm3"), symbol: "rect", hollow: true, size: 9 },
  rival: { colour: colour("arm2"), symbol: "triangle", hollow: false, size: 10 },
  router: { colour: colour("arm0"), symbol: "circle", hollow: false, size: 9 },
  reference: { colour: colour("muted"), symbol: "circle", hollow: true, size: 9 },
  static: { colour: colour("ink"), symbol: "diamond", hollow: true, size: 12 },
};

/** Hindsight and chance would stretch the plot and say nothing about cost; the other two are static assignments that stand there. */
const LEFT_OUT = ["oracle", "oracle-halves", "class-table-permuted", "best-single", "cheapest"];

/** Cost against quality; `null` where no cost is known. */
export function studyCostSection(result: StudyResult): Section | null {
  const { hull, costUnit } = result;
  const points = methodGroups(result)
    .flatMap(({ methods }) => methods)
    .flatMap(({ id, role, cost, score }) =>
      cost === null || score === null || LEFT_OUT.includes(id) ? [] : [{ name: id, cost, score, style: STYLES[role] }],
    );
  if (points.length === 0) return null;
  return studySection({
    id: "cost",
    name: "Cost",
    title: "What quality costs",
    lead: costFirstText(result) ?? undefined,
    body: [
      costQualityScatter({
        id: "cost-quality",
        alt: `Mean score against mean cost of ${points.length} methods and assignments${HABITS_NOTE}, with the hull of the static assignments; the table of methods holds the figures.`,
        caption: `Up and left is better${HABITS_NOTE}. Dashed: the best mixtures of static assignments, chosen on test with hindsight, which favours them. The oracle stands in the table only.`,
        hullName: "mixtures of static assignments",
        points,
        hull: hull.corners,
        unit: costUnit ?? "no unit",
      }),
      hull.advantages.map((one) => html`<p>${hullText(one)}</p>\n`),
      hull.absent.map(({ method, reason }) => html`<p>${method} cannot be held against the hull: ${reason}.</p>\n`),
    ],
  });
}
