import type { EvaluationResult, MethodResult } from "../../evaluation/evaluation-result.ts";
import { type ForestRow, forestPlot } from "../charts/forest-plot.ts";
import { type Paired, turned } from "../figures.ts";
import { html, type MarkupValue } from "../markup.ts";
import { methodKinds, NON_INFERIORITY_MARGIN } from "../method-kinds.ts";
import { type Section, section, simulatedNote } from "../section.ts";

/** Forest plots of the differences to the best single arm and of HAPS to every other method; `null` with nothing to compare. */
export function differencesSection(result: EvaluationResult): Section | null {
  const { own, rivals, controls } = methodKinds(result);
  const note = simulatedNote(result);
  const compared = [...own, ...rivals, ...controls];
  const versusSingle = rowsOf(compared, (method) => method.versusBestSingle);
  const versusOthers = rowsOf([...rivals, ...controls], ({ versusHaps }) =>
    versusHaps === null ? null : turned(versusHaps),
  ).map((row) => ({ ...row, name: `minus ${row.name}` }));
  if (versusSingle.length === 0) return null;
  const body: MarkupValue = [
    html`<h3>Each method minus the best single arm</h3>\n`,
    forestPlot(versusSingle, {
      id: "versus-best-single",
      alt: `Mean score minus that of the best single arm${note}, with 95% intervals`,
      axis: `mean score minus best single arm${note}`,
      margin: NON_INFERIORITY_MARGIN,
      caption: `Point and line: paired difference with its 95% interval${note}. Right of zero a method scores higher than always using the arm that is best on the training part. Dashed: −0.015, the non-inferiority line; an interval wholly to its right is no worse than that. ${hollow(versusSingle)}Random, cheapest and oracle stand in the table.`,
    }),
    versusOthers.length > 0 && [
      html`<h3>HAPS minus each other method</h3>\n`,
      forestPlot(versusOthers, {
        id: "versus-others",
        alt: `Mean score of HAPS minus that of each other method${note}, with 95% intervals`,
        axis: `mean score of HAPS minus the other${note}`,
        margin: NON_INFERIORITY_MARGIN,
        caption: `Right of zero HAPS scores higher${note}. Wholly right of the dashed line it is not inferior by 0.015 or more. ${hollow(versusOthers)}`,
      }),
    ],
  ];
  return section(result, { id: "differences", name: "Differences", title: "Differences and how sure they are", body });
}

function rowsOf(methods: readonly MethodResult[], paired: (method: MethodResult) => Paired | null): ForestRow[] {
  return methods.flatMap((method) => {
    const value = paired(method);
    if (value === null) return [];
    return [{ ...value, name: method.name, highlighted: method.name === "haps", control: method.privileged }];
  });
}

function hollow(rows: readonly ForestRow[]): string {
  return rows.some((row) => row.control) ? "Hollow: a control that reads the task label. " : "";
}
