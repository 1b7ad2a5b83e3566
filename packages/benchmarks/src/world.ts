import type { FactBase, RelationId } from "./facts/fact-base.ts";
import { createRandomStream } from "./random-stream.ts";

/** Whether the facts of a question are the true ones, or were replaced at random so that they must be read. */
export type WorldKind = "counterfactual" | "true";

/** One consistent set of facts. */
export interface World {
  readonly kind: WorldKind;
  /** The value of a relation for an entity of its table. */
  valueOf(relation: RelationId, subject: string): string;
}

/** The world as it is. */
export function createTrueWorld(facts: FactBase): World {
  return { kind: "true", valueOf: (relation, subject) => valueIn(facts.columns[relation], relation, subject) };
}

/**
 * A world whose facts are false on purpose: every entity gets a value of the same relation at random,
 * now and then its own.
 *
 * Where values are one to one (capitals, authors, symbols, numbers) they change places; elsewhere each is drawn with equal
 * chances among the different values, so that no frequent value, such as the Latin script, pays to guess. A city is the
 * capital of the country that has it as capital.
 */
export function createCounterfactualWorld(facts: FactBase, seed: number, name: string): World {
  const columns = new Map<RelationId, ReadonlyMap<string, string>>();
  const columnOf = (relation: RelationId): ReadonlyMap<string, string> => {
    const known = columns.get(relation);
    if (known !== undefined) return known;
    const made = relation === "capital-of" ? inverse(columnOf("capital")) : replaced(relation);
    columns.set(relation, made);
    return made;
  };
  const replaced = (relation: RelationId): ReadonlyMap<string, string> => {
    const column = facts.columns[relation];
    const values = [...new Set(column.values())];
    const stream = createRandomStream(seed, `${name}/${relation}`);
    if (values.length < column.size)
      return new Map([...column.keys()].map((subject) => [subject, stream.pick(values)]));
    const order = stream.shuffle(values);
    return new Map([...column.keys()].map((subject, index) => [subject, order[index] ?? ""]));
  };
  return { kind: "counterfactual", valueOf: (relation, subject) => valueIn(columnOf(relation), relation, subject) };
}

function inverse(column: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...column].map(([subject, value]) => [value, subject]));
}

function valueIn(column: ReadonlyMap<string, string>, relation: RelationId, subject: string): string {
  const value = column.get(subject);
  if (value === undefined) throw new Error(`internal: ${relation} knows no ${JSON.stringify(subject)}`);
  return value;
}
