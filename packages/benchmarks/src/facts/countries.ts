/** One country and what the benchmarks say about it. */
export interface CountryFacts {
  /** English short name, without article. */
  readonly name: string;
  /** Whether running text puts "the" before the name. */
  readonly the?: true;
  /** By law; the government may sit elsewhere (The Hague, Putrajaya). */
  readonly capital: string;
  /** Common noun of the currency: several countries have a peso, but not the same one. */
  readonly currency: string;
  /** The language that most people speak and the government works in. */
  readonly language: string;
  readonly continent: string;
}

/**
 * Countries with one capital, one currency, one clear main language and one continent.
 *
 * Left out on purpose: several equal official languages (Belgium, Switzerland, Canada, India), a capital that is disputed
 * or shared (Bolivia, South Africa, Israel), doubt whether most people speak the official language (Qatar, Jamaica), land on
 * two continents (Russia, Turkey, Kazakhstan), a currency that changed lately (Bulgaria). Egypt counts as Africa, as in the regions of the United Nations. Names are without diacritics.
 *
 * Typed from general knowledge, then compared with the public list github.com/mledoze/countries (world-countries 5.1.0),
 * which follows ISO 3166 and ISO 4217: capital, currency and region agree for all, and the language is among those listed,
 * except that the list names German in Austria and Norwegian in Norway by their varieties.
 */
