import { RELATIONS, type RelationId, type TableId } from "../facts/fact-base.ts";

/**
 * What a four-option question asks: the value of an entity; the entity that has a value; the one entity that does not have
 * the value of the other three; the largest or smallest number.
 */
export type ChoiceForm = "highest" | "lowest" | "odd" | "value" | "which";

/** A template class of four-option questions. */
export interface ChoiceKind {
  readonly id: string;
  readonly table: TableId;
  readonly form: ChoiceForm;
  readonly relation: RelationId;
  /** Complete stems with the place `{x}` for the entity or `{v}` for the value. */
  readonly wordings: readonly string[];
}

/** How a fact is stated on its own; `{x}` the entity, `{v}` its value. */
export const STATEMENTS: Readonly<Record<RelationId, string>> = {
  author: "{v} wrote {x}.",
  capital: "The capital of {x} is {v}.",
  "capital-of": "{x} is the capital of {v}.",
  continent: "{x} lies in {v}.",
  currency: "People in {x} pay with the {v}.",
  group: "{x} belongs to the {v} group.",
  home: "{x} comes from {v}.",
  language: "Most people in {x} speak {v}.",
  location: "You can visit {x} in {v}.",
  number: "The atomic number of {x} is {v}.",
  "original-language": "{x} was first written in {v}.",
  script: "{x} is written in the {v} script.",
  state: "At room temperature {x} is a {v}.",
  symbol: "The symbol of {x} is {v}.",
};

const FORMS: readonly ChoiceForm[] = ["value", "which", "odd", "highest", "lowest"];

/** Every template class of four-option questions. */
export const CHOICE_KINDS: readonly ChoiceKind[] = [
  ...kinds("capital", {
    value: ["What is the capital of {x}?", "Which city is the capital of {x}?", "Name the capital of {x}."],
    which: [
      "Which country has the capital {v}?",
      "{v} is the capital of which country?",
      "Name the country with the capital {v}.",
    ],
  }),
  ...kinds("currency", {
    value: ["What is the currency of {x}?", "What do people pay with in {x}?", "Name the currency of {x}."],
    which: [
      "In which country do people pay with the {v}?",
      "Which country has the {v} as currency?",
      "Name the country where the {v} is used.",
    ],
  }),
  ...kinds("language", {
    value: ["What is the main language of {x}?", "What do most people speak in {x}?", "Name the main language of {x}."],
    which: [
      "In which country do most people speak {v}?",
      "Which country has {v} as its main language?",
      "Name the country where {v} is mainly spoken.",
    ],
    odd: [
      "In which of these countries is {v} not the main language?",
      "Which country does not have {v} as its main language?",
      "Name the country where most people do not speak {v}.",
    ],
  }),
  ...kinds("continent", {
    value: ["On which continent is {x}?", "Which continent does {x} lie in?", "Name the continent of {x}."],
    which: ["Which country lies in {v}?", "Which of these countries is in {v}?", "Name the country in {v}."],
    odd: [
      "Which country does not lie in {v}?",
      "Which of these is not in {v}?",
      "Name the country that is not in {v}.",
    ],
  }),
  ...kinds("location", {
    value: ["In which country can you visit {x}?", "Which country is home to {x}?", "Name the country of {x}."],
    which: ["Which sight is in {v}?", "What can you visit in {v}?", "Name the sight that is found in {v}."],
  }),
  ...kinds("home", {
    value: ["Which country does {x} come from?", "What is the home country of {x}?", "Where is {x} from?"],
    which: ["Which writer comes from {v}?", "Who is from {v}?", "Name the writer from {v}."],
  }),
  ...kinds("author", {
    value: ["Who wrote {x}?", "Who is the author of {x}?", "Name the writer of {x}."],
    which: ["What did {v} write?", "Which book is by {v}?", "Name the book by {v}."],
  }),
  ...kinds("original-language", {
    value: [
      "In which language was {x} first written?",
      "What is the original language of {x}?",
      "{x} was written in what?",
    ],
    which: [
      "Which book was first written in {v}?",
      "Which of these was written in {v}?",
      "Name the book written in {v}.",
    ],
    odd: [
      "Which book was not first written in {v}?",
      "Which of these was not written in {v}?",
      "Name the book that was not written in {v}.",
    ],
  }),
  ...kinds("group", {
    value: ["Which group does {x} belong to?", "What is the language group of {x}?", "Name the group of {x}."],
    which: ["Which language is {v}?", "Which language is of the {v} group?", "Name the {v} language."],
    odd: ["Which language is not {v}?", "Which of these is not of the {v} group?", "Name the one that is not {v}."],
  }),
  ...kinds("script", {
    value: ["In which script is {x} written?", "What is the script of {x}?", "Name the script of {x}."],
    which: [
      "Which language is written in the {v} script?",
      "Which has the {v} script?",
      "What is written in {v} script?",
    ],
  }),
  ...kinds("symbol", {
    value: ["What is the symbol of {x}?", "Which symbol stands for {x}?", "Name the symbol of {x}."],
    which: ["Which element has the symbol {v}?", "{v} stands for which element?", "Name the element {v}."],
  }),
  ...kinds("state", {
    which: [
      "Which element is a {v} at room temperature?",
      "Which of these is a {v}?",
      "Name the element that is a {v} at room temperature.",
    ],
    odd: [
      "Which element is not a {v} at room temperature?",
      "Which of these is not a {v}?",
      "Name the element that is not a {v}.",
    ],
  }),
  ...kinds("number", {
    value: [
      "What is the atomic number of {x}?",
      "Which atomic number does {x} have?",
      "Name the atomic number of {x}.",
    ],
    highest: [
      "Which element has the largest atomic number?",
      "Which of these has the largest atomic number?",
      "Name the element with the largest atomic number.",
    ],
    lowest: [
      "Which element has the smallest atomic number?",
      "Which of these has the smallest atomic number?",
      "Name the element with the smallest atomic number.",
    ],
  }),
];

function kinds(
  relation: RelationId,
  wordings: Readonly<Partial<Record<ChoiceForm, readonly string[]>>>,
): readonly ChoiceKind[] {
  const { from: table } = RELATIONS[relation];
  return FORMS.flatMap((form) => {
    const stems = wordings[form];
    return stems === undefined ? [] : [{ id: `${relation}-${form}`, table, form, relation, wordings: stems }];
  });
}
