import type { Question } from "../task.ts";
import type { Paragraph, Retriever } from "../workflow.ts";
import * as check from "./contract-check.ts";
import type { TestRunner } from "./describe-router-contract.ts";

/** What {@link describeRetrieverContract} checks. */
export interface RetrieverContractOptions {
  /** A fresh retriever; one made again is equal. */
  readonly create: () => Retriever | Promise<Retriever>;
  /** At least two, with different documents. */
  readonly questions: readonly Question[];
  /** At least two, for every question. */
  readonly queries: readonly string[];
}

interface RetrieverPromise {
  readonly name: string;
  check(subject: RetrieverContractOptions, retriever: Retriever): Promise<void>;
}

/**
 * Declares one test per promise of `Retriever`; the runner is passed in.
 *
 * Paragraphs of the question's own documents, none twice, the same for the same query whatever was searched before, ties to the earlier
 * document, a refusal of questions without documents, questions left untouched.
 *
 * @param name - Heads the suite.
 *
 * @example
 * ```ts
 * const first: Retriever = {
 *   id: "first",
 *   async retrieve(question) {
 *     const [text] = question.context ?? [];
 *     if (text === undefined) throw new HapsError("data", "first: the question has no documents");
 *     return [{ index: 0, text }];
 *   },
 * };
 * const questions = ["a", "b"].map((text) => ({ id: text, text, context: [`${text} first`, `${text} second`] }));
 * const results: Promise<void>[] = [];
 * // With Vitest, Jest or node:test: pass their { describe, it } instead.
 * const runner = { describe: (_: string, body: () => void) => body(), it: (_: string, body: () => Promise<void>) => results.push(body()) };
 * describeRetrieverContract(runner, "first", { create: () => first, questions, queries: ["a", "second"] });
 * await Promise.all(results);
 * ```
 */
export function describeRetrieverContract(runner: TestRunner, name: string, options: RetrieverContractOptions): void {
  runner.describe(`retriever contract: ${name}`, () => {
    for (const promise of retrieverPromises) {
      runner.it(promise.name, async () => {
        await promise.check(options, await options.create());
      });
    }
  });
}

const retrieverPromises: readonly RetrieverPromise[] = [
  {
    name: "has an id, the same when it is made again",
    check: async ({ create }, { id }) => {
      ensure(id !== "", "its id is empty");
      ensure((await create()).id === id, "it has another id when it is made again");
    },
  },
  {
    name: "finds paragraphs of the question's own documents, none twice",
    check: async (subject, retriever) => {
      for (const { question, found } of await searchAll(subject, retriever)) {
        const places = found.map(({ index }) => index);
        ensure(new Set(places).size === places.length, `document ${places.join(", ")} is found twice`);
        for (const { index, text } of found) {
          const document = question.context?.[index];
          ensure(document?.endsWith(text) === true, `what is found is not document ${index} of its question`);
        }
      }
    },
  },
  {
    name: "finds the same for the same question and query, whatever was searched before",
    check: async (subject, retriever) => {
      const first = await searchAll(subject, retriever);
      ensure(check.same(await searchAll(subject, retriever), first), "a search finds something else the second time");
      for (const { question, query, found } of [...first].reverse()) {
        const fresh = await subject.create();
        // Another object with the same content is the same question.
        const alone = await fresh.retrieve(structuredClone(question), query);
        ensure(check.same(alone, found), `${JSON.stringify(query)} finds something else alone`);
      }
    },
  },
  {
    name: "gives ties to the earlier document",
    check: async ({ questions, queries }, retriever) => {
      const [{ context = [], ...rest }] = questions as readonly [Question];
      const [document = ""] = context;
      const twins = { ...rest, context: [document, document] };
      for (const query of queries) {
        const [best] = await retriever.retrieve(twins, query);
        ensure(best === undefined || best.index === 0, `of two equal documents it finds number ${best?.index}`);
      }
    },
  },
  {
    name: "refuses a question without documents with code data",
    check: async ({ questions, queries }, retriever) => {
      const [{ context: _, ...bare }] = questions as readonly [Question];
      for (const question of [bare, { ...bare, context: [] }]) {
        const search = async (): Promise<unknown> => retriever.retrieve(question, queries[0] as string);
        await check.ensureRejects(search, "data", "a question without documents", "retriever");
      }
    },
  },
  {
    name: "leaves questions untouched",
    check: async ({ questions, queries }, retriever) => {
      for (const question of questions) {
        const frozen = check.deepFreeze(structuredClone(question));
        for (const query of queries) await retriever.retrieve(frozen, query);
      }
    },
  },
];

function ensure(condition: boolean, message: string): asserts condition {
  check.ensure(condition, message, "retriever");
}

interface Search {
  readonly question: Question;
  readonly query: string;
  readonly found: readonly Paragraph[];
}

async function searchAll({ questions, queries }: RetrieverContractOptions, retriever: Retriever): Promise<Search[]> {
  const searches: Search[] = [];
  for (const question of questions) {
    for (const query of queries) {
      searches.push({ question, query, found: await retriever.retrieve(question, query) });
    }
  }
  return searches;
}
