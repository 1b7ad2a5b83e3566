import type { CandidateId, Decoding, RolePlayer, Task, Trial } from "@haps/spec";
import type { LiveDecision } from "./decide-live.ts";
import type { LiveQuestion } from "./live-question.ts";

/** What {@link makeTrials} reads. */
export interface MakeTrialsOptions {
  readonly task: Task;
  /** In the order of the assignments' indices. */
  readonly candidates: readonly CandidateId[];
  readonly questions: readonly LiveQuestion[];
  readonly decisions: readonly LiveDecision[];
  readonly decoding: Decoding;
  /** Seed of each decision's trial, `[decisions]`. */
  readonly seeds: readonly number[];
  /** Opens the trials' ids. */
  readonly label: string;
}

/** A trial for each decision, in order; ids sort as the decisions do. */
export function makeTrials(options: MakeTrialsOptions): readonly Trial[] {
  const { task, candidates, questions, decisions, decoding, seeds, label } = options;
  const digits = String(decisions.length).length;
  return decisions.map(({ place, assignment, lora }, index) => {
    const player = (role: number): RolePlayer => {
      const candidate = candidates[assignment[role] as number] as CandidateId;
      const weights = lora.get(candidate);
      return { candidate, decoding, ...(weights === undefined ? {} : { lora: weights }) };
    };
    return {
      id: `${label}/${String(index).padStart(digits, "0")}`,
      question: (questions[place] as LiveQuestion).question,
      roles: Object.fromEntries(task.roles.map(({ id }, role) => [id, player(role)])),
      seed: seeds[index] as number,
    };
  });
}
