/** One language and what the benchmarks say about it. */
export interface LanguageFacts {
  readonly name: string;
  /** The group that linguists put it into, at the level that encyclopedias name first. */
  readonly group: string;
  /** The script of its standard spelling. */
  readonly script: string;
}

/**
 * Every main language of the countries and every language of the books.
 *
 * Left out on purpose: languages with two standard scripts (Serbian, Mongolian). Malay is meant as written in Malaysia.
 * "Indic" is the short name of Indo-Aryan. Typed from general knowledge. To check one, read the first
 * paragraph of the language's article in an encyclopedia.
 */
export const LANGUAGES: readonly LanguageFacts[] = [
  { name: "Arabic", group: "Semitic", script: "Arabic" },
  { name: "Bengali", group: "Indic", script: "Bengali" },
  { name: "Chinese", group: "Sinitic", script: "Chinese" },
  { name: "Croatian", group: "Slavic", script: "Latin" },
  { name: "Czech", group: "Slavic", script: "Latin" },
  { name: "Danish", group: "Germanic", script: "Latin" },
  { name: "Dutch", group: "Germanic", script: "Latin" },
  { name: "English", group: "Germanic", script: "Latin" },
  { name: "Estonian", group: "Uralic", script: "Latin" },
  { name: "Finnish", group: "Uralic", script: "Latin" },
  { name: "French", group: "Romance", script: "Latin" },
  { name: "German", group: "Germanic", script: "Latin" },
  { name: "Greek", group: "Hellenic", script: "Greek" },
  { name: "Hungarian", group: "Uralic", script: "Latin" },
  { name: "Icelandic", group: "Germanic", script: "Latin" },
  { name: "Italian", group: "Romance", script: "Latin" },
  { name: "Japanese", group: "Japonic", script: "Japanese" },
  { name: "Khmer", group: "Austroasiatic", script: "Khmer" },
  { name: "Korean", group: "Koreanic", script: "Hangul" },
  { name: "Lao", group: "Tai", script: "Lao" },
  { name: "Latvian", group: "Baltic", script: "Latin" },
  { name: "Lithuanian", group: "Baltic", script: "Latin" },
  { name: "Malagasy", group: "Austronesian", script: "Latin" },
  { name: "Malay", group: "Austronesian", script: "Latin" },
  { name: "Nepali", group: "Indic", script: "Devanagari" },
  { name: "Norwegian", group: "Germanic", script: "Latin" },
  { name: "Polish", group: "Slavic", script: "Latin" },
  { name: "Portuguese", group: "Romance", script: "Latin" },
  { name: "Romanian", group: "Romance", script: "Latin" },
  { name: "Samoan", group: "Austronesian", script: "Latin" },
  { name: "Slovak", group: "Slavic", script: "Latin" },
  { name: "Slovene", group: "Slavic", script: "Latin" },
  { name: "Spanish", group: "Romance", script: "Latin" },
  { name: "Swahili", group: "Bantu", script: "Latin" },
  { name: "Swedish", group: "Germanic", script: "Latin" },
  { name: "Thai", group: "Tai", script: "Thai" },
  { name: "Ukrainian", group: "Slavic", script: "Cyrillic" },
  { name: "Vietnamese", group: "Austroasiatic", script: "Latin" },
];
