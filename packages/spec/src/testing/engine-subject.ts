import type { Engine, EngineCapabilities, Generation, GenerationCall, Settled } from "../engine.ts";
import type { ErrorCode } from "../errors.ts";
import type { LoraWeights } from "../lora-weights.ts";
import * as check from "./contract-check.ts";

/** What `describeEngineContract` checks. */
export interface EngineContractOptions {
  /** A fresh engine; every test disposes its own. */
  readonly create: () => Engine | Promise<Engine>;
  readonly capabilities: EngineCapabilities;
  /** At least three, all different, that succeed; the first gives two tokens or more. */
  readonly calls: readonly GenerationCall[];
  /** Fails by itself, whatever it runs with. */
  readonly badCall: GenerationCall;
  /** Fit the model of the engine. */
  readonly lora?: LoraWeights;
}

/** One promise of the contract of engines. */
export interface EnginePromise {
  /** A sentence of behaviour. */
  readonly name: string;
  /** Whether an engine makes it; default always. */
  readonly applies?: (subject: EngineContractOptions) => boolean;
  /** Rejects with a sentence when the promise is broken. */
  check(subject: EngineContractOptions, engine: Engine): Promise<void>;
}

/** Fails unless a condition holds. */
export function ensure(condition: boolean, message: string): asserts condition {
  check.ensure(condition, message, "engine");
}

/** Fails unless `run` rejects with a HapsError of one code. */
export async function ensureRejects(run: () => Promise<unknown>, code: ErrorCode, situation: string): Promise<void> {
  await check.ensureRejects(run, code, situation, "engine");
}

/** The generations of calls that must all succeed. */
export async function generationsOf(engine: Engine, calls: readonly GenerationCall[]): Promise<readonly Generation[]> {
  const settled = await engine.generate(calls);
  ensure(settled.length === calls.length, `${calls.length} calls got ${settled.length} entries`);
  return settled.map(generationOf);
}

/** What came of a call that must succeed. */
export function generationOf(settled: Settled<Generation> | undefined, index: number): Generation {
  ensure(settled !== undefined, `call ${index} got no entry`);
  ensure(settled.ok, `call ${index} failed: ${settled.ok ? "" : settled.failure.message}`);
  return settled.value;
}

/** Text, tokens and reason; log-probabilities may differ by rounding. */
export function sameGeneration(a: Generation, b: Generation): boolean {
  const plain = ({ text, promptTokens, tokens, finishReason }: Generation) => ({
    text,
    promptTokens,
    tokens,
    finishReason,
  });
  return check.same(plain(a), plain(b));
}
