/** A kind of made-up question. */
export interface QuestionKind {
  readonly name: string;
  /** Writes a text; `draw(limit)` gives a whole number from 0 to limit - 1. */
  readonly write: (draw: (limit: number) => number) => string;
}

type Draw = (limit: number) => number;

const pick = (draw: Draw, words: readonly string[]): string => words[draw(words.length)] ?? "";
const NAMES = ["Ada", "Bo", "Chen", "Dara", "Emil", "Fatma", "Goran", "Hana", "Ines", "Jomo", "Kirsi", "Luis"];
const CITIES = [
  "Lima",
  "Oslo",
  "Quito",
  "Hanoi",
  "Accra",
  "Perth",
  "Turin",
  "Kyoto",
  "Tunis",
  "Malmo",
  "Bergen",
  "Nairobi",
];
/** Openings that all kinds share, so that no single opening word gives the kind away. */
const OPENINGS = [
  "Please help me.",
  "A short question:",
  "Here is my problem.",
  "I need an answer.",
  "Think about this.",
];

/** Six kinds with vocabularies of their own; each can write many thousands of texts. */
export const QUESTION_KINDS: readonly QuestionKind[] = [
  {
    name: "arithmetic",
    write: (draw) =>
      `${pick(draw, OPENINGS)} ${pick(draw, NAMES)} buys ${draw(90) + 10} ${pick(draw, ["apples", "pencils", "tickets"])} ` +
      `at ${draw(40) + 2} coins each and sells ${draw(80) + 5} of them. How many coins remain in total?`,
  },
  {
    name: "geography",
    write: (draw) =>
      `${pick(draw, OPENINGS)} ${pick(draw, ["Which river", "Which mountain range", "Which border"])} lies ` +
      `${draw(900) + 20} kilometres ${pick(draw, ["north", "south", "east", "west"])} of ${pick(draw, CITIES)}?`,
  },
  {
    name: "code",
    write: (draw) =>
      `${pick(draw, OPENINGS)} Write a function that ${pick(draw, ["sorts", "reverses", "filters", "merges"])} an array of ` +
      `${draw(900) + 3} ${pick(draw, ["integers", "strings", "records"])} and returns index ${draw(90)} without a loop.`,
  },
  {
    name: "spelling",
    write: (draw) =>
      `${pick(draw, OPENINGS)} How many ${pick(draw, ["vowels", "consonants", "syllables"])} does the word ` +
      `"${pick(draw, NAMES)}${pick(draw, CITIES).toLowerCase()}${pick(draw, NAMES).toLowerCase()}" have, letter by letter?`,
  },
  {
    name: "logic",
    write: (draw) =>
      `${pick(draw, OPENINGS)} If ${pick(draw, NAMES)} stands left of ${pick(draw, NAMES)} and house ${draw(30) + 1} is ` +
      `not next to house ${draw(30) + 31}, who must live beside ${pick(draw, NAMES)}?`,
  },
  {
    name: "cooking",
    write: (draw) =>
      `${pick(draw, OPENINGS)} My recipe needs ${draw(900) + 50} grams of ${pick(draw, ["flour", "rice", "lentils"])} and ` +
      `${draw(20) + 1} ${pick(draw, ["onions", "eggs", "lemons"])}; how long must it simmer for ${draw(20) + 2} guests?`,
  },
];
