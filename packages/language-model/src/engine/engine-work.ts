import { type CandidateId, HapsError } from "@haps/spec";

/** Operations of an engine that are under way, so that disposing it can stop them and wait for them. */
export interface EngineWork {
  /**
   * Runs an operation.
   *
   * @param task - Is to end soon after its signal fires: the caller's own or the end of the engine.
   * @throws HapsError code `disposed` after {@link EngineWork.end}, and where that stopped it.
   */
  run<Result>(task: (signal: AbortSignal) => Promise<Result>, signal?: AbortSignal): Promise<Result>;
  /** The same for what comes piece by piece; a stream that nobody reads on is closed by the end. */
  stream<Piece>(
    start: (signal: AbortSignal) => AsyncIterable<Piece>,
    signal?: AbortSignal,
  ): AsyncGenerator<Piece, void>;
  /** Stops everything and resolves when it has stopped. */
  end(): Promise<void>;
}

interface Operation {
  readonly controller: AbortController;
  /** Resolves when nothing of it is running. */
  readonly close: () => Promise<unknown>;
}

/** Keeps the operations of one engine. */
export function createEngineWork(candidate: CandidateId): EngineWork {
  const operations = new Set<Operation>();
  const disposal = (): HapsError =>
    new HapsError(
      "disposed",
      `engine of ${JSON.stringify(candidate)}: used after dispose(); keep it until the last call has ended`,
      { candidate },
    );
  /** What stops operations at the end. */
  const disposed = disposal();
  let hasEnded = false;
  const open = (signal: AbortSignal | undefined, close: () => Promise<unknown>) => {
    if (hasEnded) throw disposal();
    const controller = new AbortController();
    const operation: Operation = { controller, close };
    const pass = (): void => {
      controller.abort(signal?.reason);
    };
    if (signal?.aborted === true) pass();
    signal?.addEventListener("abort", pass, { once: true });
    operations.add(operation);
    return {
      signal: controller.signal,
      done: () => {
        signal?.removeEventListener("abort", pass);
        operations.delete(operation);
      },
    };
  };
  /** What stops because of the end says so. */
  const named = (error: unknown): unknown =>
    HapsError.isInstance(error) && error.code === "aborted" && error.cause === disposed ? disposed : error;
  return {
    async run(task, signal) {
      let running: Promise<unknown> = Promise.resolve();
      const operation = open(signal, () => running);
      try {
        const result = task(operation.signal);
        running = result.catch(() => undefined);
        return await result;
      } catch (error) {
        throw named(error);
      } finally {
        operation.done();
      }
    },
    async *stream(start, signal) {
      let close = (): Promise<unknown> => Promise.resolve();
      const operation = open(signal, () => close());
      const pieces = start(operation.signal)[Symbol.asyncIterator]();
      close = async () => pieces.return?.().catch(() => undefined);
      try {
        for (;;) {
          const piece = await pieces.next();
          if (operation.signal.reason === disposed) throw disposed;
          if (piece.done === true) return;
          yield piece.value;
        }
      } catch (error) {
        throw named(error);
      } finally {
        operation.done();
        await close();
      }
    },
    async end() {
      hasEnded = true;
      const stopped = [...operations];
      for (const { controller } of stopped) controller.abort(disposed);
      await Promise.all(stopped.map(({ close }) => close()));
    },
  };
}
