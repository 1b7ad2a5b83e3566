export { atlasLibrary } from "./atlas-library.ts";
export { benchmarkHash } from "./benchmark-hash.ts";
export type { AtlasChoiceItem, AtlasChoiceLabels } from "./choice/atlas-choice-item.ts";
export {
  type AtlasChoiceOptions,
  atlasChoiceOptionsSchema,
  type ResolvedAtlasChoiceOptions,
} from "./choice/atlas-choice-options.ts";
export { type AtlasChoice, createAtlasChoice } from "./choice/create-atlas-choice.ts";
export { AUTHORS, type AuthorFacts, BOOKS, type BookFacts } from "./facts/books.ts";
export { COUNTRIES, type CountryFacts } from "./facts/countries.ts";
export { ELEMENTS, type ElementFacts } from "./facts/elements.ts";
export type { RelationId } from "./facts/fact-base.ts";
export { LANDMARKS, type LandmarkFacts } from "./facts/landmarks.ts";
export { LANGUAGES, type LanguageFacts } from "./facts/languages.ts";
export { formatHotpotQa } from "./formats/format-hotpotqa.ts";
export { type FormatMmluOptions, formatMmlu } from "./formats/format-mmlu.ts";
export type { HotpotQaItem, Paragraph, SupportingFact } from "./formats/hotpotqa-item.ts";
export type { MmluItem } from "./formats/mmlu-item.ts";
export { parseHotpotQa } from "./formats/parse-hotpotqa.ts";
export { type ParseMmluOptions, parseMmlu } from "./formats/parse-mmlu.ts";
export type { AtlasHopItem, AtlasHopLabels, Hop } from "./hop/atlas-hop-item.ts";
export {
  type AtlasHopOptions,
  atlasHopOptionsSchema,
  type ResolvedAtlasHopOptions,
} from "./hop/atlas-hop-options.ts";
export { type AtlasHop, createAtlasHop } from "./hop/create-atlas-hop.ts";
export type { WorldKind } from "./world.ts";
