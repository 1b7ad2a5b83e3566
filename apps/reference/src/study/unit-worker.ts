/**
 * @module Entry of a worker process of a study: opens the study, then runs the units it is sent, one at a time.
 *
 * A worker ignores Ctrl-C, which reaches the whole process group: the command asks it to stop, and it saves what it has. When the
 * command is gone it ends at once, as if killed with it, so that nobody who goes on finds its runs in use.
 */
import { performance } from "node:perf_hooks";
import { loadBackend } from "@haps/tensor";
import { toPlainError } from "../jobs/plain-error.ts";
import { runUnit } from "./run-unit.ts";
import { openStudy, type StudyContext } from "./study-context.ts";
import type { StudyUnit } from "./study-unit.ts";
import type { UnitReply, UnitRequest } from "./unit-messages.ts";
import { saveUnit } from "./unit-records.ts";

let context: StudyContext | undefined;
let current: StudyUnit | null = null;
const controller = new AbortController();

function reply(message: UnitReply): void {
  process.send?.(message);
}

async function handle(request: UnitRequest): Promise<void> {
  if (request.type === "open") {
    await loadBackend();
    context = await openStudy(request.place);
    reply({ type: "ready" });
    return;
  }
  if (context === undefined) throw new Error("internal: a unit came before its study");
  const { unit } = request;
  current = unit;
  const started = performance.now();
  const { signal } = controller;
  const record = await runUnit(context, unit, {
    signal,
    onProgress: (progress) => reply({ type: "progress", unit, ...progress }),
  });
  await saveUnit(context.folder, record);
  current = null;
  if (signal.aborted) process.exit(0);
  reply({ type: "done", unit, milliseconds: performance.now() - started });
}

process.on("SIGINT", () => undefined);
/** Ends at once where nothing is under way, else when what is has been saved. */
function stop(): void {
  controller.abort(new Error("the study was stopped"));
  if (current === null) process.exit(0);
}

process.on("SIGTERM", stop);
process.on("disconnect", () => process.exit(1));
process.on("message", (request: UnitRequest) => {
  handle(request).catch((error: unknown) => {
    if (controller.signal.aborted) process.exit(0);
    reply({ type: "failed", unit: current, error: toPlainError(error) });
  });
});
