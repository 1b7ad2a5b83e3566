import type { Paragraph } from "@haps/benchmarks";

/** One fact as a reader gets it from a sentence. */
export interface ReadFact {
  readonly title: string;
  readonly sentence: number;
  readonly relation: string;
  readonly value: string;
}

/** Sentences as a reader understands them, written from the look of the texts and not from the templates. */
const READINGS: readonly (readonly [relation: string, pattern: RegExp])[] = [
  ["country", /^(?:It|The city) is the capital of (.+)\.$/],
  ["continent", /^(?:.+ is a country in|.+ lies in) (.+)\.$/],
  ["capital", /^(?:Its|The) capital is (.+)\.$/],
  ["currency", /^(?:Its currency is|People pay with) the (.+)\.$/],
  ["language", /^(?:Its main language is|Most people speak) (.+)\.$/],
  ["country", /^The sight (?:is|can be visited) in (.+)\.$/],
  ["country", /^(?:The writer comes from|The home of the writer is) (.+)\.$/],
  ["author", /^.+ (?:was written|is a book) by (.+)\.$/],
  ["language", /^(?:It was first written in|Its original language is) (.+)\.$/],
  ["script", /^(?:Its script is (\w+)|It is written in the (\w+) script)\.$/],
  ["group", /^.+ is a (?:language of the (\w+) group|(\w+) language)\.$/],
  ["number", /^(?:Its atomic number is|It has the atomic number) (\d+)\.$/],
  ["state", /^(?:It is a (\w+) at room temperature|At room temperature it is a (\w+))\.$/],
];

/** Everything that paragraphs say. */
export function readParagraphs(paragraphs: readonly Paragraph[]): readonly ReadFact[] {
  return paragraphs.flatMap(({ title, sentences }) =>
    sentences.flatMap((text, sentence) => {
      for (const [relation, pattern] of READINGS) {
        const found = pattern.exec(text);
        if (found === null) continue;
        const value = (found[1] ?? found[2] ?? "").replace(/^the /, "");
        return [{ title, sentence, relation, value }];
      }
      return [];
    }),
  );
}
