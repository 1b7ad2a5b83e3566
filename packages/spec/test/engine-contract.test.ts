import {
  type Abortable,
  type Engine,
  type EngineCapabilities,
  type Generation,
  type GenerationCall,
  type GenerationChunk,
  type GradientEngine,
  type GradientItem,
  HapsError,
  type LoraGradients,
  type LoraWeights,
  type Settled,
} from "@haps/spec";
import { describeEngineContract, type EngineContractOptions } from "@haps/spec/testing";
import { describe, expect, it } from "vitest";

const all: EngineCapabilities = { lora: "per-call", tokenLogProbs: true, gradients: true, seed: true, stream: true };
const target = { layer: 0, projection: "o", in: 2, out: 1, rank: 1 } as const;
const lora: LoraWeights = {
  id: "a",
  targets: [{ target, down: Float32Array.of(0.5, 0.25), up: Float32Array.of(0.75) }],
  scale: 1,
};
const call = (seed: number, ...tokens: number[]): GenerationCall => ({
  prompt: { tokens },
  decoding: { maxTokens: 6 },
  seed,
});
const calls = [call(1, 4, 5), call(2, 6), call(3, 7, 8, 9)];
const badCall = call(4);

/** `f = tanh(up · (down_0 + 2 down_1)) - 2`, the log-probability of every token of the toy. */
function toyLogProb(weights: LoraWeights | undefined): number {
  const [factors] = weights?.targets ?? [];
  if (factors === undefined) return -2;
  return Math.tanh(innerProduct(factors)) - 2;
}

function innerProduct({ down, up }: LoraWeights["targets"][number]): number {
  const [first, second] = down as unknown as [number, number];
  return (up[0] as number) * (first + 2 * second);
}

function toyGradient(items: readonly GradientItem[]): LoraGradients {
  return {
    logLikelihoods: items.map(({ call: { tokens }, lora: weights }) => tokens.length * toyLogProb(weights)),
    gradients: items.map(({ call: { tokens }, lora: weights, weight }) => ({
      ...weights,
      targets: weights.targets.map((factors) => {
        const slope = weight * tokens.length * (1 - Math.tanh(innerProduct(factors)) ** 2);
        const [first, second] = factors.down as unknown as [number, number];
        const up = factors.up[0] as number;
        return {
          target: factors.target,
          down: Float32Array.of(slope * up, 2 * slope * up),
          up: Float32Array.of(slope * (first + 2 * second)),
        };
      }),
    })),
  };
}

function toyGeneration({ prompt, decoding, seed, lora: weights }: GenerationCall): Settled<Generation> {
  const promptTokens = "tokens" in prompt ? prompt.tokens : [];
  if (promptTokens.length === 0) {
    const error = new HapsError("data", "toy: the prompt is empty; give tokens");
    return { ok: false, failure: { code: error.code, message: error.message, error } };
  }
  const tokens = Array.from({ length: decoding.maxTokens }, (_, index) => (seed * 7 + index * 3) % 10);
  const logProbs = { full: tokens.map(() => toyLogProb(weights)), sampled: tokens.map(() => 0) };
  return { ok: true, value: { text: tokens.join(""), promptTokens, tokens, logProbs, finishReason: "length" } };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An engine that keeps every promise. */
function createToy(): GradientEngine {
  let isAlive = true;
  const check = (signal?: AbortSignal): void => {
    if (!isAlive) throw new HapsError("disposed", "toy: used after dispose");
    if (signal?.aborted === true) throw new HapsError("aborted", "toy: aborted by its signal");
  };
  return {
    candidate: "toy",
    capabilities: all,
    async generate(given, { signal } = {}) {
      check(signal);
      await turn();
      check(signal);
      return given.map(toyGeneration);
    },
    async *stream(given, { signal } = {}) {
      check(signal);
      const settled = toyGeneration(given);
      if (!settled.ok) throw settled.failure.error;
      const { tokens } = settled.value;
      for (const [index, token] of tokens.entries()) {
        check(signal);
        const generation = index + 1 === tokens.length ? { generation: settled.value } : {};
        yield { text: String(token), tokens: [token], ...generation };
      }
    },
    async loraGradient(items, { signal } = {}) {
      check(signal);
      await turn();
      check(signal);
      return toyGradient(items);
    },
    async dispose() {
      isAlive = false;
    },
  };
}

type Change = (inner: GradientEngine) => Engine;

const generating =
  (
    change: (inner: GradientEngine, ...given: Parameters<Engine["generate"]>) => ReturnType<Engine["generate"]>,
  ): Change =>
  (inner) => ({ ...inner, generate: (...given) => change(inner, ...given) });

const eachGeneration = (change: (generation: Generation, index: number, of: number) => Generation): Change =>
  generating(async (inner, ...given) =>
    (await inner.generate(...given)).map((one, index, { length }) =>
      one.ok ? { ok: true, value: change(one.value, index, length) } : one,
    ),
  );

const eachChunk =
  (change: (chunk: GenerationChunk) => GenerationChunk): Change =>
  (inner) => ({
    ...inner,
    async *stream(...given) {
      for await (const chunk of inner.stream?.(...given) ?? []) yield change(chunk);
    },
  });

/** One deliberately broken engine per promise, by the promise that must catch it. */
const broken: Readonly<Record<string, Change>> = {
  "has the capabilities that it was said to have": (inner) => ({ ...inner, capabilities: { ...all, seed: false } }),
  "answers every call, in order": generating(async (inner, given, options) => [
    ...(await inner.generate([...given].reverse(), options)),
  ]),
  "lets a call that fails stand alone": generating(async (inner, given, options) => {
    const settled = await inner.generate(given, options);
    return settled.every(({ ok }) => ok) ? settled : settled.map((one) => (one.ok ? (settled[1] ?? one) : one));
  }),
  "leaves calls untouched": generating(async (inner, given, options) => {
    for (const one of given) Object.assign(one, { seen: true });
    return inner.generate(given, options);
  }),
  "gives the same tokens for the same call and seed, alone or in a batch": eachGeneration((generation, _, of) =>
    of === 1 ? { ...generation, text: "alone" } : generation,
  ),
  "says how likely each token was under both distributions, or nothing": eachGeneration((generation) => ({
    ...generation,
    logProbs: { full: generation.tokens.map(() => 0.5), sampled: [] },
  })),
  "streams what it would generate": eachChunk((chunk) => ({ ...chunk, text: `${chunk.text} ` })),
  "goes on after a stream that was left early": (inner) => {
    let isBroken = false;
    return {
      ...inner,
      generate: async (...given) => (isBroken ? [] : inner.generate(...given)),
      async *stream(...given) {
        isBroken = true;
        yield* inner.stream?.(...given) ?? [];
        isBroken = false;
      },
    };
  },
  "stops with code aborted when its signal fires, before or meanwhile": generating(async (inner, given, options) => {
    if (options?.signal?.aborted === true) return inner.generate(given, options);
    return inner.generate(given);
  }),
  "refuses everything with code disposed after dispose, which may be called twice": (inner) => ({
    ...inner,
    dispose: async () => undefined,
  }),
  "gives each call its own LoRA weights": generating(async (inner, given, options) =>
    inner.generate(
      given.map(({ lora: _, ...one }) => one),
      options,
    ),
  ),
  "differentiates the log-likelihood of what it generated": (inner) => ({
    ...inner,
    loraGradient: async (items: readonly GradientItem[]) => {
      const { logLikelihoods, gradients } = await inner.loraGradient(items);
      const doubled = gradients.map((one) => ({
        ...one,
        targets: one.targets.map((factors) => ({ ...factors, up: factors.up.map((slope) => 2 * slope) })),
      }));
      return { logLikelihoods, gradients: doubled };
    },
  }),
  "stops a gradient with code aborted when its signal fires, before or meanwhile": (inner) => ({
    ...inner,
    loraGradient: (items: readonly GradientItem[], options: Abortable = {}) =>
      inner.loraGradient(items, options.signal?.aborted === true ? options : {}),
  }),
};

/** Runs a suite outside of vitest: the names of the promises, and why those that were broken failed. */
async function failuresOf(
  change: Change,
  options: Partial<EngineContractOptions> = {},
): Promise<{ names: string[]; failures: Map<string, string> }> {
  const cases: { name: string; body: () => Promise<void> }[] = [];
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: (name: string, body: () => Promise<void>) => cases.push({ name, body }),
  };
  const create = () => change(createToy());
  describeEngineContract(runner, "broken", { create, capabilities: all, calls, badCall, lora, ...options });
  const failures = new Map<string, string>();
  for (const { name, body } of cases) {
    await body().catch((error: Error) => failures.set(name, error.message));
  }
  return { names: cases.map(({ name }) => name), failures };
}

