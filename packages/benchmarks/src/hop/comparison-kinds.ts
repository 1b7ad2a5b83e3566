import type { RelationId, TableId } from "../facts/fact-base.ts";

/** What a comparison asks: do both agree (yes or no), which one has a value, which number is larger or smaller. */
export type ComparisonForm = "less" | "more" | "same" | "which";

/** A template class of comparison questions over two entities of one table. */
export interface ComparisonKind {
  readonly id: string;
  readonly table: TableId;
  readonly form: ComparisonForm;
  readonly relation: RelationId;
  /** Complete questions with the places `{a}` and `{b}`, and `{v}` for the value of the form `which`. */
  readonly wordings: readonly string[];
}

/** Every template class of comparison questions. Currencies are left out: two pesos are not the same currency. */
export const COMPARISON_KINDS: readonly ComparisonKind[] = [
  kind("country", "same", "continent", [
    "Are {a} and {b} on the same continent?",
    "Do {a} and {b} lie on the same continent?",
    "Is {a} on the same continent as {b}?",
    "Does {a} share its continent with {b}?",
    "{a} and {b}: are they on one continent?",
    "Do {a} and {b} share a continent?",
  ]),
  kind("country", "same", "language", [
    "Do {a} and {b} have the same main language?",
    "Do most people in {a} and {b} speak the same language?",
    "Is the main language of {a} also that of {b}?",
    "Does {a} share its main language with {b}?",
    "{a} and {b}: is their main language the same?",
    "Do {a} and {b} share a main language?",
  ]),
  kind("country", "which", "continent", [
    "Which country is in {v}, {a} or {b}?",
    "Which of {a} and {b} lies in {v}?",
    "Of {a} and {b}, which one is in {v}?",
    "Is it {a} or {b} that lies in {v}?",
    "{a} or {b}: which one is in {v}?",
    "Name the country that is in {v}: {a} or {b}.",
  ]),
  kind("landmark", "same", "location", [
    "Are {a} and {b} in the same country?",
    "Can you visit {a} and {b} in the same country?",
    "Is the country of {a} also that of {b}?",
    "Can one country show you {a} and {b}?",
    "{a} and {b}: are they in one country?",
    "Do {a} and {b} share a country?",
  ]),
  kind("landmark", "which", "location", [
    "Which sight is in {v}, {a} or {b}?",
    "Which of {a} and {b} can be visited in {v}?",
    "Of {a} and {b}, which one is in {v}?",
    "Is it {a} or {b} that you find in {v}?",
    "{a} or {b}: which one is in {v}?",
    "Name the sight that is in {v}: {a} or {b}.",
  ]),
  kind("book", "same", "original-language", [
    "Were {a} and {b} first written in the same language?",
    "Do {a} and {b} have the same original language?",
    "Is the original language of {a} also that of {b}?",
    "Does {a} share its original language with {b}?",
    "{a} and {b}: is their original language the same?",
    "Do {a} and {b} share an original language?",
  ]),
  kind("book", "which", "original-language", [
    "Which book was first written in {v}, {a} or {b}?",
    "Which of {a} and {b} was written in {v}?",
    "Of {a} and {b}, which one was first written in {v}?",
    "Is it {a} or {b} that was written in {v}?",
    "{a} or {b}: which one was written in {v}?",
    "Name the book that was written in {v}: {a} or {b}.",
  ]),
  kind("author", "same", "home", [
    "Are {a} and {b} from the same country?",
    "Do {a} and {b} come from the same country?",
    "Is {a} from the same country as {b}?",
    "Does {a} share a home country with {b}?",
    "{a} and {b}: are they from one country?",
    "Do {a} and {b} share a home country?",
  ]),
  kind("author", "which", "home", [
    "Which writer is from {v}, {a} or {b}?",
    "Which of {a} and {b} comes from {v}?",
    "Of {a} and {b}, which one is from {v}?",
    "Is it {a} or {b} that comes from {v}?",
    "{a} or {b}: which one is from {v}?",
    "Name the writer that comes from {v}: {a} or {b}.",
  ]),
  kind("element", "more", "number", [
    "Which has the larger atomic number, {a} or {b}?",
    "Which of {a} and {b} has the larger atomic number?",
    "Of {a} and {b}, which one has the larger atomic number?",
    "Is it {a} or {b} that has the larger atomic number?",
    "{a} or {b}: which has the larger atomic number?",
    "Name the element with the larger atomic number: {a} or {b}.",
  ]),
  kind("element", "less", "number", [
    "Which has the smaller atomic number, {a} or {b}?",
    "Which of {a} and {b} has the smaller atomic number?",
    "Of {a} and {b}, which one has the smaller atomic number?",
    "Is it {a} or {b} that has the smaller atomic number?",
    "{a} or {b}: which has the smaller atomic number?",
    "Name the element with the smaller atomic number: {a} or {b}.",
  ]),
  kind("element", "same", "state", [
    "Are {a} and {b} in the same state at room temperature?",
    "Do {a} and {b} have the same state at room temperature?",
    "At room temperature, is {a} in the same state as {b}?",
    "Does {a} share its state at room temperature with {b}?",
    "{a} and {b}: are they in one state at room temperature?",
    "At room temperature, do {a} and {b} share a state?",
  ]),
  kind("element", "which", "state", [
    "Which element is a {v} at room temperature, {a} or {b}?",
    "Which of {a} and {b} is a {v} at room temperature?",
    "Of {a} and {b}, which one is a {v} at room temperature?",
    "Is it {a} or {b} that is a {v} at room temperature?",
    "{a} or {b}: which one is a {v} at room temperature?",
    "Name the element that is a {v} at room temperature: {a} or {b}.",
  ]),
];

function kind(table: TableId, form: ComparisonForm, relation: RelationId, wordings: readonly string[]): ComparisonKind {
  return { id: `${table}-${form}-${relation}`, table, form, relation, wordings };
}
