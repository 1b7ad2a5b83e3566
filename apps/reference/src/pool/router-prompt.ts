/** A routing prompt around the question. */
export interface RouterPrompt {
  readonly before: string;
  readonly after: string;
}

const CANDIDATES = " Candidates: 0 small, 1 large. Assignment: ";

/**
 * Routing prompts p for language models of a few words: role definitions, task, question, candidates, in the words of the pool.
 *
 * Their texts are part of a trained policy.
 */
export const ROUTER_PROMPTS = {
  hop: {
    before: "Router Roles: teacher advises, student searches and answers. Task: two hops. Question: ",
    after: CANDIDATES,
  },
  choice: { before: "Router Roles: answerer answers. Task: choice. Question: ", after: CANDIDATES },
} as const satisfies Readonly<Record<string, RouterPrompt>>;
