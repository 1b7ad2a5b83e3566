import { HapsError } from "../errors.ts";
import type { RoutingRequest } from "../router.ts";
import { deepFreeze, ensure, ensureRejects, rejectionOf, same } from "./contract-check.ts";
import { type ContractPromise, decisionsOf, withRouter } from "./contract-subject.ts";

/** What a router promises about the requests that it takes and refuses, and about its life. */
export const requestPromises: readonly ContractPromise[] = [
  {
    name: "leaves requests untouched",
    check: async (subject) => {
      const before = JSON.stringify(subject.requests);
      const requests = deepFreeze(structuredClone(subject.requests));
      await decisionsOf(subject, requests);
      ensure(JSON.stringify(requests) === before, "a request was changed");
    },
  },
  {
    name: "chooses and ranks from the request's pool alone",
    check: async (subject) => {
      const { candidates } = subject.context.pool;
      for (const kept of candidates) {
        const pool = { candidates: [kept] };
        for (const decision of await decisionsOf(
          subject,
          subject.requests.map((request) => ({ ...request, pool })),
        )) {
          ensureOnly(decision.ranking.map(({ arm }) => arm).concat(decision.roles), new Set([kept.id]));
          ensure(
            Object.values(decision.marginals).every((values) => same(values, [1])),
            `the only candidate "${kept.id}" has not probability 1`,
          );
        }
      }
    },
  },
  {
    name: "obeys exclude",
    check: async (subject) => {
      const { candidates } = subject.context.pool;
      for (const [place, dropped] of candidates.entries()) {
        if (candidates.length < 2) break;
        const others = new Set(candidates.map(({ id }) => id).filter((id) => id !== dropped.id));
        const requests = subject.requests.map((request) => ({ ...request, exclude: [dropped.id] }));
        for (const decision of await decisionsOf(subject, requests)) {
          ensureOnly(decision.ranking.map(({ arm }) => arm).concat(decision.roles), others);
          const [marginals = []] = Object.values(decision.marginals);
          ensure(
            marginals.length === candidates.length,
            `an excluded candidate is missing in ${marginals.length} marginals; expected one per candidate of the pool`,
          );
          ensure(marginals[place] === 0, `the excluded candidate "${dropped.id}" has probability ${marginals[place]}`);
        }
      }
    },
  },
  {
    name: "refuses a candidate that it was not trained with, code unknown-candidate",
    check: async (subject) => {
      const stranger = { id: "stranger-of-the-contract-suite", weights: "closed", parameters: {} } as const;
      const { candidates } = subject.context.pool;
      await refuses(
        subject,
        { pool: { candidates: [...candidates, stranger] } },
        "unknown-candidate",
        "an unknown candidate",
      );
    },
  },
  {
    name: "refuses a request that leaves nothing to choose, code config",
    check: async (subject) => {
      await refuses(subject, { pool: { candidates: [] } }, "config", "an empty pool");
      const exclude = subject.context.pool.candidates.map(({ id }) => id);
      await refuses(subject, { exclude }, "config", "a request that excludes every candidate");
    },
  },
  {
    name: "refuses a cost weight that is no finite number >= 0, code config",
    check: async (subject) => {
      for (const costWeight of [-0.1, Number.NaN, Number.POSITIVE_INFINITY]) {
        await refuses(subject, { costWeight }, "config", `cost weight ${costWeight}`);
      }
    },
  },
  {
    name: "rejects with code disposed after dispose, which may be called twice",
    check: async (subject) => {
      await withRouter(subject, async (router) => {
        await router.route(subject.requests);
        router.dispose();
        router.dispose();
        await ensureRejects(() => router.route(subject.requests), "disposed", "routing after dispose");
      });
    },
  },
  {
    name: "does not route when its signal is aborted",
    check: async (subject) => {
      await withRouter(subject, async (router) => {
        const reason = new Error("stopped by the contract suite");
        const signal = AbortSignal.abort(reason);
        ensureAborted(await rejectionOf(() => router.route(subject.requests, { signal }), "an aborted signal"), reason);
        const decisions = await router.route(subject.requests, { signal: new AbortController().signal });
        ensure(decisions.length === subject.requests.length, "a signal that is not aborted stopped it");
      });
    },
  },
];

/** Fails unless an error is the signal's reason or has code `aborted`. */
export function ensureAborted(error: unknown, reason: unknown): void {
  const isOurs = HapsError.isInstance(error) && error.code === "aborted";
  ensure(
    error === reason || isOurs,
    `an aborted signal rejected with ${String(error)}; expected its reason or code "aborted"`,
  );
}

async function refuses(
  subject: Parameters<ContractPromise["check"]>[0],
  change: Partial<RoutingRequest>,
  code: "config" | "unknown-candidate",
  situation: string,
): Promise<void> {
  await withRouter(subject, async (router) => {
    const [good, ...others] = subject.requests;
    const bad = { ...(good as RoutingRequest), ...change };
    await ensureRejects(() => router.route([bad]), code, situation);
    await ensureRejects(() => router.route([...others, bad]), code, `${situation} among good requests`);
  });
}

function ensureOnly(
  arms: readonly Readonly<Record<string, { readonly candidate: string }>>[],
  open: ReadonlySet<string>,
): void {
  for (const arm of arms) {
    const outside = Object.values(arm).find(({ candidate }) => !open.has(candidate));
    ensure(outside === undefined, `"${outside?.candidate}" was chosen or ranked; open were ${[...open].join(", ")}`);
  }
}
