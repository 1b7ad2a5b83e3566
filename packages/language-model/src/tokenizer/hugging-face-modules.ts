// The declarations of these packages import their own files without extensions, which Node's module rules do not resolve. So what is
// used of them is declared here; whether it is so, the golden tests tell.
import * as jinja from "@huggingface/jinja";
import * as tokenizers from "@huggingface/tokenizers";

/** Turns tokens into pieces of text. */
export interface LibraryDecoder {
  decode_chain(tokens: string[]): string[];
}

/** A tokenizer of `@huggingface/tokenizers`. */
export interface LibraryTokenizer {
  /** By id; with holes where ids are left out. */
  readonly model: { readonly vocab: readonly (string | undefined)[] };
  readonly decoder: LibraryDecoder | null;
  encode(
    text: string,
    options: { readonly add_special_tokens: boolean },
  ): { readonly ids: readonly (number | undefined)[]; readonly tokens: readonly string[] };
  /** @throws Error for no tokens. */
  decode(tokens: readonly number[]): string;
  token_to_id(token: string): number | undefined;
}

interface TokenizersModule {
  readonly Tokenizer: new (tokenizerJson: object, config: object) => LibraryTokenizer;
  readonly SequenceDecoder: new (config: object) => LibraryDecoder & { readonly decoders: readonly LibraryDecoder[] };
  readonly ByteFallbackDecoder: new (
    config: object,
  ) => LibraryDecoder & { text_decoder: InstanceType<typeof TextDecoder> };
}

/** A parsed template. */
export interface TemplateProgram {
  readonly type: string;
}

interface TemplateEnvironment {
  set(name: string, value: unknown): unknown;
}

interface JinjaModule {
  readonly tokenize: (
    text: string,
    options: { readonly lstrip_blocks: boolean; readonly trim_blocks: boolean },
  ) => object[];
  readonly parse: (tokens: object[]) => TemplateProgram;
  readonly Environment: new () => TemplateEnvironment;
  readonly Interpreter: new (
    environment: TemplateEnvironment,
  ) => { run(program: TemplateProgram): { readonly value: unknown } };
}

export const { Tokenizer, SequenceDecoder, ByteFallbackDecoder } = tokenizers as unknown as TokenizersModule;
export const { tokenize, parse, Environment, Interpreter } = jinja as unknown as JinjaModule;
