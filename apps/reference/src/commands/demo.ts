import type { Terminal } from "../terminal/terminal.ts";
import { type LiveDemoOptions, liveDemo } from "./live-demo.ts";
import { type LoggedDemoOptions, loggedDemo } from "./logged-demo.ts";

/** Options of `haps demo`. */
export interface DemoOptions extends LiveDemoOptions, LoggedDemoOptions {
  readonly logged?: boolean;
}

/** What `npm start` shows: HAPS live on the embedded pool, or on recorded outcomes. */
export function demo(terminal: Terminal, options: DemoOptions): Promise<void> {
  return options.logged === true ? loggedDemo(terminal, options) : liveDemo(terminal, options);
}
