/** One landmark and where it is. */
export interface LandmarkFacts {
  readonly name: string;
  /** Whether running text puts "the" before the name. */
  readonly the?: true;
  /** The one country it lies in. */
  readonly country: string;
}

/**
 * Buildings, ruins and natural sights that lie wholly in one country.
 *
 * Left out on purpose: sights on a border (Everest, Niagara Falls, Iguazu) and names that hold the name of a country
 * (Great Wall of China) or of its capital (Tower of London), which would answer a question by themselves. Names are without
 * diacritics. Typed from general knowledge. To check one, look it up in the UNESCO list of world heritage, where most of
 * them are, or in an encyclopedia.
 */
export const LANDMARKS: readonly LandmarkFacts[] = [
  { name: "Acropolis", the: true, country: "Greece" },
  { name: "Alhambra", the: true, country: "Spain" },
  { name: "Angel Falls", country: "Venezuela" },
  { name: "Angkor Wat", country: "Cambodia" },
  { name: "Arenal Volcano", country: "Costa Rica" },
  { name: "Baalbek", country: "Lebanon" },
  { name: "Big Ben", country: "United Kingdom" },
  { name: "Brandenburg Gate", the: true, country: "Germany" },
  { name: "Bran Castle", country: "Romania" },
  { name: "Buda Castle", country: "Hungary" },
  { name: "Carthage", country: "Tunisia" },
  { name: "Charles Bridge", country: "Czech Republic" },
  { name: "Chichen Itza", country: "Mexico" },
  { name: "Christ the Redeemer", country: "Brazil" },
  { name: "Colosseum", the: true, country: "Italy" },
  { name: "Easter Island", country: "Chile" },
  { name: "Eiffel Tower", the: true, country: "France" },
  { name: "Forbidden City", the: true, country: "China" },
  { name: "Galapagos Islands", the: true, country: "Ecuador" },
  { name: "Golden Gate Bridge", the: true, country: "United States" },
  { name: "Grand Canyon", the: true, country: "United States" },
  { name: "Great Pyramid", the: true, country: "Egypt" },
  { name: "Great Sphinx", the: true, country: "Egypt" },
  { name: "Great Wall", the: true, country: "China" },
  { name: "Ha Long Bay", country: "Vietnam" },
  { name: "Lake Bled", country: "Slovenia" },
  { name: "Leaning Tower", the: true, country: "Italy" },
  { name: "Louvre", the: true, country: "France" },
  { name: "Machu Picchu", country: "Peru" },
  { name: "Milford Sound", country: "New Zealand" },
  { name: "Mount Fuji", country: "Japan" },
  { name: "Mount Kilimanjaro", country: "Tanzania" },
  { name: "Mount Rushmore", country: "United States" },
  { name: "Neuschwanstein Castle", country: "Germany" },
  { name: "Petra", country: "Jordan" },
  { name: "Petronas Towers", the: true, country: "Malaysia" },
  { name: "Plitvice Lakes", the: true, country: "Croatia" },
  { name: "Sagrada Familia", the: true, country: "Spain" },
  { name: "Schonbrunn Palace", country: "Austria" },
  { name: "Statue of Liberty", the: true, country: "United States" },
  { name: "Stonehenge", country: "United Kingdom" },
  { name: "Sydney Opera House", the: true, country: "Australia" },
  { name: "Trakai Castle", country: "Lithuania" },
  { name: "Vasa Museum", the: true, country: "Sweden" },
  { name: "Wat Arun", country: "Thailand" },
  { name: "Wawel Castle", country: "Poland" },
  { name: "Windsor Castle", country: "United Kingdom" },
];
