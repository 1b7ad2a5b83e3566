import type { EvaluationResult } from "../../evaluation/evaluation-result.ts";
import { judge } from "../../evaluation/verdict.ts";
import { formatDifference, formatInterval, formatRatio, formatScore } from "../../terminal/format-number.ts";
import { pairedText, ratioInterval, share, sign } from "../figures.ts";
import { html, type Markup } from "../markup.ts";
import { methodKinds } from "../method-kinds.ts";
import type { Section } from "../section.ts";

/** What came out, in plain words and in the few figures that matter most. */
export function verdictSection(result: EvaluationResult): Section {
  const { kind, headline, sentences } = judge(result);
  const markup = html`<section class="verdict ${kind}" aria-labelledby="verdict">
<h2 id="verdict">${headline}</h2>
${pointsOfHundred(result)}${[...sentences, ...plantedSentences(result)].map((sentence) => html`<p>${sentence}</p>\n`)}</section>
${tiles(result)}`;
  return { id: "verdict", name: "Result", markup };
}

/** The main difference for readers who do not think in decimals. */
function pointsOfHundred(result: EvaluationResult): Markup | false {
  const versus = methodKinds(result).haps?.versusBestSingle;
  if (versus == null || sign(versus) === "level") return false;
  const points = Math.abs(versus.difference * 100);
  return html`<p>That is ${points.toFixed(1)} points in a hundred ${versus.difference > 0 ? "more" : "fewer"}, on questions that no fit had seen.</p>
`;
}

function plantedSentences({ planted }: EvaluationResult): string[] {
  if (planted === null) return [];
  return [
    `A gain of ${formatDifference(planted.gain)} was planted into the simulated outcomes; HAPS found ${share(planted.share)} of it.`,
  ];
}

interface Tile {
  readonly label: string;
  readonly value: string;
  readonly detail: string;
  readonly tone?: "good" | "bad" | "level";
}

function tiles(result: EvaluationResult): Markup | false {
  const { haps, controls, references } = methodKinds(result);
  if (haps === undefined) return false;
  const single = references.find(({ name }) => name === "best-single");
  const table = controls.find(({ name }) => name === "task-table");
  const priced = result.summary.methods.find(({ name }) => name === "haps-operating-point") ?? haps;
  const shown: (Tile | false)[] = [
    {
      label: "Score of HAPS",
      value: formatScore(haps.score),
      detail: single === undefined ? "" : `best single arm ${formatScore(single.score)}`,
    },
    haps.versusBestSingle !== null && {
      label: "HAPS minus best single arm",
      value: formatDifference(haps.versusBestSingle.difference),
      detail: formatInterval(haps.versusBestSingle.low, haps.versusBestSingle.high),
      tone: sign(haps.versusBestSingle),
    },
    priced.costRatio !== null && {
      label: priced === haps ? "Cost against best single arm" : "Cost at the operating point",
      value: formatRatio(priced.costRatio),
      detail:
        priced === haps || priced.versusBestSingle === null
          ? priced.costRatioInterval === null
            ? ""
            : ratioInterval(priced.costRatioInterval)
          : `score ${pairedText(priced.versusBestSingle)}`,
    },
    haps.oracleShare !== null && {
      label: "Share of the possible gain",
      value: share(haps.oracleShare),
      detail:
        table?.oracleShare == null
          ? "of what the oracle gains with hindsight"
          : `task table ${share(table.oracleShare)}; 100 % is the oracle`,
    },
  ];
  return html`<dl class="tiles">${shown.map(
    (tile) =>
      tile !== false &&
      html`<div class="tile"><dt>${tile.label}</dt><dd class="value ${tile.tone ?? "level"}">${tile.value}</dd><dd class="detail">${tile.detail}</dd></div>\n`,
  )}</dl>
`;
}
