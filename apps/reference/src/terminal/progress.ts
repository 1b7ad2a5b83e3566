import cliProgress from "cli-progress";
import { formatDuration } from "./format-number.ts";
import type { Terminal } from "./terminal.ts";

/** Shows how far a long operation has come; always on standard error. */
export interface Progress {
  /** Moves to `done` of the total; `detail` says what happens now. */
  update(done: number, detail?: string): void;
  /** Ends the display; nothing may be shown after. */
  stop(): void;
}

/**
 * A progress display: a redrawn bar on a terminal, a line at every quarter elsewhere, nothing when `quiet`.
 *
 * @param total - Number of parts, > 0.
 */
export function createProgress(
  terminal: Terminal,
  options: { readonly label: string; readonly total: number; readonly quiet?: boolean; readonly unit?: string },
): Progress {
  if (options.quiet === true || options.total <= 0) return { update: () => undefined, stop: () => undefined };
  return terminal.interactive ? createBar(options) : createLines(terminal, options);
}

function createBar(options: { readonly label: string; readonly total: number; readonly unit?: string }): Progress {
  const bar = new cliProgress.SingleBar({
    format: `  ${options.label} {bar} {value}/{total} ${options.unit ?? ""}  {eta_formatted} left  {detail}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    fps: 5,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
    gracefulExit: false,
  });
  bar.start(options.total, 0, { detail: "" });
  return {
    update: (done, detail) => bar.update(done, { detail: (detail ?? "").slice(0, 40) }),
    stop: () => bar.stop(),
  };
}

function createLines(
  terminal: Terminal,
  options: { readonly label: string; readonly total: number; readonly unit?: string },
): Progress {
  const started = terminal.now();
  let shown = 0;
  return {
    update: (done) => {
      const quarter = Math.floor((4 * done) / options.total);
      if (quarter <= shown) return;
      shown = quarter;
      const seconds = formatDuration(terminal.now() - started);
      terminal.note(`  ${options.label}: ${done}/${options.total} ${options.unit ?? ""} after ${seconds}\n`);
    },
    stop: () => undefined,
  };
}
