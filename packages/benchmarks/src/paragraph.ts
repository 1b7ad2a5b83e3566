import { type EntityRef, type FactBase, RELATIONS, type RelationId, type TableId } from "./facts/fact-base.ts";
import type { Paragraph } from "./formats/hotpotqa-item.ts";
import type { RandomStream } from "./random-stream.ts";
import { fillTemplate, inText, sentenceCase, titleOf } from "./wording.ts";
import type { World } from "./world.ts";

/** A paragraph, and which sentence states which relation. */
export interface WrittenParagraph extends Paragraph {
  readonly sentenceOf: ReadonlyMap<RelationId, number>;
}

interface SentenceForm {
  readonly relation: RelationId | null;
  readonly wordings: readonly string[];
}

/** The first form opens the paragraph, the others follow in random order. */
const FORMS: Readonly<Record<TableId, readonly SentenceForm[]>> = {
  author: [
    { relation: null, wordings: ["{name} is known as a writer.", "{name} is a writer of books."] },
    { relation: "home", wordings: ["The writer comes from {value}.", "The home of the writer is {value}."] },
  ],
  book: [
    { relation: "author", wordings: ["{name} was written by {value}.", "{name} is a book by {value}."] },
    {
      relation: "original-language",
      wordings: ["It was first written in {value}.", "Its original language is {value}."],
    },
  ],
  city: [
    { relation: null, wordings: ["{name} is a city.", "{name} is a large city."] },
    { relation: "capital-of", wordings: ["It is the capital of {value}.", "The city is the capital of {value}."] },
  ],
  country: [
    { relation: "continent", wordings: ["{name} is a country in {value}.", "{name} lies in {value}."] },
    { relation: "capital", wordings: ["Its capital is {value}.", "The capital is {value}."] },
    { relation: "currency", wordings: ["Its currency is the {value}.", "People pay with the {value}."] },
    { relation: "language", wordings: ["Its main language is {value}.", "Most people speak {value}."] },
  ],
  element: [
    { relation: "symbol", wordings: ["{name} is the element {value}.", "{name} has the symbol {value}."] },
    { relation: "number", wordings: ["Its atomic number is {value}.", "It has the atomic number {value}."] },
    { relation: "state", wordings: ["It is a {value} at room temperature.", "At room temperature it is a {value}."] },
  ],
  landmark: [
    { relation: null, wordings: ["Many people know {name}.", "Many people visit {name}."] },
    { relation: "location", wordings: ["The sight can be visited in {value}.", "The sight is in {value}."] },
  ],
  language: [
    { relation: "group", wordings: ["{name} is a language of the {value} group.", "{name} is a {value} language."] },
    { relation: "script", wordings: ["It is written in the {value} script.", "Its script is {value}."] },
  ],
};

/** The relations that a paragraph of this table states. */
function statedRelations(table: TableId): readonly RelationId[] {
  return FORMS[table].flatMap(({ relation }) => (relation === null ? [] : [relation]));
}

/** Of what to write, and what to leave unsaid. */
export interface ParagraphSource {
  readonly facts: FactBase;
  readonly world: World;
  /** A relation that no paragraph may state; not one that opens a paragraph. */
  readonly unsaid?: RelationId;
}

/** Writes what a world says of an entity, in 2 to 4 sentences. */
export function writeParagraph(
  { facts, world, unsaid }: ParagraphSource,
  ref: EntityRef,
  stream: RandomStream,
): WrittenParagraph {
  const [opening, ...all] = FORMS[ref.table];
  if (opening === undefined) throw new Error("internal: a table without sentences");
  const others = all.filter(({ relation }) => relation === null || relation !== unsaid);
  const forms = [opening, ...stream.shuffle(others)];
  const name = inText(facts, ref.name);
  const sentenceOf = new Map<RelationId, number>();
  const sentences = forms.map(({ relation, wordings }, index) => {
    const wording = stream.pick(wordings);
    if (relation === null) return sentenceCase(fillTemplate(wording, { name }));
    sentenceOf.set(relation, index);
    const value = inText(facts, world.valueOf(relation, ref.name));
    return sentenceCase(fillTemplate(wording, { name, value }));
  });
  return { title: titleOf(ref.name), sentences, sentenceOf };
}

/** Every word of what a world says of an entity, lower case: its name and the values of its relations. */
export function factWords(world: World, { table, name }: EntityRef): ReadonlySet<string> {
  const values = statedRelations(table).map((relation) => world.valueOf(relation, name));
  return new Set([name, ...values].join(" ").toLowerCase().split(" "));
}

/** The entity that a value of a relation names. */
export function entityAt(relation: RelationId, value: string): EntityRef {
  const { to } = RELATIONS[relation];
  if (to === undefined) throw new Error(`internal: ${relation} leads to no paragraph`);
  return { table: to, name: value };
}
