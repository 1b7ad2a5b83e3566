import type { FactBase } from "./facts/fact-base.ts";

/** Fills `{name}` places in one pass, so that a value may hold braces. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
}

/** The first letter upper case. */
export function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The name as running text has it: `the Netherlands`. */
export function inText(facts: FactBase, name: string): string {
  return facts.withArticle.has(name) ? `the ${name}` : name;
}

/** Title of the paragraph about an entity. */
export function titleOf(name: string): string {
  return sentenceCase(name);
}
