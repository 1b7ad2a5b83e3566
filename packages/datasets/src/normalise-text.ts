import { createHash } from "node:crypto";

/**
 * The form in which two texts count as the same question: Unicode NFC, lower case, every run of white space one
 * space, trimmed.
 *
 * @example
 * ```ts
 * import { strict as assert } from "node:assert";
 * import { normaliseText } from "@haps/datasets";
 * assert.equal(normaliseText("  What\n IS  it? "), "what is it?");
 * ```
 */
export function normaliseText(text: string): string {
  return text.normalize("NFC").toLowerCase().normalize("NFC").replace(/\s+/gu, " ").trim();
}

/**
 * The group of a question: the first 16 hexadecimal digits of SHA-256 over {@link normaliseText} in UTF-8.
 *
 * Rows of one group never stand in two folds, and statistics resample groups. 64 bits: two of a million different
 * texts share a group with a chance of about 3e-8.
 */
export function textGroup(text: string): string {
  return createHash("sha256").update(normaliseText(text), "utf8").digest("hex").slice(0, 16);
}
