import type { EvaluationResult } from "../../evaluation/evaluation-result.ts";
import { formatDifference } from "../../terminal/format-number.ts";
import { intervalStrip } from "../charts/interval-strip.ts";
import { dataTable } from "../data-table.ts";
import { pairedCell } from "../figures.ts";
import { html } from "../markup.ts";
import { type Section, section, simulatedNote } from "../section.ts";

/** What HAPS claims where there is nothing to find; `null` where that was not run. */
export function nullSection(result: EvaluationResult): Section | null {
  const { permutation } = result;
  if (permutation === null) return null;
  const note = simulatedNote(result);
  const { permutations, falseGains, falseLosses, meanDifference, runs } = permutation;
  const table = dataTable({
    className: "compact",
    caption: `HAPS minus best single arm under each permutation${note}`,
    columns: [{ title: "Permutation" }, { title: "HAPS minus best single" }],
    groups: [{ rows: runs.map((run) => html`<tr><th scope="row">${run.permutation}</th>${pairedCell(run)}</tr>\n`) }],
  });
  return section(result, {
    id: "null",
    name: "Null experiment",
    title: "What HAPS claims where there is nothing to find",
    lead: html`Texts were permuted against outcomes, so that no text says anything about its outcomes, and everything was fitted anew. Of ${permutations} ${permutations === 1 ? "permutation" : "permutations"}, <strong>${falseGains} claimed a gain</strong> and ${falseLosses} a loss; by chance alone about ${(permutations * 0.025).toFixed(1)} of each would. On average HAPS came out at <strong>${formatDifference(meanDifference)}</strong> to the best single arm: the price of noise.`,
    body: [
      intervalStrip(runs, {
        id: "null-strip",
        alt: `HAPS minus best single arm under ${permutations} permutations of the texts${note}: ${falseGains} intervals lie above zero, ${falseLosses} below, mean ${formatDifference(meanDifference)}`,
        axis: `difference${note}`,
        caption: `Each line is one permutation with its 95% interval${note}, lowest first; red where it excludes zero.`,
      }),
      html`<details><summary>The figures of the plot</summary>${table}</details>\n`,
    ],
  });
}
