import { createInterface } from "node:readline";

/** Where {@link askQuestion} asks, and what ends it. */
export interface AskOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly signal: AbortSignal;
  /** Called on Ctrl-C, which a terminal gives to whoever reads it and not to the process; is to abort the signal. */
  readonly interrupt: () => void;
}

/**
 * Asks one question; the end of the input (Ctrl-D) is an empty answer.
 *
 * @throws The signal's reason when it is aborted.
 */
export async function askQuestion(question: string, { input, output, signal, interrupt }: AskOptions): Promise<string> {
  signal.throwIfAborted();
  const reader = createInterface({ input, output });
  let stop: (() => void) | undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      stop = () => reject(signal.reason as Error);
      signal.addEventListener("abort", stop);
      reader.on("SIGINT", interrupt);
      reader.on("close", () => {
        output.write("\n");
        resolve("");
      });
      reader.question(question, resolve);
    });
  } finally {
    if (stop !== undefined) signal.removeEventListener("abort", stop);
    reader.removeAllListeners("close");
    reader.close();
  }
}
