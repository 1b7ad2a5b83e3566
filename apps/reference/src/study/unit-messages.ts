import type { PlainError } from "../jobs/messages.ts";
import type { UnitProgress } from "./run-unit.ts";
import type { StudyPlace } from "./study-context.ts";
import type { StudyUnit } from "./study-unit.ts";

/** What the command sends to a worker of a study. */
export type UnitRequest =
  | { readonly type: "open"; readonly place: StudyPlace }
  | { readonly type: "unit"; readonly unit: StudyUnit };

/** What a worker of a study sends back. */
export type UnitReply =
  | { readonly type: "ready" }
  | ({ readonly type: "progress"; readonly unit: StudyUnit } & UnitProgress)
  | { readonly type: "done"; readonly unit: StudyUnit; readonly milliseconds: number }
  | { readonly type: "failed"; readonly unit: StudyUnit | null; readonly error: PlainError };
