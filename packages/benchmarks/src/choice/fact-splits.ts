import { type FactBase, RELATIONS, type RelationId, type TableId } from "../facts/fact-base.ts";
import { createRandomStream } from "../random-stream.ts";
import type { SplitName } from "../split-name.ts";
import { CHOICE_KINDS } from "./choice-kinds.ts";

/** Chance that a fact that is not for training is for valid. */
const VALID_CHANCE = 0.15;

/** Splits of single facts, by {@link factChain}. */
export type FactSplits = ReadonlyMap<string, SplitName>;

/** Name of a fact, whatever its value. */
export function factChain(relation: RelationId, subject: string): string {
  return `${relation}|${subject}`;
}

/** Divides the facts among the splits: the relations of each entity alternate between train and the rest. */
export function splitFacts(facts: FactBase, seed: number): FactSplits {
  const splits = new Map<string, SplitName>();
  const relations = [...new Set(CHOICE_KINDS.map(({ relation }) => relation))];
  for (const table of Object.keys(facts.entities) as TableId[]) {
    const own = relations.filter((relation) => RELATIONS[relation].from === table);
    for (const subject of facts.entities[table]) {
      const stream = createRandomStream(seed, `facts/${table}/${subject}`);
      const offset = stream.integer(2);
      stream.shuffle(own).forEach((relation, index) => {
        const heldOut = stream.uniform() < VALID_CHANCE ? "valid" : "test";
        splits.set(factChain(relation, subject), (index + offset) % 2 === 0 ? "train" : heldOut);
      });
    }
  }
  return splits;
}
