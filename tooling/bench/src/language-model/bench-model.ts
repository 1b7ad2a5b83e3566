import { createLanguageModel, type LanguageModel } from "@haps/language-model";
import type { LoraTarget, LoraWeights } from "@haps/spec";
import { createRng } from "@haps/tensor";

const SEED = 20_261_125;

/** Shape of a model that is measured; vocabulary 512, tied embeddings, SwiGLU, 4 heads. */
export interface BenchShape {
  readonly dim: number;
  readonly layers: number;
  readonly hidden: number;
}

/** The sizes that the embedded pool may have, by millions of parameters. */
export const BENCH_SHAPES = {
  "0.14 M": { dim: 64, layers: 2, hidden: 192 },
  "0.46 M": { dim: 128, layers: 2, hidden: 344 },
  "1.93 M": { dim: 256, layers: 2, hidden: 832 },
} as const satisfies Readonly<Record<string, BenchShape>>;

/** Four layers of the middle size. */
export const FOUR_LAYERS: BenchShape = { dim: 128, layers: 4, hidden: 344 };

export const VOCABULARY = 512;

/** A random model; what it computes is nonsense, how long it takes is not. */
export function createBenchModel(shape: BenchShape): LanguageModel {
  return createLanguageModel({
    ...shape,
    family: "llama",
    vocabulary: VOCABULARY,
    heads: 4,
    tiedEmbeddings: true,
    context: 1024,
    rng: createRng(SEED),
  });
}

/** Random tokens, the same for the same name. */
export function benchTokens(name: string, length: number): number[] {
  const rng = createRng(SEED).fork(name);
  return Array.from({ length }, () => rng.integer(VOCABULARY));
}

/** Random LoRA weights of rank 8. */
export function benchLora(name: string, targets: readonly Omit<LoraTarget, "rank">[]): LoraWeights {
  const rng = createRng(SEED).fork(name);
  return {
    id: name,
    scale: 0.01,
    targets: targets.map((place) => {
      const target = { ...place, rank: 8 };
      return { target, down: rng.normals(8 * target.in, 0.1), up: rng.normals(target.out * 8, 0.1) };
    }),
  };
}

/** The attention's output of the last layer, as published. */
export function lastOutput({ dim, layers }: BenchShape): readonly Omit<LoraTarget, "rank">[] {
  return [{ layer: layers - 1, projection: "o", in: dim, out: dim }];
}

/** Every projection of every layer. */
export function everyProjection({ dim, layers, hidden }: BenchShape): readonly Omit<LoraTarget, "rank">[] {
  return Array.from({ length: layers }, (_, layer) => [
    ...(["q", "k", "v", "o"] as const).map((projection) => ({ layer, projection, in: dim, out: dim })),
    ...(["gate", "up"] as const).map((projection) => ({ layer, projection, in: dim, out: hidden })),
    { layer, projection: "down" as const, in: hidden, out: dim },
  ]).flat();
}
