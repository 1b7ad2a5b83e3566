import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@haps/spec";
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
  const tokenizerText = await readText(files.tokenizerJson);
  if (tokenizerText === undefined) {
    throw new DataError(
      { file: files.tokenizerJson },
      "the file is missing",
      "give the folder of a model with a tokenizer.json; AutoTokenizer of transformers writes one with save_pretrained",
    );
  }
  const mapFile = join(folder, "special_tokens_map.json");
  const [configText, mapText, chatTemplate] = await Promise.all(
    [files.tokenizerConfig, mapFile, files.chatTemplate].map(readText),
  );
  return createTokenizer({
    tokenizerJson: parseJson(tokenizerText, files.tokenizerJson),
    tokenizerConfig: { ...parseObject(mapText, mapFile), ...parseObject(configText, files.tokenizerConfig) },
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
    files,
  });
}

/** `undefined` where there is no such file. */
async function readText(file: string): Promise<string | undefined> {
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES) {
      throw new DataError(
        { file },
        `the file has ${size} bytes, more than the ${MOST_BYTES} that a tokenizer may have`,
        "check that it is what its name says",
      );
    }
    return await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return undefined;
    if (error instanceof DataError) throw error;
    throw new DataError(
      { file },
      `the file cannot be read: ${String(code ?? error)}`,
      "check the path and its permissions",
      {
        cause: error,
      },
    );
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(
      { file },
      `the file is no JSON: ${error instanceof Error ? error.message : String(error)}`,
      "it may be cut off or a pointer of Git LFS; download it again",
      { cause: error },
    );
  }
}

function parseObject(text: string | undefined, file: string): object {
  if (text === undefined) return {};
  const value = parseJson(text, file);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new DataError({ file }, "the file holds no object", "take the file from the model's folder again");
}
