/** How a sentence relates an entity to its value, written from the look of the texts. */
const READINGS: readonly RegExp[] = [
  /^The capital of (?<x>.+) is (?<v>.+)\.$/,
  /^People in (?<x>.+) pay with the (?<v>.+)\.$/,
  /^Most people in (?<x>.+) speak (?<v>.+)\.$/,
  /^(?<x>.+) lies in (?<v>.+)\.$/,
  /^You can visit (?<x>.+) in (?<v>.+)\.$/,
  /^(?<x>.+) comes from (?<v>.+)\.$/,
  /^(?<v>.+) wrote (?<x>.+)\.$/,
  /^(?<x>.+) was first written in (?<v>.+)\.$/,
  /^(?<x>.+) belongs to the (?<v>.+) group\.$/,
  /^(?<x>.+) is written in the (?<v>.+) script\.$/,
  /^The (?:symbol|atomic number) of (?<x>.+) is (?<v>.+)\.$/,
  /^At room temperature (?<x>.+) is a (?<v>.+)\.$/,
];

/**
 * Answers a four-option question from the sentences of its context; knows nothing of the generator.
 *
 * @returns The index of every option that is right.
 */
export function solveChoice(context: string, stem: string, choices: readonly string[]): readonly number[] {
  const facts = new Map(context.split(/(?<=\.) /).map(readSentence));
  const indices = choices.flatMap((choice, index) => (facts.has(choice) ? [index] : []));
  if (indices.length < choices.length) {
    const subject = longestIn(stem, [...facts.keys()]);
    return choices.flatMap((choice, index) => (choice === facts.get(subject) ? [index] : []));
  }
  const valueAt = (index: number): string => facts.get(choices[index] ?? "") ?? "";
  if (/(largest|smallest) atomic number/.test(stem)) {
    const numbers = indices.map((index) => Number(valueAt(index)));
    const wanted = stem.includes("largest") ? Math.max(...numbers) : Math.min(...numbers);
    return indices.filter((index) => numbers[index] === wanted);
  }
  const value = longestIn(stem, [...facts.values()]);
  return indices.filter((index) => (valueAt(index) === value) !== / not /.test(stem));
}

function readSentence(sentence: string): readonly [entity: string, value: string] {
  for (const reading of READINGS) {
    const groups = reading.exec(sentence)?.groups;
    if (groups !== undefined) return [bare(groups.x ?? ""), bare(groups.v ?? "")];
  }
  throw new Error(`cannot read ${JSON.stringify(sentence)}`);
}

/** Without the article of running text; at the start of a sentence only a list of what has one could tell it from a title. */
function bare(name: string): string {
  return name
    .replace(/^the /, "")
    .replace(/^The (Czech Republic|Dominican Republic|Netherlands|United Kingdom|United States)$/, "$1");
}

function longestIn(text: string, names: readonly string[]): string {
  const found = names.filter((name) => new RegExp(`(?<!\\w)${name}(?!\\w)`, "i").test(text));
  return found.sort((a, b) => b.length - a.length)[0] ?? "";
}
