/** One book, its author, and the language it was first written in. */
export interface BookFacts {
  readonly name: string;
  readonly author: string;
  readonly language: string;
}

/** One author and the country whose writer he or she is called, under its present name. */
export interface AuthorFacts {
  readonly name: string;
  readonly home: string;
}

/**
 * Novels, stories and poems with one author, known under an English title; one book for each author.
 *
 * Typed from general knowledge. To check one, look up its author in an encyclopedia.
 */
export const BOOKS: readonly BookFacts[] = [
  { name: "Azul", author: "Ruben Dario", language: "Spanish" },
  { name: "Blindness", author: "Jose Saramago", language: "Portuguese" },
  { name: "Buddenbrooks", author: "Thomas Mann", language: "German" },
  { name: "Canto General", author: "Pablo Neruda", language: "Spanish" },
  { name: "Don Quixote", author: "Miguel de Cervantes", language: "Spanish" },
  { name: "Dona Barbara", author: "Romulo Gallegos", language: "Spanish" },
  { name: "Dom Casmurro", author: "Machado de Assis", language: "Portuguese" },
  { name: "East of Eden", author: "John Steinbeck", language: "English" },
  { name: "Emma", author: "Jane Austen", language: "English" },
  { name: "Fatelessness", author: "Imre Kertesz", language: "Hungarian" },
  { name: "Ficciones", author: "Jorge Luis Borges", language: "Spanish" },
  { name: "Frankenstein", author: "Mary Shelley", language: "English" },
  { name: "Germinal", author: "Emile Zola", language: "French" },
  { name: "Hunger", author: "Knut Hamsun", language: "Norwegian" },
  { name: "Independent People", author: "Halldor Laxness", language: "Icelandic" },
  { name: "Kobzar", author: "Taras Shevchenko", language: "Ukrainian" },
  { name: "Kokoro", author: "Natsume Soseki", language: "Japanese" },
  { name: "Les Miserables", author: "Victor Hugo", language: "French" },
  { name: "Little Women", author: "Louisa May Alcott", language: "English" },
  { name: "Madame Bovary", author: "Gustave Flaubert", language: "French" },
  { name: "Max Havelaar", author: "Multatuli", language: "Dutch" },
  { name: "Moby Dick", author: "Herman Melville", language: "English" },
  { name: "Momo", author: "Michael Ende", language: "German" },
  { name: "Oliver Twist", author: "Charles Dickens", language: "English" },
  { name: "Palace Walk", author: "Naguib Mahfouz", language: "Arabic" },
  { name: "Pedro Paramo", author: "Juan Rulfo", language: "Spanish" },
  { name: "Perfume", author: "Patrick Suskind", language: "German" },
  { name: "Pinocchio", author: "Carlo Collodi", language: "Italian" },
  { name: "Pippi Longstocking", author: "Astrid Lindgren", language: "Swedish" },
  { name: "Quo Vadis", author: "Henryk Sienkiewicz", language: "Polish" },
  { name: "Red Sorghum", author: "Mo Yan", language: "Chinese" },
  { name: "Robinson Crusoe", author: "Daniel Defoe", language: "English" },
  { name: "Snow Country", author: "Yasunari Kawabata", language: "Japanese" },
  { name: "The Alchemist", author: "Paulo Coelho", language: "Portuguese" },
  { name: "The Assault", author: "Harry Mulisch", language: "Dutch" },
  { name: "The Betrothed", author: "Alessandro Manzoni", language: "Italian" },
  { name: "The Bone People", author: "Keri Hulme", language: "English" },
  { name: "The Book Thief", author: "Markus Zusak", language: "English" },
  { name: "The Decameron", author: "Giovanni Boccaccio", language: "Italian" },
  { name: "The Egyptian", author: "Mika Waltari", language: "Finnish" },
  { name: "The Green House", author: "Mario Vargas Llosa", language: "Spanish" },
  { name: "The Lusiads", author: "Luis de Camoes", language: "Portuguese" },
  { name: "The Red Room", author: "August Strindberg", language: "Swedish" },
  { name: "The Sorrow of War", author: "Bao Ninh", language: "Vietnamese" },
  { name: "The Tale of Genji", author: "Murasaki Shikibu", language: "Japanese" },
  { name: "The Tunnel", author: "Ernesto Sabato", language: "Spanish" },
  { name: "The Vegetarian", author: "Han Kang", language: "Korean" },
  { name: "Treasure Island", author: "Robert Louis Stevenson", language: "English" },
  { name: "War with the Newts", author: "Karel Capek", language: "Czech" },
];

