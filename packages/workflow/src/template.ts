import { createHash } from "node:crypto";
import { type ConfigIssue, canonicalJson } from "@haps/spec";

const TOKEN = /\{\{|\}\}|\{(\w+)\}/g;

/**
 * Fills the slots of a template in one pass, so that braces inside values stay as they are; `{{` and `}}` stand for braces.
 * Slots without a value are left as they stand.
 *
 * @example
 * ```ts
 * console.assert(fillTemplate("Q: {question} {{}}", { question: "Why {x}?" }) === "Q: Why {x}? {}");
 * ```
 */
export function fillTemplate(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(TOKEN, (match, slot: string | undefined) => {
    if (slot === undefined) return match.slice(1);
    return Object.hasOwn(values, slot) ? String(values[slot]) : match;
  });
}

/** Slots that a template must have and may have. */
export interface TemplateSlots {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/** What is wrong with a template: unknown slots, missing ones, single braces. */
export function templateIssues(path: string, template: string, slots: TemplateSlots): readonly ConfigIssue[] {
  const used = [...template.matchAll(TOKEN)].flatMap(({ 1: slot }) => (slot === undefined ? [] : [slot]));
  const known = [...slots.required, ...slots.optional];
  const shown = known.map((slot) => `{${slot}}`).join(", ") || "none";
  const unknown = [...new Set(used)].filter((slot) => !known.includes(slot));
  const missing = slots.required.filter((slot) => !used.includes(slot));
  const isStray = /[{}]/.test(template.replace(TOKEN, ""));
  return [
    ...unknown.map((slot) => ({ path, message: `has the unknown slot {${slot}}; known slots: ${shown}` })),
    ...missing.map((slot) => ({ path, message: `lacks the slot {${slot}}; put it where its value belongs` })),
    ...(isStray ? [{ path, message: "has a single brace; write {{ or }} for a brace" }] : []),
  ];
}

/** SHA-256 of plain data, in hexadecimal, independent of the order of keys: templates are part of what a manifest names. */
export function contentHash(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value), "utf8").digest("hex");
}