/** Text alone: no LoRA, no log-probabilities, no seeds, no stream. */
const bare: EngineCapabilities = { lora: "none", tokenLogProbs: false, gradients: false, seed: false, stream: false };
function bareToy(refuses: boolean): Change {
  let count = 0;
  return (inner) => ({
    candidate: "bare",
    capabilities: bare,
    dispose: () => inner.dispose(),
    generate: async (given, options) => {
      const settled = await inner.generate(given, options);
      return settled.map((one, index): Settled<Generation> => {
        count += 1;
        if (given[index]?.lora !== undefined && refuses) {
          const error = new HapsError("config", "bare: it cannot use LoRA weights");
          return { ok: false, failure: { code: error.code, message: error.message, error } };
        }
        if (!one.ok) return one;
        const { logProbs: _, ...value } = one.value;
        return { ok: true, value: { ...value, text: `answer ${count}` } };
      });
    },
  });
}

describeEngineContract({ describe, it }, "a toy", { create: createToy, capabilities: all, calls, badCall, lora });
describeEngineContract({ describe, it }, "a toy that only gives text", {
  create: () => bareToy(true)(createToy()),
  capabilities: bare,
  calls,
  badCall,
});

describe("describeEngineContract", () => {
  it("has a broken engine for every promise of an engine that can do all", async () => {
    const { names, failures } = await failuresOf((inner) => inner);
    expect(failures).toEqual(new Map());
    expect(Object.keys(broken).sort()).toEqual([...names].sort());
  });

  it.each(Object.entries(broken))("fails an engine that breaks: %s", async (promise, change) => {
    const { failures } = await failuresOf(change);
    expect([...failures.keys()]).toContain(promise);
    expect(failures.get(promise)).toMatch(/^engine contract: |^Cannot assign to read only property/);
  });

  it("fails an engine without LoRA that ignores weights", async () => {
    const { failures } = await failuresOf(bareToy(false), { capabilities: bare });
    expect([...failures]).toEqual([
      [
        "refuses LoRA weights call by call where it has no use for them",
        "engine contract: a call with LoRA weights did not fail",
      ],
    ]);
  });

  it("fails a stream that goes on after its signal has fired", async () => {
    const deaf: Change = (inner) => ({
      ...inner,
      stream: (one) => inner.stream?.(one) as AsyncIterable<GenerationChunk>,
    });
    const { failures } = await failuresOf(deaf);
    expect([...failures.values()]).toEqual(["engine contract: a stream's signal was accepted; expected a rejection"]);
  });
});
