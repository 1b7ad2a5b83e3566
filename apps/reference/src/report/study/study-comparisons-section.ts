import type { PrimaryComparison, StudyResult } from "../../study/study-result.ts";
import { bestRouterText, pairText, pText } from "../../study/study-words.ts";
import { formatDifference, formatInterval } from "../../terminal/format-number.ts";
import { type ForestRow, forestPlot } from "../charts/forest-plot.ts";
import { dataTable } from "../data-table.ts";
import { pairedCell } from "../figures.ts";
import { html, type Markup, type MarkupValue } from "../markup.ts";
import type { Section } from "../section.ts";
import { HABITS_NOTE, studySection } from "./study-section.ts";

const VERDICTS = { met: "met", "not-met": "not met", open: "open" } as const;

/** The comparisons that were named before test was opened, and the others apart from them. */
export function studyComparisonsSection(result: StudyResult): Section {
  const { primary, secondary } = result;
  const body: MarkupValue = [
    primary.reason !== null && html`<p>Nothing is decided: ${primary.reason}.</p>\n`,
    primary.comparisons.length > 0 && [primaryPlot(primary.comparisons), primaryTable(primary.comparisons)],
    primary.absent.length > 0 && html`<p>Missing: ${primary.absent.map(pairText).join("; ")}.</p>\n`,
    html`<h3>Every other comparison, corrected for nothing</h3>\n`,
    secondary.reason === null
      ? secondaryTable(secondary.comparisons)
      : html`<p>There are none: ${secondary.reason}.</p>\n`,
  ];
  return studySection({
    id: "comparisons",
    name: "Comparisons",
    title: "What was to be shown",
    lead: html`${primary.planned} primary comparisons, named before test was opened and corrected as one family: met where the simultaneous lower bound is above zero. ${bestRouterText(result)}`,
    body,
  });
}

function primaryPlot(comparisons: readonly PrimaryComparison[]): Markup {
  const [first] = comparisons;
  const same = comparisons.every(({ method }) => method === first?.method);
  const rows = comparisons.map((one): ForestRow => {
    const { difference, low, high, verdict } = one;
    const name = same ? `minus ${one.baseline}` : pairText(one);
    return { name, difference, low, high, highlighted: verdict === "met", control: verdict !== "met" };
  });
  return forestPlot(rows, {
    id: "primary-comparisons",
    alt: `Primary comparisons${same ? `, ${first?.method} minus each` : ""}${HABITS_NOTE}, with 95% intervals`,
    axis: `${same ? `${first?.method} minus the other` : "difference"}${HABITS_NOTE}`,
    caption: `Point and line: difference with its 95% interval over chains of questions, not corrected${HABITS_NOTE}. Filled: met by the corrected lower bound, which the table shows. Hollow: not met, or open.`,
  });
}

function primaryTable(comparisons: readonly PrimaryComparison[]): Markup {
  return dataTable({
    caption: `Primary comparisons${HABITS_NOTE}`,
    explanation:
      "Below each difference its 95% interval, not corrected; the bound and p are corrected for the whole family.",
    columns: [
      { title: "What" },
      { title: "Difference" },
      { title: "Corrected lower bound" },
      { title: "Holm" },
      { title: "95% over seeds too" },
      { title: "Seeds in favour" },
      { title: "Verdict" },
    ],
    groups: [
      {
        rows: comparisons.map((one) => {
          const { overSeeds, seedsInFavour, perSeed, verdict } = one;
          const tone = { met: "good", "not-met": "bad", open: "level" }[verdict];
          return html`<tr><th scope="row">${pairText(one)}<small>${one.id}</small></th>${pairedCell(one)}<td>${formatDifference(one.bonferroniLow)}</td><td>${pText(one.pHolm)}</td><td>${overSeeds === null ? "–" : formatInterval(overSeeds.low, overSeeds.high)}</td><td>${seedsInFavour} of ${perSeed.length}</td><td><span class="${tone}">${VERDICTS[verdict]}</span></td></tr>\n`;
        }),
      },
    ],
  });
}

function secondaryTable(comparisons: StudyResult["secondary"]["comparisons"]): Markup {
  const table = dataTable({
    className: "compact",
    caption: `Differences to every other method${HABITS_NOTE}`,
    explanation: "To understand, not to claim: with this many intervals some exclude zero by chance.",
    columns: [{ title: "What" }, { title: "Difference" }, { title: "Two-sided" }, { title: "Questions" }],
    groups: [
      {
        rows: comparisons.map(
          (one) =>
            html`<tr><th scope="row">${pairText(one)}</th>${pairedCell(one)}<td>${pText(one.pTwoSided)}</td><td>${one.questions}</td></tr>\n`,
        ),
      },
    ],
  });
  return html`<details><summary>${comparisons.length} comparisons</summary>${table}</details>
`;
}
