import type { LoraWeights } from "@haps/spec";
import type { TokenFilter } from "../generation/token-distribution.ts";
import { type CompletionItem, type CompletionTokens, tokenFilterOf } from "./completion-item.ts";

/** What is worked out once for all items that are alike but for their weights. */
export interface GradientTerm extends CompletionTokens {
  /** Index of the first of these items. */
  readonly item: number;
  readonly lora: LoraWeights;
  /** What the tokens were drawn with, where that is whose likelihood is asked for. */
  readonly filter?: TokenFilter | undefined;
  /** Whether one of the items has a weight; otherwise nobody asks for slopes. */
  hasWeight: boolean;
}

/** Terms of some items. */
export interface GradientTerms {
  /** In the order of their first items. */
  readonly terms: readonly GradientTerm[];
  /** Term of each item. */
  readonly termOf: readonly GradientTerm[];
}

/** Finds the items that are alike: the same object of LoRA weights, equal tokens, the same likelihood. */
export function gradientTerms(operation: string, items: readonly CompletionItem[]): GradientTerms {
  const known = new Map<LoraWeights, Map<string, GradientTerm>>();
  const terms: GradientTerm[] = [];
  const termOf = items.map((item, index): GradientTerm => {
    const { lora, promptTokens, tokens, weight } = item;
    const filter = tokenFilterOf(operation, item, index);
    const key = `${promptTokens.join()}:${tokens.join()}:${filter === undefined ? "" : JSON.stringify(filter)}`;
    const own = known.get(lora) ?? new Map<string, GradientTerm>();
    known.set(lora, own);
    const term = own.get(key) ?? { item: index, lora, promptTokens, tokens, filter, hasWeight: false };
    if (weight !== 0) term.hasWeight = true;
    if (!own.has(key)) terms.push(term);
    own.set(key, term);
    return term;
  });
  return { terms, termOf };
}

/** Terms that may go through together: one kind of likelihood, and all with slopes or none. */
export function kindOf({ filter, hasWeight }: GradientTerm): string {
  return `${filter === undefined ? "full" : "sampled"} ${hasWeight ? "slopes" : "value"}`;
}
