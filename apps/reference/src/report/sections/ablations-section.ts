import type { EvaluationResult } from "../../evaluation/evaluation-result.ts";
import { forestPlot } from "../charts/forest-plot.ts";
import { dataTable } from "../data-table.ts";
import { pairedCell, ratioCell } from "../figures.ts";
import { html, type Markup } from "../markup.ts";
import { methodKinds, NON_INFERIORITY_MARGIN } from "../method-kinds.ts";
import { type Section, section, simulatedNote } from "../section.ts";

/** HAPS with parts left out; `null` where none was evaluated. */
export function ablationsSection(result: EvaluationResult): Section | null {
  const { ablations, haps } = methodKinds(result);
  if (ablations.length === 0) return null;
  const note = simulatedNote(result);
  const rows = ablations.flatMap(({ name, versusHaps }) =>
    versusHaps === null ? [] : [{ ...versusHaps, name, highlighted: false, control: false }],
  );
  return section(result, {
    id: "ablations",
    name: "Ablations",
    title: "What each part of HAPS is good for",
    lead: "HAPS with one part left out and everything else the same. Left of zero: the part helps.",
    body: [
      haps !== undefined &&
        rows.length > 0 &&
        forestPlot(rows, {
          id: "versus-haps",
          alt: `Mean score of each ablation minus that of HAPS${note}, with 95% intervals`,
          axis: `mean score minus HAPS${note}`,
          margin: NON_INFERIORITY_MARGIN,
          caption: `Paired differences with their 95% intervals${note}. Left of the dashed line the loss exceeds 0.015.`,
        }),
      ablationTable(result),
    ],
  });
}

function ablationTable(result: EvaluationResult): Markup {
  const note = simulatedNote(result);
  const { ablations } = methodKinds(result);
  const descriptions = new Map(result.ablations.map(({ name, description }) => [name, description]));
  const areas = new Map(result.curves?.methods.map(({ name, areaAboveHull }) => [name, areaAboveHull]));
  const priced = ablations.some(({ costRatio }) => costRatio !== null);
  const curved = ablations.some(({ name }) => areas.get(name) != null);
  return dataTable({
    className: "methods",
    caption: `HAPS with parts left out${note}`,
    explanation: "95% intervals over distinct texts. Green and red: the interval excludes zero.",
    columns: [
      { title: "Ablation" },
      { title: "Score" },
      { title: "Minus HAPS" },
      { title: "Minus best single" },
      ...(priced ? [{ title: "Cost ratio to best single" }] : []),
      ...(curved ? [{ title: "Area above hull" }] : []),
    ],
    groups: [
      {
        rows: ablations.map(
          (method) =>
            html`<tr><th scope="row">${method.name}<small>${descriptions.get(method.name)}</small></th><td>${method.score.toFixed(4)}</td>${pairedCell(method.versusHaps)}${pairedCell(method.versusBestSingle)}${priced && ratioCell(method)}${curved && pairedCell(areas.get(method.name) ?? null)}</tr>\n`,
        ),
      },
    ],
  });
}
