import { execFileSync } from "node:child_process";
import { cp, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTokenizer, loadTokenizer } from "@haps/language-model";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTokenizerJson, tokenizerFolder } from "./tokenizer-fixture.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tokenizer-"));
  await cp(tokenizerFolder("headed"), folder, { recursive: true });
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const refusal = (file: string) =>
  expect.objectContaining({ code: "data", location: { file: join(folder, file) } }) as unknown;

describe("loading a tokenizer", () => {
  it("needs tokenizer.json only", async () => {
    await rm(join(folder, "tokenizer_config.json"));
    await rm(join(folder, "chat_template.jinja"));
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.decode(tokenizer.encode("The router"))).toBe("The router");
    expect(tokenizer).not.toHaveProperty("beginToken");
    await rm(join(folder, "tokenizer.json"));
    await expect(loadTokenizer(folder)).rejects.toEqual(refusal("tokenizer.json"));
  });

  it("finds special tokens in special_tokens_map.json too, and prefers tokenizer_config.json", async () => {
    await writeFile(
      join(folder, "special_tokens_map.json"),
      JSON.stringify({ eos_token: "<|end|>", bos_token: "<|end|>" }),
    );
    expect(await loadTokenizer(folder)).toMatchObject({ beginToken: 420, endTokens: [423] });
    await writeFile(join(folder, "tokenizer_config.json"), "{}");
    expect(await loadTokenizer(folder)).toMatchObject({ beginToken: 424, endTokens: [424] });
  });

  it("prefers chat_template.jinja to the template in tokenizer_config.json", async () => {
    const config = {
      chat_template: [
        { name: "default", template: "config" },
        { name: "other", template: "other" },
      ],
    };
    await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(config));
    await writeFile(join(folder, "chat_template.jinja"), "file");
    const tokenizer = await loadTokenizer(folder);
    const messages = [{ role: "user", content: "" }] as const;
    expect(tokenizer.renderChat(messages)).toBe("file");
    expect(tokenizer.renderChat(messages, { template: "other" })).toBe("other");
  });

  it("names the file that is cut off or no JSON object", async () => {
    for (const file of ["tokenizer.json", "tokenizer_config.json"]) {
      await cp(tokenizerFolder("headed"), folder, { recursive: true });
      await truncate(join(folder, file), 100);
      await expect(loadTokenizer(folder)).rejects.toEqual(refusal(file));
      await writeFile(join(folder, file), "[]");
      await expect(loadTokenizer(folder)).rejects.toEqual(refusal(file));
    }
  });

  it("refuses a file of absurd size before reading it, and a folder or a pipe in place of a file", async () => {
    await truncate(join(folder, "tokenizer.json"), 2 ** 30);
    await expect(loadTokenizer(folder)).rejects.toThrow(/tokenizer\.json: has 1073741824 bytes/);
    await rm(join(folder, "tokenizer.json"));
    await cp(tokenizerFolder("headed"), join(folder, "tokenizer.json"), { recursive: true });
    await expect(loadTokenizer(folder)).rejects.toEqual(refusal("tokenizer.json"));
    // Opening a pipe would wait for whoever writes into it.
    await rm(join(folder, "tokenizer.json"), { recursive: true });
    execFileSync("mkfifo", [join(folder, "tokenizer.json")]);
    await expect(loadTokenizer(folder)).rejects.toEqual(refusal("tokenizer.json"));
  });

  it("names the field that is wrong, and a kind of tokenizer that is unknown", () => {
    const json = readTokenizerJson("headed");
    for (const [change, field] of [
      [{ added_tokens: [{ id: -1, content: "x" }] }, "added_tokens.0.id"],
      [{ added_tokens: [{ id: 1 }] }, "added_tokens.0.content"],
      [{ model: null }, "model"],
    ] as const) {
      const location = { file: "tokenizer.json", field };
      expect(() => createTokenizer({ tokenizerJson: { ...json, ...change } })).toThrow(
        expect.objectContaining({ code: "data", location }),
      );
    }
    const damaged: readonly unknown[] = [
      { ...json, model: { type: "Guess" } },
      { ...json, model: { type: "BPE" } },
      { ...json, decoder: { type: "Guess" } },
      { ...json, pre_tokenizer: { type: "Split", pattern: { Regex: "(" } } },
      null,
      "text",
    ];
    for (const tokenizerJson of damaged) {
      expect(() => createTokenizer({ tokenizerJson })).toThrow(
        expect.objectContaining({ code: "data", location: { file: "tokenizer.json" } }),
      );
    }
    expect(() => createTokenizer({ tokenizerJson: json, tokenizerConfig: { bos_token: 3 } })).toThrow(
      expect.objectContaining({ location: { file: "tokenizer_config.json", field: "bos_token" } }),
    );
  });
});
