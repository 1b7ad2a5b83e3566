import pc from "picocolors";

/** Colour functions that return their text unchanged when colours are off. */
export type Colours = ReturnType<typeof pc.createColors>;

/** Everything a command needs from the world around it, so that tests can hand in their own. */
export interface Terminal {
  /** Writes results to standard output. */
  readonly out: (text: string) => void;
  /** Writes progress, notes and errors to standard error. */
  readonly note: (text: string) => void;
  /** True when standard output is a terminal: text of a model must not steer it. */
  readonly shown: boolean;
  /** True when standard error is a terminal: progress bars may redraw. */
  readonly interactive: boolean;
  /** Asks one question on a terminal; `undefined` where nobody can answer. */
  readonly ask?: (question: string) => Promise<string>;
  /** Colours for standard output. */
  readonly colours: Colours;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths of arguments refer to. */
  readonly cwd: string;
  /** Root of the checkout, beside which data are looked for. */
  readonly root: string;
  /** Aborted on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A stream as far as colours are concerned. */
export interface ColourStream {
  readonly isTTY?: boolean;
}

/**
 * Whether text written to `stream` may carry colours.
 *
 * `NO_COLOR` (any value but empty) wins, then `FORCE_COLOR`, then whether the stream is a terminal that is not `dumb`.
 */
export function wantsColours(stream: ColourStream, env: Terminal["env"]): boolean {
  if ((env.NO_COLOR ?? "") !== "") return false;
  if ((env.FORCE_COLOR ?? "") !== "") return env.FORCE_COLOR !== "0";
  return stream.isTTY === true && env.TERM !== "dumb";
}

/** Colour functions, on or off. */
export function createColours(enabled: boolean): Colours {
  return pc.createColors(enabled);
}

/** What finding data and files depends on. */
export function worldOf({ env, cwd, root }: Terminal): Pick<Terminal, "env" | "cwd" | "root"> {
  return { env, cwd, root };
}
