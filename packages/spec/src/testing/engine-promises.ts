import type { Engine, FinishReason, Generation, GenerationCall, GenerationChunk } from "../engine.ts";
import { deepFreeze, same } from "./contract-check.ts";
import {
  type EnginePromise,
  ensure,
  ensureRejects,
  generationOf,
  generationsOf,
  sameGeneration,
} from "./engine-subject.ts";

const REASONS: readonly FinishReason[] = ["eos", "stop", "length"];

/** What every engine promises about calls, streams and its life. */
export const enginePromises: readonly EnginePromise[] = [
  {
    name: "has the capabilities that it was said to have",
    check: async ({ capabilities }, engine) => {
      const got = JSON.stringify(engine.capabilities);
      ensure(same(engine.capabilities, capabilities), `it says ${got}; expected ${JSON.stringify(capabilities)}`);
      ensure(
        (engine.stream !== undefined) === capabilities.stream,
        `it ${capabilities.stream ? "has no" : "has a"} stream`,
      );
      ensure(
        "loraGradient" in engine === capabilities.gradients,
        `it ${capabilities.gradients ? "has no" : "has a"} loraGradient`,
      );
      ensure(engine.candidate !== "", "its candidate has no name");
    },
  },
  {
    name: "answers every call, in order",
    check: async ({ calls, capabilities }, engine) => {
      const generations = await generationsOf(engine, calls);
      generations.forEach((generation, index) => {
        ensureWhole(generation, calls[index] as GenerationCall, index);
      });
      const reversed = [...(await generationsOf(engine, [...calls].reverse()))].reverse();
      generations.forEach((generation, index) => {
        const other = reversed[index] as Generation;
        const kept = capabilities.seed
          ? sameGeneration(generation, other)
          : same(generation.promptTokens, other.promptTokens);
        ensure(kept, `call ${index} gets another answer when the calls are reversed`);
      });
      for (const [index, { prompt }] of calls.entries()) {
        const { promptTokens } = generations[index] as Generation;
        const [alone] = await generationsOf(engine, [calls[index] as GenerationCall]);
        const own = "tokens" in prompt ? prompt.tokens : alone?.promptTokens;
        ensure(same(promptTokens, own), `call ${index} gets the answer to another prompt`);
      }
      ensure((await engine.generate([])).length === 0, "no calls got entries");
    },
  },
  {
    name: "lets a call that fails stand alone",
    check: async ({ calls, badCall, capabilities }, engine) => {
      const [first, ...others] = calls;
      const settled = await engine.generate([first as GenerationCall, badCall, ...others]);
      const failed = settled[1];
      ensure(failed?.ok === false, "the bad call did not fail");
      ensure(failed.failure.message.trim() !== "", "the failure says nothing");
      const good = settled.filter((_, index) => index !== 1).map(generationOf);
      ensure(good.length === calls.length, `${calls.length} calls beside it got ${good.length} entries`);
      if (!capabilities.seed) return;
      const expected = await generationsOf(engine, calls);
      ensure(
        good.every((generation, index) => sameGeneration(generation, expected[index] as Generation)),
        "a good call gets another answer beside one that fails",
      );
    },
  },
  {
    name: "leaves calls untouched",
    check: async ({ calls }, engine) => {
      const before = JSON.stringify(calls);
      const frozen = deepFreeze(structuredClone(calls));
      await generationsOf(engine, frozen);
      ensure(JSON.stringify(frozen) === before, "a call was changed");
    },
  },
  {
    name: "gives the same tokens for the same call and seed, alone or in a batch",
    applies: ({ capabilities }) => capabilities.seed,
    check: async ({ calls }, engine) => {
      const together = await generationsOf(engine, calls);
      for (const [index, call] of calls.entries()) {
        const [alone] = await generationsOf(engine, [call]);
        ensure(
          alone !== undefined && sameGeneration(alone, together[index] as Generation),
          `call ${index} gets another answer alone`,
        );
      }
    },
  },
  {
    name: "says how likely each token was under both distributions, or nothing",
    check: async ({ calls, capabilities }, engine) => {
      for (const [index, { tokens, logProbs }] of (await generationsOf(engine, calls)).entries()) {
        ensure(
          (logProbs !== undefined) === capabilities.tokenLogProbs,
          `call ${index} has ${logProbs === undefined ? "no " : ""}log-probabilities`,
        );
        for (const [kind, values] of Object.entries(logProbs ?? {})) {
          const of = `of call ${index}`;
          ensure(values.length === tokens.length, `${values.length} "${kind}" for ${tokens.length} tokens ${of}`);
          const wrong = values.find((value) => !(Number.isFinite(value) && value <= 1e-6));
          ensure(wrong === undefined, `a "${kind}" ${of} is ${wrong}; expected a finite number <= 0`);
        }
      }
    },
  },
  {
    name: "streams what it would generate",
    applies: ({ capabilities }) => capabilities.stream,
    check: async ({ calls, capabilities }, engine) => {
      for (const [index, call] of calls.entries()) {
        const chunks = await chunksOf(engine, call);
        const whole = chunks.at(-1)?.generation;
        ensure(whole !== undefined, `the last chunk of call ${index} has no generation`);
        ensure(
          chunks.slice(0, -1).every(({ generation }) => generation === undefined),
          `a chunk before the last of call ${index} has a generation`,
        );
        const text = chunks.map((chunk) => chunk.text).join("");
        ensure(
          text === whole.text,
          `the chunks of call ${index} make ${JSON.stringify(text)}; expected ${JSON.stringify(whole.text)}`,
        );
        ensure(
          same(
            chunks.flatMap(({ tokens }) => tokens),
            whole.tokens,
          ),
          `the chunks of call ${index} have other tokens than the generation`,
        );
        ensureWhole(whole, call, index);
        if (!capabilities.seed) continue;
        const [generated] = await generationsOf(engine, [call]);
        ensure(
          sameGeneration(whole, generated as Generation),
          `call ${index} gets another answer streamed than generated`,
        );
      }
    },
  },
  {
    name: "goes on after a stream that was left early",
    applies: ({ capabilities }) => capabilities.stream,
    check: async ({ calls }, engine) => {
      for await (const chunk of streamOf(engine, calls[0] as GenerationCall)) {
        ensure(chunk.generation === undefined, "the first call ends with its first chunk; give one of more tokens");
        break;
      }
      await generationsOf(engine, calls);
    },
  },
  {
    name: "stops with code aborted when its signal fires, before or meanwhile",
    check: async ({ calls, capabilities }, engine) => {
      const aborted = AbortSignal.abort(new Error("stopped by the contract suite"));
      await ensureRejects(() => engine.generate(calls, { signal: aborted }), "aborted", "an aborted signal");
      const meanwhile = (): Promise<unknown> => {
        const controller = new AbortController();
        const run = engine.generate(calls, { signal: controller.signal });
        controller.abort(new Error("stopped by the contract suite"));
        return run;
      };
      await ensureRejects(meanwhile, "aborted", "a signal that fires meanwhile");
      if (capabilities.stream) {
        await ensureRejects(() => abortedStream(engine, calls[0] as GenerationCall), "aborted", "a stream's signal");
      }
      const { signal } = new AbortController();
      const settled = await engine.generate(calls, { signal });
      ensure(
        settled.every(({ ok }) => ok),
        "a signal that does not fire stopped it",
      );
    },
  },
  {
    name: "refuses everything with code disposed after dispose, which may be called twice",
    check: async ({ calls, capabilities }, engine) => {
      await generationsOf(engine, calls);
      await engine.dispose();
      await engine.dispose();
      await ensureRejects(() => engine.generate(calls), "disposed", "generating after dispose");
      if (capabilities.stream) {
        await ensureRejects(() => chunksOf(engine, calls[0] as GenerationCall), "disposed", "streaming after dispose");
      }
      if (capabilities.gradients && "loraGradient" in engine) {
        const { loraGradient } = engine as Engine & { loraGradient: (items: readonly never[]) => Promise<unknown> };
        await ensureRejects(() => loraGradient.call(engine, []), "disposed", "asking for gradients after dispose");
      }
    },
  },
];

