import { setImmediate } from "node:timers/promises";
import {
  type CandidateId,
  type Engine,
  type Generation,
  type GenerationCall,
  HapsError,
  type Settled,
} from "@haps/spec";
import { failureOf } from "./failure-of.ts";
import type { RunEvent } from "./run-event.ts";

/** When waiting calls are handed to engines. */
export type Schedule = "rounds" | "eager";

/** A call of one lane. */
export interface LaneCall {
  readonly candidate: CandidateId;
  readonly call: GenerationCall;
}

/** Gathers the calls of all lanes and hands them to the engines in batches. A lane is at work, or waits for its calls. */
export interface CallBatcher {
  /**
   * Hands over the calls of a lane that is at work, at least one; it is at work again when the last of them is answered.
   *
   * @param order - Place of the lane's episode: batches are sorted by it.
   */
  ask(order: number, calls: readonly LaneCall[]): readonly Promise<Settled<Generation>>[];
  /** A lane at work ends for good. */
  leave(): void;
  /** Rejects all calls that wait, now and later. */
  stop(error: Error): void;
}

/** What {@link createCallBatcher} needs. */
export interface CallBatcherOptions {
  readonly engines: ReadonlyMap<CandidateId, Engine>;
  readonly schedule: Schedule;
  /** Lanes, all at work. */
  readonly lanes: number;
  readonly signal: AbortSignal;
  readonly clock?: () => number;
  readonly onEvent?: (event: RunEvent) => void;
  /** Something that no episode can survive; stops the batcher, and returns what the run is rejected with. */
  readonly onFatal: (error: unknown) => Error;
}

interface WaitingCall extends LaneCall {
  readonly order: number;
  readonly deliver: (settled: Settled<Generation>) => void;
  readonly reject: (error: Error) => void;
}

/** A batch and what came of it. */
interface Answered {
  readonly batch: readonly WaitingCall[];
  readonly settled: readonly Settled<Generation>[];
}

/**
 * Makes a batcher.
 *
 * `rounds`: engines get their batches when no lane is at work and no batch under way, and all batches of a round are delivered
 * together, so that what is in a batch does not depend on time. `eager`: an idle engine gets what waits for it.
 */
export function createCallBatcher(options: CallBatcherOptions): CallBatcher {
  const { engines, schedule } = options;
  const queues = new Map<CandidateId, WaitingCall[]>([...engines.keys()].map((candidate) => [candidate, []]));
  const underWay = new Set<CandidateId>();
  let atWork = options.lanes;
  let stopped: Error | null = null;

  const take = (candidate: CandidateId): readonly WaitingCall[] => {
    const batch = queues.get(candidate) ?? [];
    queues.set(candidate, []);
    return batch.sort((a, b) => a.order - b.order);
  };
  const run = async (candidate: CandidateId): Promise<Answered> => {
    const batch = take(candidate);
    underWay.add(candidate);
    try {
      return { batch, settled: await generate(engines.get(candidate) as Engine, batch, options) };
    } catch (error) {
      const reason = options.onFatal(error);
      for (const { reject } of batch) reject(reason);
      return { batch: [], settled: [] };
    } finally {
      underWay.delete(candidate);
    }
  };
  const deliver = ({ batch, settled }: Answered): void => {
    batch.forEach((waiting, index) => {
      waiting.deliver(settled[index] as Settled<Generation>);
    });
  };
  const waiting = (): readonly CandidateId[] =>
    [...queues].flatMap(([candidate, queue]) => (queue.length > 0 && !underWay.has(candidate) ? [candidate] : []));
  const nextRound = async (): Promise<void> => {
    if (atWork > 0 || underWay.size > 0) return;
    const answered = await Promise.all(waiting().map(run));
    answered.forEach(deliver);
  };
  const nextOf = async (candidate: CandidateId): Promise<void> => {
    // The other lanes that a batch has set free ask in this turn of the event loop too.
    await setImmediate();
    if (!waiting().includes(candidate)) return;
    deliver(await run(candidate));
    await nextOf(candidate);
  };

  return {
    ask(order, calls) {
      if (stopped !== null) throw stopped;
      atWork -= 1;
      const asked = waitFor(order, calls, () => {
        atWork += 1;
      });
      for (const one of asked.waiting) queues.get(one.candidate)?.push(one);
      if (schedule === "rounds") void nextRound();
      else for (const candidate of new Set(calls.map((one) => one.candidate))) void nextOf(candidate);
      return asked.promises;
    },
    leave() {
      atWork -= 1;
      if (schedule === "rounds") void nextRound();
    },
    stop(error) {
      stopped ??= error;
      for (const candidate of queues.keys()) for (const { reject } of take(candidate)) reject(error);
    },
  };
}

/** The calls of one step of a lane, and what resolves as they are answered; `onAll` hears of the last one first. */
function waitFor(
  order: number,
  calls: readonly LaneCall[],
  onAll: () => void,
): { readonly waiting: readonly WaitingCall[]; readonly promises: readonly Promise<Settled<Generation>>[] } {
  const waiting: WaitingCall[] = [];
  let left = calls.length;
  const answered = (): void => {
    left -= 1;
    if (left === 0) onAll();
  };
  const promises = calls.map(
    (call) =>
      new Promise<Settled<Generation>>((resolve, reject) => {
        const deliver = (settled: Settled<Generation>): void => {
          answered();
          resolve(settled);
        };
        const rejectCall = (error: Error): void => {
          answered();
          reject(error);
        };
        waiting.push({ ...call, order, deliver, reject: rejectCall });
      }),
  );
  return { waiting, promises };
}

async function generate(
  engine: Engine,
  batch: readonly WaitingCall[],
  { signal, clock, onEvent }: CallBatcherOptions,
): Promise<readonly Settled<Generation>[]> {
  const { candidate } = engine;
  const calls = batch.map(({ call }) => call);
  onEvent?.({ type: "batch-start", candidate, calls: calls.length });
  const start = clock?.();
  const settled = await settleAll(engine, calls, signal);
  const failed = settled.filter(({ ok }) => !ok).length;
  const time = start === undefined || clock === undefined ? {} : { milliseconds: clock() - start };
  onEvent?.({ type: "batch-end", candidate, calls: calls.length, failed, ...time });
  return settled;
}

/** A batch that is rejected as a whole fails its calls, unless the run is over: by abortion, or by an engine that is gone. */
async function settleAll(
  engine: Engine,
  calls: readonly GenerationCall[],
  signal: AbortSignal,
): Promise<readonly Settled<Generation>[]> {
  let settled: readonly Settled<Generation>[];
  try {
    settled = await engine.generate(calls, { signal });
  } catch (error) {
    if (signal.aborted || (HapsError.isInstance(error) && error.code === "disposed")) throw error;
    return calls.map(() => ({ ok: false, failure: { ...failureOf(error), error } }));
  }
  if (settled.length === calls.length) return settled;
  const message = `engine of ${JSON.stringify(engine.candidate)}: gave ${settled.length} entries for ${calls.length} calls; expected one each`;
  throw new HapsError("state", message, { got: settled.length, expected: calls.length });
}