/**
 * The authors of {@link BOOKS}.
 *
 * Left out on purpose: authors whom two countries claim (Kafka, Camus, Kundera, Isabel Allende). Typed from general
 * knowledge. To check one, read the first sentence of the author's article in an encyclopedia.
 */
export const AUTHORS: readonly AuthorFacts[] = [
  { name: "Alessandro Manzoni", home: "Italy" },
  { name: "Astrid Lindgren", home: "Sweden" },
  { name: "August Strindberg", home: "Sweden" },
  { name: "Bao Ninh", home: "Vietnam" },
  { name: "Carlo Collodi", home: "Italy" },
  { name: "Charles Dickens", home: "United Kingdom" },
  { name: "Daniel Defoe", home: "United Kingdom" },
  { name: "Emile Zola", home: "France" },
  { name: "Ernesto Sabato", home: "Argentina" },
  { name: "Giovanni Boccaccio", home: "Italy" },
  { name: "Gustave Flaubert", home: "France" },
  { name: "Halldor Laxness", home: "Iceland" },
  { name: "Han Kang", home: "South Korea" },
  { name: "Harry Mulisch", home: "Netherlands" },
  { name: "Henryk Sienkiewicz", home: "Poland" },
  { name: "Herman Melville", home: "United States" },
  { name: "Imre Kertesz", home: "Hungary" },
  { name: "Jane Austen", home: "United Kingdom" },
  { name: "John Steinbeck", home: "United States" },
  { name: "Jorge Luis Borges", home: "Argentina" },
  { name: "Jose Saramago", home: "Portugal" },
  { name: "Juan Rulfo", home: "Mexico" },
  { name: "Karel Capek", home: "Czech Republic" },
  { name: "Keri Hulme", home: "New Zealand" },
  { name: "Knut Hamsun", home: "Norway" },
  { name: "Louisa May Alcott", home: "United States" },
  { name: "Luis de Camoes", home: "Portugal" },
  { name: "Machado de Assis", home: "Brazil" },
  { name: "Mario Vargas Llosa", home: "Peru" },
  { name: "Markus Zusak", home: "Australia" },
  { name: "Mary Shelley", home: "United Kingdom" },
  { name: "Michael Ende", home: "Germany" },
  { name: "Miguel de Cervantes", home: "Spain" },
  { name: "Mika Waltari", home: "Finland" },
  { name: "Mo Yan", home: "China" },
  { name: "Multatuli", home: "Netherlands" },
  { name: "Murasaki Shikibu", home: "Japan" },
  { name: "Naguib Mahfouz", home: "Egypt" },
  { name: "Natsume Soseki", home: "Japan" },
  { name: "Pablo Neruda", home: "Chile" },
  { name: "Patrick Suskind", home: "Germany" },
  { name: "Paulo Coelho", home: "Brazil" },
  { name: "Robert Louis Stevenson", home: "United Kingdom" },
  { name: "Romulo Gallegos", home: "Venezuela" },
  { name: "Ruben Dario", home: "Nicaragua" },
  { name: "Taras Shevchenko", home: "Ukraine" },
  { name: "Thomas Mann", home: "Germany" },
  { name: "Victor Hugo", home: "France" },
  { name: "Yasunari Kawabata", home: "Japan" },
];
