import { DataError } from "@haps/spec";
import { z } from "zod";
import type { ChatTemplateSource } from "./chat-template.ts";

/** The parts of `tokenizer.json` that are read here; the rest is the library's. */
const tokenizerJsonSchema = z.looseObject({
  model: z.looseObject({}),
  added_tokens: z
    .array(z.looseObject({ id: z.int().min(0), content: z.string(), special: z.boolean().nullish() }))
    .nullish()
    .transform((tokens) => tokens ?? []),
  normalizer: z.unknown().default(null),
  pre_tokenizer: z.unknown().default(null),
  post_processor: z.unknown().default(null),
  decoder: z.unknown().default(null),
});

/** A special token is named by its text, or described by an object with it. */
const specialTokenSchema = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)])
  .nullish();

const namedTemplatesSchema = z.array(z.looseObject({ name: z.string(), template: z.string() }));

const tokenizerConfigSchema = z.looseObject({
  bos_token: specialTokenSchema,
  eos_token: specialTokenSchema,
  unk_token: specialTokenSchema,
  sep_token: specialTokenSchema,
  pad_token: specialTokenSchema,
  cls_token: specialTokenSchema,
  mask_token: specialTokenSchema,
  chat_template: z.union([z.string(), namedTemplatesSchema]).nullish(),
});

/** `tokenizer.json`, as far as its shape is known. */
export interface TokenizerJson extends z.output<typeof tokenizerJsonSchema> {}

/** What `tokenizer_config.json` says beside the tokens. */
export interface TokenizerConfig {
  /** By their names in templates: `bos_token`, `eos_token` and so on. */
  readonly special: Readonly<Record<string, string>>;
  readonly templates: ReadonlyMap<string, ChatTemplateSource>;
}

/** @throws DataError naming `file` and the field. */
export function parseTokenizerJson(value: unknown, file: string): TokenizerJson {
  return parseFile(tokenizerJsonSchema, value, file);
}

/** @throws DataError naming `file` and the field. */
export function parseTokenizerConfig(value: unknown, file: string): TokenizerConfig {
  const config = parseFile(tokenizerConfigSchema, value, file);
  const special = Object.entries(config).filter(
    (entry): entry is [string, string] => entry[0].endsWith("_token") && typeof entry[1] === "string",
  );
  const { chat_template: template } = config;
  const named = typeof template === "string" ? [{ name: "default", template }] : (template ?? []);
  return {
    special: Object.fromEntries(special),
    templates: new Map(named.map(({ name, template: text }) => [name, { text, file }])),
  };
}

function parseFile<Schema extends z.ZodType>(schema: Schema, value: unknown, file: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.map(String).join(".");
  throw new DataError(
    { file, ...(field === undefined || field === "" ? {} : { field }) },
    issue?.message ?? "unexpected content",
    "take the file from the model's folder again",
    { cause: result.error },
  );
}
