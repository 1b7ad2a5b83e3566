import type { StudyResult } from "../../study/study-result.ts";
import { diagnosticText } from "../../study/study-words.ts";
import { breakable } from "../arm-labels.ts";
import { learningCurves } from "../charts/learning-curves.ts";
import { dataTable } from "../data-table.ts";
import { html, type Markup } from "../markup.ts";
import type { Section } from "../section.ts";
import { HABITS_NOTE, studySection } from "./study-section.ts";

/** How training went and what the generated weights did; `null` where nothing was trained. */
export function studyTrainingSection(result: StudyResult): Section | null {
  const { curves, diagnostics } = result;
  if (curves.length + diagnostics.length === 0) return null;
  return studySection({
    id: "training",
    name: "Training",
    title: "How it learns and what the weights do",
    body: [
      curves.length > 0 && [html`<h3>Learning</h3>\n`, curvesFigure(result)],
      diagnostics.length > 0 && [html`<h3>Generated weights</h3>\n`, diagnosticsTable(diagnostics)],
    ],
  });
}

function curvesFigure({ curves, methods }: StudyResult): Markup {
  const main = methods.find(({ role }) => role === "haps")?.id ?? "HAPS";
  const ends = curves.map(({ seed, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    return `seed ${seed} from ${first?.score.toFixed(3)} to ${last?.score.toFixed(3)}`;
  });
  return learningCurves(
    curves.map(({ seed, points }) => ({ name: `seed ${seed}`, points })),
    {
      id: "learning",
      alt: `Mean score of ${main} on valid during joint training${HABITS_NOTE}: ${ends.join("; ")}`,
      caption: `Looks of ${main} at valid during joint training${HABITS_NOTE}; the best one is kept. Training never sees test.`,
    },
  );
}

function diagnosticsTable(diagnostics: StudyResult["diagnostics"]): Markup {
  const names = [...new Set(diagnostics.flatMap(({ figures }) => Object.keys(figures)))].sort();
  return dataTable({
    caption: `What the generated weights did${HABITS_NOTE}`,
    explanation:
      "Means over seeds: size of the update relative to the weight, divergence of the replies per token in nats, share of changed answers, gradient norms. A low level that changes nothing shows zeros.",
    columns: [{ title: "Method" }, ...names.map((name) => ({ title: breakable(name) }))],
    groups: [
      {
        rows: diagnostics.map(
          ({ method, figures }) =>
            html`<tr><th scope="row">${method}</th>${names.map((name) => html`<td>${diagnosticText(figures[name])}</td>`)}</tr>\n`,
        ),
      },
    ],
  });
}
