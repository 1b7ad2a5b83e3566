import type { Outcome, Trial } from "../environment.ts";
import { type EnvironmentPromise, ensure, ensureRejects, outcomesOf } from "./environment-subject.ts";

/** What every environment promises about how it is stopped, and what it refuses. */
export const environmentRunPromises: readonly EnvironmentPromise[] = [
  {
    name: "stops with code aborted when its signal fires, before or meanwhile",
    check: async ({ trials }, environment) => {
      const reason = new Error("stopped by the contract suite");
      const before = { signal: AbortSignal.abort(reason) };
      await ensureRejects(() => outcomesOf(environment, trials, before), "aborted", "an aborted signal");
      const controller = new AbortController();
      const meanwhile = outcomesOf(environment, trials, { signal: controller.signal });
      controller.abort(reason);
      await ensureRejects(() => meanwhile, "aborted", "a signal that fires meanwhile");
      await outcomesOf(environment, trials, { signal: new AbortController().signal });
    },
  },
  {
    name: "goes on after an iteration that was left early",
    check: async ({ trials }, environment) => {
      for await (const outcome of environment.run(trials)) {
        ensure(
          trials.some(({ id }) => id === outcome.trialId),
          `an outcome is of ${JSON.stringify(outcome.trialId)}`,
        );
        break;
      }
      await outcomesOf(environment, trials);
    },
  },
  {
    name: "refuses trials that cannot run, before any of them does",
    check: async ({ trials }, environment) => {
      const [first, ...others] = trials as readonly [Trial, ...Trial[]];
      const [role] = environment.task.roles.map(({ id }) => id) as [string];
      const player = first.roles[role] as Trial["roles"][string];
      const { [role]: _, ...rest } = first.roles;
      const stranger = { ...player, candidate: "a candidate of the contract suite" };
      const refuses = (trial: Trial, code: "config" | "unknown-candidate", what: string): Promise<void> =>
        ensureRejects(() => firstOutcome(environment.run([...others, trial])), code, what);
      await refuses({ ...first, id: (others[0] as Trial).id }, "config", "an id that comes twice");
      await refuses({ ...first, roles: rest }, "config", "a role without a player");
      await refuses(
        { ...first, roles: { ...first.roles, "a role of the suite": player } },
        "config",
        "a role too many",
      );
      await refuses({ ...first, seed: -1 }, "config", "a seed below 0");
      await refuses({ ...first, roles: { ...rest, [role]: stranger } }, "unknown-candidate", "an unknown candidate");
    },
  },
];

async function firstOutcome(outcomes: AsyncIterable<Outcome>): Promise<Outcome | undefined> {
  for await (const outcome of outcomes) return outcome;
  return undefined;
}
