/** Name of a component of a task that needs an LLM, e.g. `teacher`, `student`, `answerer`. */
export type RoleId = string;
/** Name of one LLM of a pool. */
export type CandidateId = string;
/** The role of tasks with one role. */
export const ANSWERER: RoleId = "answerer";

/** What a router is asked about. Never carries the gold answer, a topic, an exam or a data set name. */
export interface Question {
  readonly id: string;
  readonly text: string;
  /** Optional context documents. */
  readonly context?: readonly string[];
}

/** The expected answer; only scorers and trainers see it. */
export interface Gold {
  readonly answer: string;
  readonly aliases?: readonly string[];
}

/** A question with its gold answer. */
export interface LabelledQuestion extends Question {
  readonly gold: Gold;
}

/** One component of a task. */
export interface Role {
  readonly id: RoleId;
  /** What the component does, in words; part of the routing prompt. */
  readonly description: string;
}

/** What is to be done, by which roles. */
export interface Task {
  readonly id: string;
  readonly description: string;
  /** At least one, in the order used by assignments. */
  readonly roles: readonly Role[];
}
