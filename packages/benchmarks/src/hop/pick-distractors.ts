import type { EntityRef, FactBase, TableId } from "../facts/fact-base.ts";
import { factWords } from "../paragraph.ts";
import type { RandomStream } from "../random-stream.ts";
import type { World } from "../world.ts";

/** Entities of one table of which the hardest are kept. */
const SAMPLE = 12;
/** Kept of each sample: those that share most words with the gold paragraphs. */
const HARD = 3;

/**
 * Picks the entities of the eight paragraphs that do not help.
 *
 * For each of the two gold entities three of its own type that share the most words with the gold paragraphs (a name, a
 * country, a currency, ...), and two of other types. An entity that would state a gold fact the other way round, such as
 * the capital of a gold country, is left out.
 */
export function pickDistractors(
  facts: FactBase,
  world: World,
  gold: readonly [EntityRef, EntityRef],
  stream: RandomStream,
): readonly EntityRef[] {
  const taken = new Set(gold.map(keyOf));
  const isFree = (ref: EntityRef): boolean => !taken.has(keyOf(ref)) && !mirrorsGold(world, ref, gold);
  const goldWords = new Set(gold.flatMap((ref) => [...factWords(world, ref)]));
  const picked: EntityRef[] = [];
  const take = (refs: readonly EntityRef[]): void => {
    for (const ref of refs) taken.add(keyOf(ref));
    picked.push(...refs);
  };
  for (const { table } of gold) {
    const sample = stream.shuffle(refsOf(facts, table).filter(isFree)).slice(0, SAMPLE);
    const hardness = new Map(sample.map((ref) => [ref, sharedWords(factWords(world, ref), goldWords)]));
    take(sample.sort((a, b) => (hardness.get(b) ?? 0) - (hardness.get(a) ?? 0)).slice(0, HARD));
  }
  const tables = stream.shuffle(OTHERS.filter((table) => gold.every((ref) => ref.table !== table)));
  for (const table of tables.slice(0, 2)) take([stream.pick(refsOf(facts, table).filter(isFree))]);
  return picked;
}

const OTHERS: readonly TableId[] = ["author", "book", "city", "country", "element", "landmark", "language"];

function refsOf(facts: FactBase, table: TableId): readonly EntityRef[] {
  return facts.entities[table].map((name) => ({ table, name }));
}

function keyOf({ table, name }: EntityRef): string {
  return `${table}|${name}`;
}

function mirrorsGold(world: World, ref: EntityRef, gold: readonly EntityRef[]): boolean {
  if (ref.table === "city") {
    const country = world.valueOf("capital-of", ref.name);
    return gold.some(({ table, name }) => table === "country" && name === country);
  }
  return false;
}

function sharedWords(words: ReadonlySet<string>, others: ReadonlySet<string>): number {
  let count = 0;
  for (const word of words) if (others.has(word)) count += 1;
  return count;
}
