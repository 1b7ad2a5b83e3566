import { AUTHORS, BOOKS } from "./books.ts";
import { COUNTRIES } from "./countries.ts";
import { ELEMENTS } from "./elements.ts";
import { LANDMARKS } from "./landmarks.ts";
import { LANGUAGES } from "./languages.ts";

/** What an entity is. */
export type TableId = "author" | "book" | "city" | "country" | "element" | "landmark" | "language";

/** What may be said of an entity; every relation has exactly one value for each entity of its table. */
export type RelationId =
  | "author"
  | "capital"
  | "capital-of"
  | "continent"
  | "currency"
  | "group"
  | "home"
  | "language"
  | "location"
  | "number"
  | "original-language"
  | "script"
  | "state"
  | "symbol";

/** From which table a relation leads where; without `to` its values have no paragraph of their own. */
export interface Relation {
  readonly from: TableId;
  readonly to?: TableId;
}

/** Every relation. */
export const RELATIONS: Readonly<Record<RelationId, Relation>> = {
  author: { from: "book", to: "author" },
  capital: { from: "country", to: "city" },
  "capital-of": { from: "city", to: "country" },
  continent: { from: "country" },
  currency: { from: "country" },
  group: { from: "language" },
  home: { from: "author", to: "country" },
  language: { from: "country", to: "language" },
  location: { from: "landmark", to: "country" },
  number: { from: "element" },
  "original-language": { from: "book", to: "language" },
  script: { from: "language" },
  state: { from: "element" },
  symbol: { from: "element" },
};

/** An entity by table and name; names are unique within a table. */
export interface EntityRef {
  readonly table: TableId;
  readonly name: string;
}

/** The facts as columns: one map per relation, from the name of the entity to the value. */
export interface FactBase {
  /** The entities of each table, in the order of the facts files. */
  readonly entities: Readonly<Record<TableId, readonly string[]>>;
  readonly columns: Readonly<Record<RelationId, ReadonlyMap<string, string>>>;
  /** Names that running text precedes with "the". */
  readonly withArticle: ReadonlySet<string>;
}

/** Puts the true facts of the facts files together. */
export function createFactBase(): FactBase {
  const names = (rows: readonly { readonly name: string }[]): readonly string[] => rows.map(({ name }) => name);
  const column = <Row extends { readonly name: string }>(
    rows: readonly Row[],
    value: (row: Row) => string | number,
  ): ReadonlyMap<string, string> => new Map(rows.map((row) => [row.name, String(value(row))]));
  return {
    entities: {
      author: names(AUTHORS),
      book: names(BOOKS),
      city: COUNTRIES.map(({ capital }) => capital),
      country: names(COUNTRIES),
      element: names(ELEMENTS),
      landmark: names(LANDMARKS),
      language: names(LANGUAGES),
    },
    columns: {
      author: column(BOOKS, ({ author }) => author),
      capital: column(COUNTRIES, ({ capital }) => capital),
      "capital-of": new Map(COUNTRIES.map(({ name, capital }) => [capital, name])),
      continent: column(COUNTRIES, ({ continent }) => continent),
      currency: column(COUNTRIES, ({ currency }) => currency),
      group: column(LANGUAGES, ({ group }) => group),
      home: column(AUTHORS, ({ home }) => home),
      language: column(COUNTRIES, ({ language }) => language),
      location: column(LANDMARKS, ({ country }) => country),
      number: column(ELEMENTS, ({ number }) => number),
      "original-language": column(BOOKS, ({ language }) => language),
      script: column(LANGUAGES, ({ script }) => script),
      state: column(ELEMENTS, ({ state }) => state),
      symbol: column(ELEMENTS, ({ symbol }) => symbol),
    },
    withArticle: new Set([...COUNTRIES, ...LANDMARKS].filter(({ the }) => the === true).map(({ name }) => name)),
  };
}
