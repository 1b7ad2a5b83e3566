import type { ReadFact } from "./read-paragraphs.ts";

/** What a question wants to know, recognised by its words. */
const WANTED: readonly (readonly [relation: string, pattern: RegExp])[] = [
  ["number", /atomic number/],
  ["state", /room temperature/],
  ["script", /script/],
  ["group", /group/],
  ["currency", /currency|pay with/],
  ["continent", /continent|\b(Africa|Asia|Europe|Oceania|North America|South America)\b/],
];

/**
 * Answers a two-hop question from facts alone: finds the entities that it names, follows one fact to another paragraph, or
 * compares two. Knows nothing of the generator.
 *
 * @returns Every answer that the facts allow.
 */
export function solveHop(text: string, facts: readonly ReadFact[]): readonly string[] {
  const titles = [...new Set(facts.map(({ title }) => title))];
  const valueFor = (title: string, relation: string): string | undefined =>
    facts.find((fact) => fact.title === title && fact.relation === relation)?.value;
  const kindOf = (title: string): string =>
    facts
      .flatMap((fact) => (fact.title === title ? [fact.relation] : []))
      .sort()
      .join();
  const { named, rest } = subjectsIn(text, titles, kindOf);
  const wanted = WANTED.find(([, pattern]) => pattern.test(rest))?.[0];
  const [a, b] = named;
  if (a === undefined) return [];
  if (b !== undefined) return compare(rest, wanted ?? commonRelation(rest, a, b, valueFor), a, b, valueFor);
  return follow(rest, wanted, a, titles, valueFor);
}

type ValueFor = (title: string, relation: string) => string | undefined;

interface Subjects {
  readonly named: readonly string[];
  /** The question without the names. */
  readonly rest: string;
}

/** The two entities of one kind that a text names, or else the first; a value may have a paragraph of its own too. */
function subjectsIn(text: string, titles: readonly string[], kindOf: (title: string) => string): Subjects {
  const all = namedIn(text, titles);
  const pair = all.named.filter((title) =>
    all.named.some((other) => other !== title && kindOf(other) === kindOf(title)),
  );
  return pair.length === 2 ? namedIn(text, pair) : namedIn(text, all.named.slice(0, 1));
}

function namedIn(text: string, titles: readonly string[]): Subjects {
  let rest = text;
  const places: { readonly title: string; readonly place: number }[] = [];
  for (const title of [...titles].sort((x, y) => y.length - x.length)) {
    const place = rest.toLowerCase().search(new RegExp(`\\b${title.toLowerCase()}\\b`));
    if (place < 0) continue;
    places.push({ title, place });
    rest = `${rest.slice(0, place)}${"_".repeat(title.length)}${rest.slice(place + title.length)}`;
  }
  return { named: places.sort((x, y) => x.place - y.place).map(({ title }) => title), rest };
}

function commonRelation(rest: string, a: string, b: string, valueFor: ValueFor): string {
  const relations = /language|written|speak/.test(rest) ? ["language"] : ["country", "language"];
  return relations.find((one) => valueFor(a, one) !== undefined && valueFor(b, one) !== undefined) ?? "";
}

function compare(rest: string, relation: string, a: string, b: string, valueFor: ValueFor): readonly string[] {
  const [x, y] = [valueFor(a, relation), valueFor(b, relation)];
  if (x === undefined || y === undefined) return [];
  if (/larger/.test(rest)) return [Number(x) > Number(y) ? a : b];
  if (/smaller/.test(rest)) return [Number(x) < Number(y) ? a : b];
  const fits = [a, b].filter((one) => new RegExp(`\\b${valueFor(one, relation) ?? ""}\\b`).test(rest));
  return fits.length > 0 ? fits : [x === y ? "yes" : "no"];
}

function follow(
  rest: string,
  wanted: string | undefined,
  subject: string,
  titles: readonly string[],
  valueFor: ValueFor,
): readonly string[] {
  if (valueFor(subject, "author") !== undefined && wanted === undefined) {
    return list(valueFor(valueFor(subject, "author") ?? "", "country"));
  }
  const bridge = valueFor(subject, wanted === "group" || wanted === "script" ? "language" : "country") ?? "";
  if (!titles.includes(bridge)) return [];
  const answer = wanted ?? (/language|speak/.test(rest) ? "language" : "capital");
  return list(valueFor(bridge, answer));
}

function list(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}
