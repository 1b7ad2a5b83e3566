import { createRng } from "@haps/tensor";
import { createLanguageModel, type LanguageModel } from "../../src/index.ts";

const sizes = { vocabulary: 16, dim: 8, layers: 1, heads: 2, hidden: 12, context: 64, beginToken: 1 } as const;

/** Small models of each family, the same at every call; `make-saved.ts` wrote them to `fixtures/saved`. */
export function makeSavedModels(): ReadonlyMap<string, LanguageModel> {
  const rng = createRng(20_261_125);
  const initialDeviation = 0.5;
  const scaling = { factor: 4, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 16 };
  const llama = {
    ...sizes,
    family: "llama",
    headDim: 6,
    keyValueHeads: 1,
    ropeScaling: scaling,
    endTokens: [2],
  } as const;
  const qwen2 = { ...sizes, family: "qwen2", tiedEmbeddings: true, ropeBase: 500, endTokens: [2, 3] } as const;
  const mistral = { ...sizes, family: "mistral", slidingWindow: 4, endTokens: [2] } as const;
  return new Map([
    ["llama", createLanguageModel({ ...llama, initialDeviation, rng: rng.fork("llama") })],
    ["qwen2", createLanguageModel({ ...qwen2, initialDeviation, rng: rng.fork("qwen2") })],
    ["mistral", createLanguageModel({ ...mistral, initialDeviation, rng: rng.fork("mistral") })],
  ]);
}
