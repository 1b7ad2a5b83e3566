import type { RelationId, TableId } from "../facts/fact-base.ts";

/** A template class of bridge questions: a subject, the relation to the bridge, the relation to the answer. */
export interface BridgeKind {
  readonly id: string;
  readonly table: TableId;
  readonly first: RelationId;
  readonly second: RelationId;
  /** Complete questions with the place `{x}` for the subject; every phrase for the bridge in every frame. */
  readonly wordings: readonly string[];
}

/** How a question names the bridge without its name. */
const PHRASES = {
  city: {
    first: "capital-of",
    phrases: [
      "the country whose capital is {x}",
      "the country with the capital {x}",
      "the country that has {x} as its capital",
      "the country of which {x} is the capital",
    ],
  },
  landmark: {
    first: "location",
    phrases: [
      "the country of {x}",
      "the country where you find {x}",
      "the country in which you can visit {x}",
      "the country that is home to {x}",
    ],
  },
  author: {
    first: "home",
    phrases: [
      "the home country of {x}",
      "the country {x} comes from",
      "the country that gave us the writer {x}",
      "the home of the writer {x}",
    ],
  },
  "book by author": {
    first: "author",
    phrases: ["the author of {x}", "the writer of {x}", "the person who wrote {x}", "the author of the book {x}"],
  },
  "book by language": {
    first: "original-language",
    phrases: [
      "the original language of {x}",
      "the language in which {x} was written",
      "the language {x} was first written in",
      "the language of the book {x}",
    ],
  },
  country: {
    first: "language",
    phrases: [
      "the main language of {x}",
      "the language most people speak in {x}",
      "the language mainly spoken in {x}",
      "the language of most people in {x}",
    ],
  },
} as const satisfies Record<string, { first: RelationId; phrases: readonly string[] }>;

/** How a question asks for the answer; `{s}` is the phrase for the bridge. */
const FRAMES = {
  capital: [
    "What is the capital of {s}?",
    "Which city is the capital of {s}?",
    "Name the capital of {s}.",
    "{s} has which capital?",
  ],
  currency: [
    "What is the currency of {s}?",
    "Which currency is used in {s}?",
    "What do people pay with in {s}?",
    "In {s}, which currency is used?",
  ],
  language: [
    "What is the main language of {s}?",
    "Which language do most people speak in {s}?",
    "Name the main language of {s}.",
    "In {s}, which language is mainly spoken?",
  ],
  continent: [
    "On which continent is {s}?",
    "Which continent does {s} lie in?",
    "Name the continent of {s}.",
    "{s} lies in which continent?",
  ],
  home: [
    "Which country is {s} from?",
    "What is the home country of {s}?",
    "Where does {s} come from?",
    "{s} comes from which country?",
  ],
  group: [
    "Which group does {s} belong to?",
    "What is the language group of {s}?",
    "Name the language group of {s}.",
    "{s} belongs to which group?",
  ],
  script: [
    "Which script is used for {s}?",
    "What is the script of {s}?",
    "Name the script of {s}.",
    "{s} is written in which script?",
  ],
} as const satisfies Partial<Record<RelationId, readonly string[]>>;

/** Every template class of bridge questions. */
export const BRIDGE_KINDS: readonly BridgeKind[] = [
  ...kinds("city", "city", ["currency", "language", "continent"]),
  ...kinds("landmark", "landmark", ["capital", "currency", "language", "continent"]),
  ...kinds("author", "author", ["capital", "currency", "language", "continent"]),
  ...kinds("book", "book by author", ["home"]),
  ...kinds("book", "book by language", ["group", "script"]),
  ...kinds("country", "country", ["group", "script"]),
];

function kinds(
  table: TableId,
  subject: keyof typeof PHRASES,
  answers: readonly (keyof typeof FRAMES)[],
): readonly BridgeKind[] {
  const { first, phrases } = PHRASES[subject];
  return answers.map((second) => ({
    id: `${table}-${second}`,
    table,
    first,
    second,
    wordings: FRAMES[second].flatMap((frame) => phrases.map((phrase) => frame.replace("{s}", phrase))),
  }));
}
