/** What a student wants to do. */
export type StudentMove =
  | { readonly kind: "search"; readonly query: string }
  | { readonly kind: "finish"; readonly answer: string }
  | { readonly kind: "unparsable" };

/** A thought and an action, as they go into later prompts; `null` where the reply has none. */
export interface ActReply {
  readonly thought: string | null;
  readonly action: string | null;
}

/** What was read from a student's reply. */
export interface StudentReply extends ActReply {
  readonly move: StudentMove;
}

/** How replies are read. */
export interface ParseRules {
  /** Part of a workflow's hash. */
  readonly id: string;
  /** What a student wrote and wants. */
  readonly student: (reply: string) => StudentReply;
  /** A teacher's action is text only: it has no mechanical effect. */
  readonly teacher: (reply: string) => ActReply;
  /** The summary, or `null` where there is none. */
  readonly summary: (reply: string) => string | null;
}