function ensureWhole(generation: Generation, { decoding }: GenerationCall, index: number): void {
  const { promptTokens, tokens, finishReason } = generation;
  ensure(promptTokens.length > 0, `call ${index} has no prompt tokens`);
  ensure(
    tokens.length > 0 && tokens.length <= decoding.maxTokens,
    `call ${index} has ${tokens.length} tokens; expected 1 to ${decoding.maxTokens}`,
  );
  ensure(REASONS.includes(finishReason), `call ${index} ended with "${finishReason}"; expected ${REASONS.join(", ")}`);
}

function streamOf(engine: Engine, call: GenerationCall, signal?: AbortSignal): AsyncIterable<GenerationChunk> {
  const stream = engine.stream?.(call, signal === undefined ? {} : { signal });
  ensure(stream !== undefined, "it has no stream");
  return stream;
}

async function chunksOf(engine: Engine, call: GenerationCall): Promise<readonly GenerationChunk[]> {
  const chunks: GenerationChunk[] = [];
  for await (const chunk of streamOf(engine, call)) chunks.push(chunk);
  return chunks;
}

/** Takes the first chunk, fires the signal and goes on. */
async function abortedStream(engine: Engine, call: GenerationCall): Promise<void> {
  const controller = new AbortController();
  for await (const _ of streamOf(engine, call, controller.signal)) controller.abort();
}
