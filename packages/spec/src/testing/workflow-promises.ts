import { HapsError } from "../errors.ts";
import type { Question } from "../task.ts";
import type { Effect, Episode, Reply } from "../workflow.ts";
import { deepFreeze, same } from "./contract-check.ts";
import { ensure, play, type WorkflowPromise } from "./workflow-subject.ts";

const nothing = (effect: Effect): Reply =>
  effect.kind === "call" ? { kind: "text", text: "" } : { kind: "paragraphs", paragraphs: [] };

/** What every workflow promises. */
export const workflowPromises: readonly WorkflowPromise[] = [
  {
    name: "has a task with roles, and a hash that is the same when it is made again",
    check: ({ create }, { task, hash }) => {
      ensure(task.roles.length > 0, "its task has no roles");
      ensure(/^[0-9a-f]{64}$/.test(hash), `its hash is ${JSON.stringify(hash)}; expected SHA-256`);
      ensure(create().hash === hash, "it has another hash when it is made again");
    },
  },
  {
    name: "asks roles of its task only, and ends with an answer or without one",
    check: ({ questions, answer, limit }, workflow) => {
      const roles = workflow.task.roles.map(({ id }) => id);
      for (const question of questions) {
        const { steps } = play(workflow.start(question), answer, limit);
        for (const step of steps) {
          if (step.kind === "done") {
            const isAnswered = step.reason === "answered";
            ensure(isAnswered === (step.answer !== null), `it ends as "${step.reason}" with the answer ${step.answer}`);
            continue;
          }
          for (const effect of step.effects) {
            if (effect.kind === "retrieval") continue;
            ensure(roles.includes(effect.role), `it asks the role "${effect.role}"; its task has ${roles.join(", ")}`);
            const { maxTokens = 1 } = effect;
            ensure(
              Number.isSafeInteger(maxTokens) && maxTokens >= 1,
              `it allows ${maxTokens} tokens; expected 1 or more`,
            );
          }
        }
      }
    },
  },
  {
    name: "asks the same again when it is told the same",
    check: ({ create, questions, answer, limit }, workflow) => {
      for (const question of questions) {
        const { steps } = play(workflow.start(question), answer, limit);
        ensure(same(play(workflow.start(question), answer, limit).steps, steps), "an episode differs the second time");
        ensure(same(play(create().start(question), answer, limit).steps, steps), "it differs when it is made again");
      }
    },
  },
  {
    name: "keeps episodes apart",
    check: ({ questions, answer, limit }, workflow) => {
      const [first, second] = questions as readonly [Question, Question];
      const alone = play(workflow.start(first), answer, limit);
      const one = workflow.start(first);
      const other = workflow.start(second);
      const steps = [one.next([])];
      other.next([]);
      play(workflow.start(second), answer, limit);
      for (const replies of alone.replies) steps.push(one.next(replies));
      ensure(same(steps, alone.steps), "an episode changes when another one runs beside it");
    },
  },
  {
    name: "ends whatever it is told, also nothing",
    check: ({ questions, limit }, workflow) => {
      for (const question of questions) play(workflow.start(question), nothing, limit);
    },
  },
  {
    name: "refuses replies that do not fit the step before, and any after the end, with code state",
    check: ({ questions, answer, limit }, workflow) => {
      const [question] = questions as readonly [Question];
      const start = (): Episode => {
        const episode = workflow.start(question);
        episode.next([]);
        return episode;
      };
      const { replies } = play(workflow.start(question), answer, limit);
      const [first = []] = replies;
      ensureState(() => start().next([]), "too few replies");
      ensureState(() => start().next([...first, { kind: "text", text: "" }]), "a reply too many");
      ensureState(() => start().next(first.map(otherKind)), "replies of another kind");
      const ended = workflow.start(question);
      for (const round of [[], ...replies]) ended.next(round);
      ensureState(() => ended.next([]), "a step after the end");
    },
  },
  {
    name: "leaves questions and replies untouched",
    check: ({ questions, answer, limit }, workflow) => {
      for (const question of questions) {
        const frozen = deepFreeze(structuredClone(question));
        play(workflow.start(frozen), (effect, asked) => deepFreeze(answer(effect, asked)), limit);
      }
    },
  },
];

function otherKind({ kind }: Reply): Reply {
  return kind === "text" ? { kind: "paragraphs", paragraphs: [] } : { kind: "text", text: "" };
}

function ensureState(run: () => unknown, situation: string): void {
  let code: string | undefined;
  try {
    run();
  } catch (error) {
    code = HapsError.isInstance(error) ? error.code : String(error);
  }
  ensure(code === "state", `${situation}: ${code ?? "accepted"}; expected code "state"`);
}
