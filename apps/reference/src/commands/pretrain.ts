import { join, resolve } from "node:path";
import { loadBackend } from "@haps/tensor";
import { Interrupted } from "../interrupted.ts";
import { benchmarkPoolRecipe, type PoolBenchmark } from "../pool/pool-recipe.ts";
import { poolWords } from "../pool/pool-words.ts";
import { pretrainModel } from "../pool/pretrain-model.ts";
import { programIdentity } from "../program-identity.ts";
import { formatDuration } from "../terminal/format-number.ts";
import { createProgress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";
import { commandLine } from "./command-line.ts";

/** Options of `haps pretrain`. */
export interface PretrainOptions {
  readonly benchmark: PoolBenchmark;
  readonly poolSeed: number;
  readonly out: string;
  readonly fresh?: boolean;
}

/** Trains models of the embedded pool from scratch, one after another; killed, it goes on where it was. */
export async function pretrain(terminal: Terminal, models: readonly string[], options: PretrainOptions): Promise<void> {
  const { benchmark, poolSeed } = options;
  const { candidates, router } = benchmarkPoolRecipe(benchmark, poolSeed);
  const all = [...candidates, router];
  const known = all.map(({ id }) => id);
  const wanted = models.length === 0 ? known : models;
  const recipes = wanted.map((id) => {
    const recipe = all.find((one) => one.id === id);
    if (recipe === undefined) throw new UsageError(`the pool has no model "${id}"; its models: ${known.join(", ")}`);
    return recipe;
  });
  const backend = await loadBackend();
  const identity = programIdentity();
  const manifest = { ...identity, backend: backend.name, dataHash: null };
  const out = resolve(terminal.cwd, options.out);
  const words = poolWords(benchmark);
  for (const recipe of recipes) {
    const started = terminal.now();
    const progress = createProgress(terminal, { label: recipe.id, total: recipe.steps, unit: "steps" });
    try {
      const record = await pretrainModel({
        recipe,
        words,
        runFolder: join(out, "runs", recipe.id),
        modelFolder: join(out, recipe.id),
        manifest,
        signal: terminal.signal,
        ...(options.fresh === true ? { fresh: true } : {}),
        onStep: ({ step, loss }) => progress.update(step + 1, `loss ${loss.toFixed(3)}`),
      });
      progress.stop();
      const duration = formatDuration(terminal.now() - started);
      terminal.out(
        `${recipe.id}: ${record.parameters} parameters, ${record.tokens} tokens in the loss, at the end ${record.lastLoss.toFixed(3)} nats per token; ${join(out, recipe.id)} (${duration})\n`,
      );
    } catch (error) {
      progress.stop();
      if (!terminal.signal.aborted) throw error;
      const which = ["--benchmark", benchmark, "--pool-seed", String(poolSeed), "--out", options.out];
      terminal.note(`go on with: ${commandLine("pretrain", ...models, ...which)}\n`);
      throw new Interrupted();
    }
  }
}
