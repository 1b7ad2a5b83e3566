import type { EvaluationResult } from "../../evaluation/evaluation-result.ts";
import { facts } from "../facts.ts";
import { html } from "../markup.ts";
import { type Section, section } from "../section.ts";

/** How the figures came about. */
export function measurementSection(result: EvaluationResult): Section {
  const { summary, arms, provenance } = result;
  const { questions, texts, folds, seeds, costWeight, costUnit } = summary;
  const { openings } = provenance;
  return section(result, {
    id: "measured",
    name: "How measured",
    title: "How this was measured",
    body: [
      html`<p>For ${counted(seeds.length, "seed")}, the questions were cut into ${folds} folds by distinct text; every method was fitted on the training part of a fold and then chose an arm for each question of the test part, which it had not seen. Scores and costs are averaged over seeds for each question first, and the 95% intervals then resample the ${texts} distinct texts, the same ones for every method. “Best single arm” is the arm with the highest mean score on the training part of each fold, chosen without a look at the test part. The outer folds of this experiment on these data have been opened ${openings === 1 ? "once, by this evaluation" : `${openings} times, this evaluation included`}; every opening is logged in the runs folder, and only those of this folder are counted.</p>
`,
      facts([
        ["questions", String(questions)],
        ["distinct texts", String(texts)],
        ["arms", String(arms.length)],
        ["folds × seeds", `${folds} × ${seeds.length} (${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(", ")})`],
        ["cost weight of the table", String(costWeight)],
        ["unit of cost", costUnit ?? "no costs recorded"],
      ]),
    ],
  });
}

function counted(count: number, noun: string): string {
  return count === 1 ? `one ${noun}` : `each of ${count} ${noun}s`;
}
