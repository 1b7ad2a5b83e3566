import { createHash } from "node:crypto";
import type { Arm, OutcomeTable, Pool, TableRow } from "@haps/spec";
import { createRng, type Rng } from "@haps/tensor";

const CONSONANTS = "bcdfghklmnprstvw";
const VOWELS = "aeiou";
const PROMPTS = ["plain", "short", "steps", "both"] as const;

/** Words of the invented language of the questions. */
const WORDS = 4000;

/** Two candidates of four prompts each, as in the data that the project's experiments use. */
const POOL: Pool = {
  candidates: ["small", "large"].map((id) => ({
    id,
    weights: "closed",
    parameters: { settings: { prompt: { kind: "categorical", values: PROMPTS } } },
  })),
};

/** A text of invented words, common ones far more often than rare ones. */
export function makeText(rng: Rng, characters: number): string {
  const words: string[] = [];
  let length = 0;
  while (length < characters) {
    const word = makeWord(Math.floor(WORDS * rng.uniform() ** 3));
    words.push(word);
    length += word.length + 1;
  }
  return words.join(" ").slice(0, characters);
}

/** The word of a rank: two to four syllables that spell its number. */
function makeWord(rank: number): string {
  let rest = rank * 7919 + 1;
  let word = "";
  for (let syllable = 0; syllable < 2 + (rank % 3); syllable += 1) {
    word += `${CONSONANTS[rest % CONSONANTS.length]}${VOWELS[Math.floor(rest / 16) % VOWELS.length]}`;
    rest = Math.floor(rest / 7) + rank;
  }
  return word;
}

/** Simulated outcomes of two candidates times four prompts, one question per row; chance decides who is right. */
export function makeSimulatedTable(rows: number, characters: number, seed: number): OutcomeTable {
  const rng = createRng(seed).fork("simulated-table");
  const arms: Arm[] = POOL.candidates.flatMap(({ id }) =>
    PROMPTS.map((prompt) => ({ answerer: { candidate: id, settings: { prompt } } })),
  );
  const cells = rows * arms.length;
  return {
    id: "simulated",
    task: { id: "answer", description: "Answer the question.", roles: [{ id: "answerer", description: "Answers." }] },
    pool: POOL,
    rows: Array.from({ length: rows }, (_, row): TableRow => {
      const text = makeText(rng, characters);
      return { question: { id: `q${row}`, text }, group: createHash("sha256").update(text).digest("hex"), labels: {} };
    }),
    arms,
    score: Float64Array.from({ length: cells }, () => rng.integer(2)),
    cost: Float64Array.from({ length: cells }, (_, cell) => 1 + (cell % arms.length)),
    costUnit: "tokens",
    samples: new Float64Array(cells).fill(1),
    hash: "simulated",
    warnings: ["simulated outcomes"],
  };
}