export const COUNTRIES: readonly CountryFacts[] = [
  { name: "Austria", capital: "Vienna", currency: "euro", language: "German", continent: "Europe" },
  { name: "Croatia", capital: "Zagreb", currency: "euro", language: "Croatian", continent: "Europe" },
  { name: "Czech Republic", the: true, capital: "Prague", currency: "koruna", language: "Czech", continent: "Europe" },
  { name: "Denmark", capital: "Copenhagen", currency: "krone", language: "Danish", continent: "Europe" },
  { name: "Estonia", capital: "Tallinn", currency: "euro", language: "Estonian", continent: "Europe" },
  { name: "Finland", capital: "Helsinki", currency: "euro", language: "Finnish", continent: "Europe" },
  { name: "France", capital: "Paris", currency: "euro", language: "French", continent: "Europe" },
  { name: "Germany", capital: "Berlin", currency: "euro", language: "German", continent: "Europe" },
  { name: "Greece", capital: "Athens", currency: "euro", language: "Greek", continent: "Europe" },
  { name: "Hungary", capital: "Budapest", currency: "forint", language: "Hungarian", continent: "Europe" },
  { name: "Iceland", capital: "Reykjavik", currency: "krona", language: "Icelandic", continent: "Europe" },
  { name: "Italy", capital: "Rome", currency: "euro", language: "Italian", continent: "Europe" },
  { name: "Latvia", capital: "Riga", currency: "euro", language: "Latvian", continent: "Europe" },
  { name: "Lithuania", capital: "Vilnius", currency: "euro", language: "Lithuanian", continent: "Europe" },
  { name: "Netherlands", the: true, capital: "Amsterdam", currency: "euro", language: "Dutch", continent: "Europe" },
  { name: "Norway", capital: "Oslo", currency: "krone", language: "Norwegian", continent: "Europe" },
  { name: "Poland", capital: "Warsaw", currency: "zloty", language: "Polish", continent: "Europe" },
  { name: "Portugal", capital: "Lisbon", currency: "euro", language: "Portuguese", continent: "Europe" },
  { name: "Romania", capital: "Bucharest", currency: "leu", language: "Romanian", continent: "Europe" },
  { name: "Slovakia", capital: "Bratislava", currency: "euro", language: "Slovak", continent: "Europe" },
  { name: "Slovenia", capital: "Ljubljana", currency: "euro", language: "Slovene", continent: "Europe" },
  { name: "Spain", capital: "Madrid", currency: "euro", language: "Spanish", continent: "Europe" },
  { name: "Sweden", capital: "Stockholm", currency: "krona", language: "Swedish", continent: "Europe" },
  { name: "Ukraine", capital: "Kyiv", currency: "hryvnia", language: "Ukrainian", continent: "Europe" },
  { name: "United Kingdom", the: true, capital: "London", currency: "pound", language: "English", continent: "Europe" },

  { name: "Bangladesh", capital: "Dhaka", currency: "taka", language: "Bengali", continent: "Asia" },
  { name: "Cambodia", capital: "Phnom Penh", currency: "riel", language: "Khmer", continent: "Asia" },
  { name: "China", capital: "Beijing", currency: "yuan", language: "Chinese", continent: "Asia" },
  { name: "Japan", capital: "Tokyo", currency: "yen", language: "Japanese", continent: "Asia" },
  { name: "Jordan", capital: "Amman", currency: "dinar", language: "Arabic", continent: "Asia" },
  { name: "Laos", capital: "Vientiane", currency: "kip", language: "Lao", continent: "Asia" },
  { name: "Lebanon", capital: "Beirut", currency: "pound", language: "Arabic", continent: "Asia" },
  { name: "Malaysia", capital: "Kuala Lumpur", currency: "ringgit", language: "Malay", continent: "Asia" },
  { name: "Nepal", capital: "Kathmandu", currency: "rupee", language: "Nepali", continent: "Asia" },
  { name: "Oman", capital: "Muscat", currency: "rial", language: "Arabic", continent: "Asia" },
  { name: "Saudi Arabia", capital: "Riyadh", currency: "riyal", language: "Arabic", continent: "Asia" },
  { name: "South Korea", capital: "Seoul", currency: "won", language: "Korean", continent: "Asia" },
  { name: "Syria", capital: "Damascus", currency: "pound", language: "Arabic", continent: "Asia" },
  { name: "Thailand", capital: "Bangkok", currency: "baht", language: "Thai", continent: "Asia" },
  { name: "Vietnam", capital: "Hanoi", currency: "dong", language: "Vietnamese", continent: "Asia" },

  { name: "Algeria", capital: "Algiers", currency: "dinar", language: "Arabic", continent: "Africa" },
  { name: "Angola", capital: "Luanda", currency: "kwanza", language: "Portuguese", continent: "Africa" },
  { name: "Egypt", capital: "Cairo", currency: "pound", language: "Arabic", continent: "Africa" },
  { name: "Madagascar", capital: "Antananarivo", currency: "ariary", language: "Malagasy", continent: "Africa" },
  { name: "Morocco", capital: "Rabat", currency: "dirham", language: "Arabic", continent: "Africa" },
  { name: "Tanzania", capital: "Dodoma", currency: "shilling", language: "Swahili", continent: "Africa" },
  { name: "Tunisia", capital: "Tunis", currency: "dinar", language: "Arabic", continent: "Africa" },

  { name: "Costa Rica", capital: "San Jose", currency: "colon", language: "Spanish", continent: "North America" },
  { name: "Cuba", capital: "Havana", currency: "peso", language: "Spanish", continent: "North America" },
  {
    name: "Dominican Republic",
    the: true,
    capital: "Santo Domingo",
    currency: "peso",
    language: "Spanish",
    continent: "North America",
  },
  { name: "Honduras", capital: "Tegucigalpa", currency: "lempira", language: "Spanish", continent: "North America" },
  { name: "Mexico", capital: "Mexico City", currency: "peso", language: "Spanish", continent: "North America" },
  { name: "Nicaragua", capital: "Managua", currency: "cordoba", language: "Spanish", continent: "North America" },
  {
    name: "United States",
    the: true,
    capital: "Washington",
    currency: "dollar",
    language: "English",
    continent: "North America",
  },

  { name: "Argentina", capital: "Buenos Aires", currency: "peso", language: "Spanish", continent: "South America" },
  { name: "Brazil", capital: "Brasilia", currency: "real", language: "Portuguese", continent: "South America" },
  { name: "Chile", capital: "Santiago", currency: "peso", language: "Spanish", continent: "South America" },
  { name: "Colombia", capital: "Bogota", currency: "peso", language: "Spanish", continent: "South America" },
  { name: "Ecuador", capital: "Quito", currency: "dollar", language: "Spanish", continent: "South America" },
  { name: "Peru", capital: "Lima", currency: "sol", language: "Spanish", continent: "South America" },
  { name: "Uruguay", capital: "Montevideo", currency: "peso", language: "Spanish", continent: "South America" },
  { name: "Venezuela", capital: "Caracas", currency: "bolivar", language: "Spanish", continent: "South America" },

  { name: "Australia", capital: "Canberra", currency: "dollar", language: "English", continent: "Oceania" },
  { name: "New Zealand", capital: "Wellington", currency: "dollar", language: "English", continent: "Oceania" },
  { name: "Samoa", capital: "Apia", currency: "tala", language: "Samoan", continent: "Oceania" },
];
