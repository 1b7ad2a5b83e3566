import { drawnSplit } from "../drawn-split.ts";
import type { FactBase } from "../facts/fact-base.ts";
import type { RandomStream } from "../random-stream.ts";
import type { SplitName } from "../split-name.ts";
import type { World } from "../world.ts";
import type { ChoiceKind } from "./choice-kinds.ts";
import { type FactSplits, factChain } from "./fact-splits.ts";

/** Four entities, one of which is the subject (form `value`) or the answer (the other forms). */
export interface ChoiceDraft {
  /** The entity that is asked about or for. */
  readonly key: string;
  readonly others: readonly string[];
  /** What the stem names: the entity for the form `value`, the value for `which` and `odd`, nothing for numbers. */
  readonly asked: string;
  readonly chain: string;
}

/** Where a question may come from. */
export interface ChoiceRequest {
  readonly seed: number;
  readonly split: SplitName;
  readonly splits: FactSplits;
  readonly world: World;
  readonly stream: RandomStream;
}

/** Draws once; `null` when the draw does not fit the form or belongs to another split. */
export function draftChoice(facts: FactBase, kind: ChoiceKind, request: ChoiceRequest): ChoiceDraft | null {
  const { seed, split, splits, world, stream } = request;
  const { form, relation, table } = kind;
  const entities = facts.entities[table];
  const valueFor = (entity: string): string => world.valueOf(relation, entity);
  const key = stream.pick(entities);
  if (form === "value" || form === "which") {
    const chain = factChain(relation, key);
    if (splits.get(chain) !== split) return null;
    const others = distinct(stream, entities, [key], (entity, chosen) =>
      form === "which"
        ? valueFor(entity) !== valueFor(key)
        : chosen.every((other) => valueFor(other) !== valueFor(entity)),
    );
    return others === null ? null : { key, others, asked: form === "which" ? valueFor(key) : key, chain };
  }
  const others = othersOfSet(kind, world, stream, entities, key);
  if (others === null) return null;
  const chain = `${relation}|${[key, ...others].sort().join("|")}`;
  if (drawnSplit(seed, chain) !== split) return null;
  const [first = ""] = others;
  return { key, others, asked: form === "odd" ? valueFor(first) : "", chain };
}

function othersOfSet(
  { form, relation }: ChoiceKind,
  world: World,
  stream: RandomStream,
  entities: readonly string[],
  key: string,
): readonly string[] | null {
  const valueFor = (entity: string): string => world.valueOf(relation, entity);
  if (form !== "odd") {
    const sign = form === "highest" ? 1 : -1;
    return distinct(stream, entities, [key], (entity) => sign * (Number(valueFor(key)) - Number(valueFor(entity))) > 0);
  }
  const first = stream.pick(entities);
  if (valueFor(first) === valueFor(key)) return null;
  const more = distinct(stream, entities, [first], (entity) => valueFor(entity) === valueFor(first), 2);
  return more === null ? null : [first, ...more];
}

/** Entities that are not among the given ones and that fit beside all chosen so far; `null` when there are too few. */
function distinct(
  stream: RandomStream,
  entities: readonly string[],
  given: readonly string[],
  fits: (entity: string, chosen: readonly string[]) => boolean,
  count = 3,
): readonly string[] | null {
  const chosen = [...given];
  for (const entity of stream.shuffle(entities)) {
    if (chosen.length === given.length + count) break;
    if (!chosen.includes(entity) && fits(entity, chosen)) chosen.push(entity);
  }
  return chosen.length === given.length + count ? chosen.slice(given.length) : null;
}
