import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  createLanguageModel,
  createLanguageModelTrainer,
  loadTokenizer,
  type ModelConfigInput,
  saveLanguageModel,
  type TextTokenizer,
  type TrainingSequence,
} from "@haps/language-model";
import type { ChatMessage } from "@haps/spec";
import { createRng } from "@haps/tensor";

const TOKENIZER = join(import.meta.dirname, "../../../packages/language-model/test/fixtures/tokenizers/headed");

/** What the model has learned by heart: to a message, to it behind a system message, and to bare text. */
export const ANSWERS = { ping: "pong", loud: "PONG!", raw: " goes the bell" } as const;

const SHAPE: ModelConfigInput = {
  family: "llama",
  vocabulary: 432, // padded, as vocabularies often are
  dim: 16,
  layers: 1,
  heads: 2,
  hidden: 24,
  context: 96,
};

/** Makes a model folder of a model that was trained on {@link ANSWERS}, with a chat template. A backend must have been loaded. */
export async function writeTrainedModel(folder: string): Promise<void> {
  const tokenizer = await loadTokenizer(TOKENIZER);
  const model = createLanguageModel({ ...SHAPE, endTokens: [...tokenizer.endTokens], rng: createRng(1) });
  const sequences = [
    chat(tokenizer, [{ role: "user", content: "ping" }], ANSWERS.ping),
    chat(
      tokenizer,
      [
        { role: "system", content: "Be loud." },
        { role: "user", content: "ping" },
      ],
      ANSWERS.loud,
    ),
    completion(tokenizer, tokenizer.encode("ding"), ANSWERS.raw),
  ];
  const trainer = createLanguageModelTrainer({
    model,
    config: { optimizer: { learningRate: 0.02, weightDecay: 0 } },
    batches: () => sequences,
    rng: createRng(2),
  });
  while (trainer.completedSteps < 60) trainer.step();
  await saveLanguageModel(model, folder);
  for (const file of readdirSync(TOKENIZER)) copyFileSync(join(TOKENIZER, file), join(folder, file));
  model.dispose();
}

function chat(tokenizer: TextTokenizer, messages: readonly ChatMessage[], reply: string): TrainingSequence {
  return completion(tokenizer, tokenizer.encodeChat(messages), reply);
}

function completion(tokenizer: TextTokenizer, prompt: readonly number[], reply: string): TrainingSequence {
  const end = tokenizer.endTokens[0] as number;
  const tokens = [...prompt, ...tokenizer.encode(reply, { frame: false }), end];
  return { tokens, lossFrom: prompt.length };
}
