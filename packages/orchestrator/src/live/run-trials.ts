import { type Abortable, type Environment, HapsError, type Outcome, type Trial } from "@haps/spec";

/**
 * Runs trials and puts their outcomes into the trials' order, whatever order they came in: sums are then the same in every run.
 *
 * @throws HapsError code `state` when the environment breaks its promise of one outcome per trial; its own errors.
 */
export async function runTrials(
  environment: Environment,
  trials: readonly Trial[],
  options?: Abortable,
): Promise<readonly Outcome[]> {
  const outcomes = new Map<string, Outcome>();
  for await (const outcome of environment.run(trials, options)) outcomes.set(outcome.trialId, outcome);
  return trials.map(({ id }) => {
    const outcome = outcomes.get(id);
    if (outcome !== undefined) return outcome;
    throw new HapsError(
      "state",
      `runTrials: the environment gave no outcome for trial "${id}"; expected one for each of ${trials.length} trials; correct the environment`,
      { trial: id, trials: trials.length, outcomes: outcomes.size },
    );
  });
}
