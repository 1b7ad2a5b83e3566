import { deepFreeze, ensure, rejectionOf, same } from "./contract-check.ts";
import { type ContractPromise, decisionsOf, withRouter } from "./contract-subject.ts";
import { ensureAborted } from "./request-promises.ts";

/** What a factory promises about training. */
export const fitPromises: readonly ContractPromise[] = [
  {
    name: "makes the same router from the same seed and table",
    check: async (subject) => {
      ensure(
        same(await decisionsOf(subject), await decisionsOf(subject)),
        "a second fit with the same seed decides otherwise",
      );
    },
  },
  {
    name: "leaves the training table untouched",
    check: async (subject) => {
      const { training, pool, task } = subject.context;
      const copy = structuredClone({ training, pool, task });
      await withRouter(subject, async (router) => router.route(subject.requests), deepFreeze(copy));
      const before = structuredClone({ training, pool, task });
      ensure(sameValues(copy, before), "the training table was changed");
    },
  },
  {
    name: "does not train when its signal is aborted",
    check: async (subject) => {
      const reason = new Error("stopped by the contract suite");
      const signal = AbortSignal.abort(reason);
      ensureAborted(
        await rejectionOf(() => decisionsOf(subject, [], { signal }), "training with an aborted signal"),
        reason,
      );
    },
  },
];

/** Equal structures, typed arrays and `NaN` included. */
function sameValues(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => sameValues((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]))
  );
}
