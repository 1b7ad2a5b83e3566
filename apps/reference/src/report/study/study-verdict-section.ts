import type { StudyResult } from "../../study/study-result.ts";
import {
  bestRouterText,
  costFirstText,
  headline,
  hullText,
  paperText,
  scoreText,
  verdictText,
} from "../../study/study-words.ts";
import { formatDifference, formatScore } from "../../terminal/format-number.ts";
import { html, type Markup } from "../markup.ts";
import type { Section } from "../section.ts";

/** What came out, in plain words and in the few figures that matter most. */
export function studyVerdictSection(result: StudyResult): Section {
  const { primary, hull } = result;
  const sentences = [
    ...primary.comparisons.map(verdictText),
    bestRouterText(result),
    costFirstText(result),
    ...hull.advantages.slice(0, 1).map(hullText),
    paperText(result),
  ];
  const markup = html`<section class="verdict ${kindOf(result)}" aria-labelledby="verdict">
<h2 id="verdict">${headline(result)}</h2>
${sentences.map((sentence) => sentence !== null && html`<p>${sentence}</p>\n`)}</section>
${tiles(result)}`;
  return { id: "verdict", name: "Result", markup };
}

function kindOf({ primary }: StudyResult): "gain" | "loss" | "none" {
  if (primary.state !== "decided") return "none";
  if (primary.comparisons.some(({ high }) => high < 0)) return "loss";
  return primary.comparisons.every(({ verdict }) => verdict === "met") ? "gain" : "none";
}

function tiles(result: StudyResult): Markup {
  const { methods, primary, counts, costFirst } = result;
  const main = methods.find(({ role }) => role === "haps");
  const single = methods.find(({ id }) => id === "best-single");
  const met = primary.comparisons.filter(({ verdict }) => verdict === "met").length;
  const router = primary.comparisons.find(({ baseline }) => baseline === primary.bestRouter?.id);
  const shown = [
    main !== undefined && {
      label: `Score of ${main.id}`,
      value: formatScore(main.score),
      detail: single === undefined ? scoreText(main) : `best static assignment ${formatScore(single.score)}`,
    },
    router !== undefined && {
      label: `${router.method} minus best other router`,
      value: formatDifference(router.difference),
      detail: `corrected lower bound ${formatDifference(router.bonferroniLow)}`,
    },
    {
      label: "Primary comparisons met",
      value: primary.state === "decided" ? `${met} of ${primary.planned}` : "open",
      detail: primary.state === "decided" ? "corrected as one family" : (primary.reason ?? ""),
    },
    costFirst !== null && {
      label: "Cost-first against quality-first",
      value: `${(100 * costFirst.quality.ratio).toFixed(1)} %`,
      detail: `of the score at ${(100 * costFirst.cost.ratio).toFixed(1)} % of the cost`,
    },
    {
      label: "Openings of test",
      value: String(counts.openings),
      detail: openingsDetail(result),
    },
  ];
  return html`<dl class="tiles">${shown.map(
    (tile) =>
      tile !== false &&
      html`<div class="tile"><dt>${tile.label}</dt><dd class="value">${tile.value}</dd><dd class="detail">${tile.detail}</dd></div>\n`,
  )}</dl>
`;
}

function openingsDetail({ counts, heldOut }: StudyResult): string {
  if (heldOut === "valid") return "figures are of valid";
  return counts.openings > 1 ? "later choices had seen it" : "no choice had seen it";
}
