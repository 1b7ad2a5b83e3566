import type { Question } from "../task.ts";
import type { Effect, Episode, Reply, Step, Workflow } from "../workflow.ts";
import * as check from "./contract-check.ts";

/** What `describeWorkflowContract` checks. */
export interface WorkflowContractOptions {
  /** A workflow; one made again is equal. */
  readonly create: () => Workflow;
  /** At least two, with documents where the workflow searches. */
  readonly questions: readonly Question[];
  /**
   * The reply to one effect.
   *
   * @param asked - Effects of the episode before it.
   */
  readonly answer: (effect: Effect, asked: number) => Reply;
  /** Effects within which an episode ends, whatever it is told. Default 100. */
  readonly limit?: number;
}

/** One promise of the contract of workflows. */
export interface WorkflowPromise {
  /** A sentence of behaviour. */
  readonly name: string;
  /** Throws a sentence when the promise is broken. */
  check(subject: WorkflowContractOptions, workflow: Workflow): void;
}

/** An episode from its start to its end. */
export interface PlayedEpisode {
  readonly steps: readonly Step[];
  readonly replies: readonly (readonly Reply[])[];
}

/** Fails unless a condition holds. */
export function ensure(condition: boolean, message: string): asserts condition {
  check.ensure(condition, message, "workflow");
}

/** Plays an episode; fails when it goes on beyond the limit. */
export function play(
  episode: Episode,
  answer: WorkflowContractOptions["answer"],
  limit: number | undefined = 100,
): PlayedEpisode {
  const steps = [episode.next([])];
  const replies: (readonly Reply[])[] = [];
  let asked = 0;
  for (let step = steps[0] as Step; step.kind === "ask"; step = steps.at(-1) as Step) {
    const before = asked;
    asked += step.effects.length;
    ensure(step.effects.length > 0, "a step asks for nothing; expected effects, or the end");
    ensure(asked <= limit, `an episode asked for ${asked} effects; expected its end within ${limit}`);
    const round = step.effects.map((effect, index) => answer(effect, before + index));
    replies.push(round);
    steps.push(episode.next(round));
  }
  return { steps, replies };
}
