import type { EvaluationResult } from "../evaluation/evaluation-result.ts";
import { OWN_ROUTER } from "../jobs/workload.ts";

/** Adapters and experiments have plain names; anything else is the table of a file of one's own. */
export function reproduceCommand(result: EvaluationResult): string {
  const { summary, experiment, permutation } = result;
  const fitted = summary.methods.filter(({ reference }) => !reference).map(({ name }) => name);
  return [
    "npm run -s haps -- evaluate",
    experiment.title.startsWith("Outcomes of ")
      ? `--outcomes ${shellWord(experiment.title.slice("Outcomes of ".length))}`
      : shellWord(experiment.name),
    `--folds ${summary.folds}`,
    `--seeds ${summary.seeds.length}`,
    `--methods ${shellWord(fitted.join(","))}`,
    ...(fitted.includes(OWN_ROUTER) ? ["--router <your module>"] : []),
    ...(permutation === null ? [] : [`--permute ${permutation.permutations}`]),
  ].join(" ");
}

function shellWord(text: string): string {
  return /^[\w./,@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
