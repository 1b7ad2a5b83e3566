import { join } from "node:path";
import { DataError } from "@haps/spec";
import { readText } from "../folder/file-source.ts";
import { parseJson, parseJsonObject } from "../folder/parse-json.ts";
import { createTokenizer } from "./create-tokenizer.ts";
import type { TextTokenizer } from "./text-tokenizer.ts";

/** Ten times the largest that is known. */
const MOST_BYTES = 256 * 2 ** 20;

/**
 * Reads the tokenizer of a Hugging Face folder: `tokenizer.json`, and where they are there `tokenizer_config.json`,
 * `special_tokens_map.json` and `chat_template.jinja`.
 *
 * @throws DataError naming the file that is missing, too large or damaged.
 */
export async function loadTokenizer(folder: string): Promise<TextTokenizer> {
  const files = {
    tokenizerJson: join(folder, "tokenizer.json"),
    tokenizerConfig: join(folder, "tokenizer_config.json"),
    chatTemplate: join(folder, "chat_template.jinja"),
  };
  const tokenizerText = await readText(files.tokenizerJson, MOST_BYTES);
  if (tokenizerText === undefined) {
    throw new DataError(
      { file: files.tokenizerJson },
      "is missing",
      "give the folder of a model with a tokenizer.json; AutoTokenizer of transformers writes one with save_pretrained",
    );
  }
  const mapFile = join(folder, "special_tokens_map.json");
  const [configText, mapText, chatTemplate] = await Promise.all(
    [files.tokenizerConfig, mapFile, files.chatTemplate].map((file) => readText(file)),
  );
  return createTokenizer({
    tokenizerJson: parseJson(tokenizerText, files.tokenizerJson),
    tokenizerConfig: { ...optionalObject(mapText, mapFile), ...optionalObject(configText, files.tokenizerConfig) },
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
    files,
  });
}

function optionalObject(text: string | undefined, file: string): object {
  return text === undefined ? {} : parseJsonObject(text, file);
}
