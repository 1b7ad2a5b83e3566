import type { Engine, Generation, GenerationCall, GradientEngine, GradientItem } from "../engine.ts";
import type { LoraWeights } from "../lora-weights.ts";
import { type EnginePromise, ensure, ensureRejects, generationsOf, sameGeneration } from "./engine-subject.ts";

/** How far a log-likelihood may be from the sum of log-probabilities, per token. */
const PER_TOKEN = 1e-3;

/** What engines promise about LoRA weights and their gradients. */
export const engineLoraPromises: readonly EnginePromise[] = [
  {
    name: "refuses LoRA weights call by call where it has no use for them",
    applies: ({ capabilities }) => capabilities.lora === "none",
    check: async ({ calls }, engine) => {
      const [first, ...others] = calls;
      const lora = { id: "from the contract suite", targets: [], scale: 1 };
      const settled = await engine.generate([{ ...(first as GenerationCall), lora }, ...others]);
      ensure(settled[0]?.ok === false, "a call with LoRA weights did not fail");
      ensure(
        settled.slice(1).every(({ ok }) => ok),
        "a call without LoRA weights failed beside one with",
      );
    },
  },
  {
    name: "gives each call its own LoRA weights",
    applies: ({ capabilities, lora }) => capabilities.lora === "per-call" && lora !== undefined,
    check: async ({ calls, lora, capabilities }, engine) => {
      const patched = calls.map((call) => ({ ...call, lora: lora as LoraWeights }));
      const mixed = calls.flatMap((call, index) => [call, patched[index] as GenerationCall]);
      const generations = await generationsOf(engine, mixed);
      if (!capabilities.seed) return;
      const plain = await generationsOf(engine, calls);
      const own = await generationsOf(engine, patched);
      calls.forEach((_, index) => {
        const [without, with_] = generations.slice(2 * index, 2 * index + 2) as [Generation, Generation];
        ensure(
          sameGeneration(without, plain[index] as Generation),
          `call ${index} feels the weights of its neighbours`,
        );
        ensure(sameGeneration(with_, own[index] as Generation), `call ${index} feels neighbours without weights`);
      });
      ensure(
        own.some((generation, index) => !sameEverything(generation, plain[index] as Generation)),
        "LoRA weights change nothing",
      );
    },
  },
  {
    name: "differentiates the log-likelihood of what it generated",
    applies: ({ capabilities, lora }) => capabilities.gradients && lora !== undefined,
    check: async ({ calls, lora, capabilities }, engine) => {
      const weights = lora as LoraWeights;
      const generations = await generationsOf(
        engine,
        calls.map((call) => ({ ...call, lora: weights })),
      );
      const items = generations.map((generation, index) => itemOf(engine, generation, weights, index + 1));
      const { logLikelihoods, gradients } = await gradientsOf(engine, items);
      ensure(
        logLikelihoods.length === items.length && gradients.length === items.length,
        `${items.length} items got ${logLikelihoods.length} log-likelihoods and ${gradients.length} gradients`,
      );
      generations.forEach(({ tokens, logProbs }, index) => {
        ensureShapes(gradients[index] as LoraWeights, weights, index);
        if (!capabilities.tokenLogProbs || logProbs === undefined) return;
        const sum = logProbs.full.reduce((total, logProb) => total + logProb, 0);
        const got = logLikelihoods[index] as number;
        ensure(
          Math.abs(got - sum) <= PER_TOKEN * tokens.length,
          `item ${index} has log-likelihood ${got}; its tokens had ${sum} together under the full softmax`,
        );
      });
      await ensureSlopes(engine, items[0] as GradientItem, gradients[0] as LoraWeights);
    },
  },
  {
    name: "stops a gradient with code aborted when its signal fires, before or meanwhile",
    applies: ({ capabilities, lora }) => capabilities.gradients && lora !== undefined,
    check: async ({ calls, lora }, engine) => {
      const generations = await generationsOf(engine, calls);
      const items = generations.map((generation) => itemOf(engine, generation, lora as LoraWeights, 1));
      const gradient = (signal: AbortSignal) => (engine as GradientEngine).loraGradient(items, { signal });
      const reason = new Error("stopped by the contract suite");
      await ensureRejects(() => gradient(AbortSignal.abort(reason)), "aborted", "a gradient's aborted signal");
      const meanwhile = (): Promise<unknown> => {
        const controller = new AbortController();
        const run = gradient(controller.signal);
        controller.abort(reason);
        return run;
      };
      await ensureRejects(meanwhile, "aborted", "a gradient's signal that fires meanwhile");
      const { logLikelihoods } = await gradient(new AbortController().signal);
      ensure(logLikelihoods.length === items.length, "a signal that does not fire stopped a gradient");
    },
  },
];

function itemOf(engine: Engine, generation: Generation, lora: LoraWeights, weight: number): GradientItem {
  const { promptTokens, tokens } = generation;
  return { call: { role: "answerer", candidate: engine.candidate, promptTokens, tokens }, lora, weight };
}

async function gradientsOf(engine: Engine, items: readonly GradientItem[]) {
  return (engine as GradientEngine).loraGradient(items);
}

function sameEverything(a: Generation, b: Generation): boolean {
  return sameGeneration(a, b) && JSON.stringify(a.logProbs) === JSON.stringify(b.logProbs);
}

function ensureShapes(gradient: LoraWeights, weights: LoraWeights, index: number): void {
  weights.targets.forEach(({ target, down, up }, place) => {
    const got = gradient.targets[place];
    const name = `layer ${target.layer} ${target.projection} of item ${index}`;
    ensure(
      got?.down.length === down.length && got.up.length === up.length,
      `the gradient of ${name} has not its shape`,
    );
    ensure([...got.down, ...got.up].every(Number.isFinite), `the gradient of ${name} is not finite`);
  });
}

/** A step along the gradient changes the log-likelihood by the step times the squared norm: a difference in one direction. */
async function ensureSlopes(engine: Engine, item: GradientItem, gradient: LoraWeights): Promise<void> {
  const slopes = gradient.targets.flatMap(({ down, up }) => [...down, ...up]);
  const norm = Math.sqrt(slopes.reduce((sum, slope) => sum + slope * slope, 0));
  ensure(norm > 0, "the gradient is 0");
  const step = 1e-2 / norm;
  const moved = (sign: number): GradientItem => {
    const along = (values: Float32Array, place: number, factor: "down" | "up"): Float32Array =>
      values.map((value, at) => value + sign * step * (gradient.targets[place]?.[factor][at] as number));
    const targets = item.lora.targets.map(({ target, down, up }, place) => ({
      target,
      down: along(down, place, "down"),
      up: along(up, place, "up"),
    }));
    return { ...item, lora: { ...item.lora, id: `${item.lora.id} ${sign}`, targets } };
  };
  const { logLikelihoods } = await gradientsOf(engine, [moved(1), moved(-1)]);
  const [above, below] = logLikelihoods as [number, number];
  const got = (item.weight * (above - below)) / 2;
  const expected = step * norm * norm;
  ensure(
    Math.abs(got - expected) <= 0.05 * Math.abs(expected) + 1e-4,
    `a step along the gradient changes the log-likelihood by ${got}; expected ${expected}`,
  );
}
