import type { OutcomeTable } from "./outcome-table.ts";
import type { Pool } from "./pool.ts";
import type { Abortable, Router } from "./router.ts";
import type { Task } from "./task.ts";

/** Progress of a fit; plain data, cheap and synchronous. */
export type FitEvent =
  | {
      readonly type: "fit-step";
      readonly phase: string;
      readonly step: number;
      readonly steps: number;
      readonly loss?: number;
    }
  | { readonly type: "warning"; readonly code: string; readonly message: string };

/** What a router may learn from. */
export interface FitContext extends Abortable {
  readonly task: Task;
  readonly pool: Pool;
  /** Training outcomes only; evaluation rows are never passed. */
  readonly training: OutcomeTable;
  /** Same seed, same training table, same backend: same router. */
  readonly seed: number;
  /** Cost weights at which the router will be asked; routers without costs ignore it. */
  readonly costWeights?: readonly number[];
  /**
   * Privileged labels of questions, by question id, for controls such as `task-table`. Also answers for evaluation
   * questions; a router that reads it is marked privileged in every table.
   */
  readonly labelOf?: (questionId: string) => string | undefined;
  /** Takes progress and warnings. */
  readonly onEvent?: (event: FitEvent) => void;
}

/**
 * Makes a router from training outcomes: the way a whole router of one's own plugs in.
 *
 * Implementations promise: same seed, same training table, same router; the table is left untouched; an aborted signal
 * rejects with its reason; and, unless privileged, neither labels nor ids of questions have any influence.
 *
 * A module given with `--router ./mine.mjs` has an export `default` of the type {@link CreateRouter}.
 */
export interface RouterFactory {
  readonly id: string;
  /** True when it reads privileged labels and so is a control, not a competitor. */
  readonly privileged?: boolean;
  /** Fits on the training outcomes of `context`; the caller disposes the router. */
  createRouter(context: FitContext): Promise<Router>;
}

/** The shape of the default export of a user's own router module. */
export type CreateRouter = (context: FitContext) => Promise<Router> | Router;
