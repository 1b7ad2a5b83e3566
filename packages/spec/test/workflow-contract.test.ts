import { type Episode, HapsError, type Paragraph, type Retriever, type Step, type Workflow } from "@haps/spec";
import {
  describeRetrieverContract,
  describeWorkflowContract,
  type RetrieverContractOptions,
  type WorkflowContractOptions,
} from "@haps/spec/testing";
import { describe, expect, it } from "vitest";

const questions = [
  { id: "a", text: "first?", context: ["one", "two", "three"] },
  { id: "b", text: "second?", context: ["four", "five"] },
];
const answer: WorkflowContractOptions["answer"] = ({ kind }) =>
  kind === "call" ? { kind: "text", text: "yes" } : { kind: "paragraphs", paragraphs: [] };

const call = (role: string, text: string) => ({ kind: "call", role, purpose: "answer", prompt: { text } }) as const;

/** Searches and asks, then asks again, then ends. */
function startToy({ text }: { readonly text: string }): Episode {
  const asks: readonly Step[] = [
    { kind: "ask", effects: [{ kind: "retrieval", query: text }, call("answerer", text)] },
    { kind: "ask", effects: [call("answerer", "sure?")] },
  ];
  const wanted = [[], ["paragraphs", "text"], ["text"]];
  let place = 0;
  return {
    next(replies) {
      const kinds = replies.map(({ kind }) => kind).join();
      if (kinds !== wanted[place]?.join()) throw new HapsError("state", "toy: other replies, or after the end");
      place += 1;
      const last = replies.at(-1);
      const said = last?.kind === "text" ? last.text : "";
      return (
        asks[place - 1] ?? {
          kind: "done",
          answer: said === "" ? null : said,
          reason: said === "" ? "unparsable" : "answered",
        }
      );
    },
  };
}

const toy: Workflow = {
  task: { id: "toy", description: "Ask twice.", roles: [{ id: "answerer", description: "Answers." }] },
  hash: "0".repeat(64),
  start: startToy,
};

const stepping = (change: (step: Step, episode: number) => Step): Workflow => {
  let episodes = 0;
  return {
    ...toy,
    start(question) {
      const inner = toy.start(question);
      const own = episodes++;
      return { next: (replies) => change(inner.next(replies), own) };
    },
  };
};

let made = 0;
const brokenWorkflows: Readonly<Record<string, () => Workflow>> = {
  "has a task with roles, and a hash that is the same when it is made again": () => ({ ...toy, hash: `${made++}` }),
  "asks roles of its task only, and ends with an answer or without one": () =>
    stepping((step) =>
      step.kind === "done"
        ? step
        : {
            kind: "ask",
            effects: step.effects.map((effect) => (effect.kind === "call" ? { ...effect, role: "stranger" } : effect)),
          },
    ),
  "asks the same again when it is told the same": () =>
    stepping((step, episode) => (step.kind === "done" ? { ...step, answer: `${episode}` } : step)),
  "keeps episodes apart": () => {
    let shared: Episode;
    return {
      ...toy,
      start(question) {
        shared = toy.start(question);
        return { next: (replies) => shared.next(replies) };
      },
    };
  },
  "ends whatever it is told, also nothing": () => ({
    ...toy,
    start: () => ({
      next: (replies) => {
        const [reply] = replies;
        const isDone = reply?.kind === "text" && reply.text !== "";
        return isDone
          ? { kind: "done", answer: reply.text, reason: "answered" }
          : { kind: "ask", effects: [call("answerer", "?")] };
      },
    }),
  }),
  "refuses replies that do not fit the step before, and any after the end, with code state": () => ({
    ...toy,
    start: () => {
      let calls = 0;
      const end: Step = { kind: "done", answer: "yes", reason: "answered" };
      return { next: () => (calls++ === 0 ? { kind: "ask", effects: [call("answerer", "?")] } : end) };
    },
  }),
  "leaves questions and replies untouched": () => ({
    ...toy,
    start: (question) => {
      Object.assign(question, { seen: true });
      return toy.start(question);
    },
  }),
};

const last: Retriever = {
  id: "last letter",
  async retrieve({ context = [] }, query) {
    await Promise.resolve();
    if (context.length === 0) throw new HapsError("data", "last letter: no documents");
    const found = context.map((text, index): Paragraph => ({ index, text }));
    const score = ({ text }: Paragraph): number => (text.at(-1) === query.at(-1) ? 1 : 0);
    return found.sort((a, b) => score(b) - score(a)).slice(0, 2);
  },
};
const finding = (change: (found: readonly Paragraph[], count: number) => readonly Paragraph[]) => (): Retriever => {
  let count = 0;
  return {
    ...last,
    retrieve: async (...given) => {
      count += 1;
      return change(await last.retrieve(...given), count);
    },
  };
};

const brokenRetrievers: Readonly<Record<string, () => Retriever>> = {
  "has an id, the same when it is made again": () => ({ ...last, id: `${made++}` }),
  "finds paragraphs of the question's own documents, none twice": finding((found) => [...found, ...found]),
  "finds the same for the same question and query, whatever was searched before": finding((found, count) =>
    found.slice(0, count),
  ),
  "gives ties to the earlier document": finding((found) => [...found].reverse()),
  "refuses a question without documents with code data": () => ({
    ...last,
    retrieve: (question, query) => (question.context === undefined ? [] : last.retrieve(question, query)),
  }),
  "leaves questions untouched": () => ({
    ...last,
    retrieve: (question, query) => {
      Object.assign(question, { seen: true });
      return last.retrieve(question, query);
    },
  }),
};

type Declare = (runner: Parameters<typeof describeWorkflowContract>[0]) => void;

/** Runs a suite outside of vitest: the names of the promises, and why those that were broken failed. */
async function failuresOf(declare: Declare): Promise<{ names: string[]; failures: Map<string, string> }> {
  const cases: { name: string; body: () => Promise<void> }[] = [];
  declare({
    describe: (_: string, body: () => void) => body(),
    it: (name: string, body: () => Promise<void>) => cases.push({ name, body }),
  });
  const failures = new Map<string, string>();
  for (const { name, body } of cases) await body().catch((error: Error) => failures.set(name, error.message));
  return { names: cases.map(({ name }) => name), failures };
}

const ofWorkflow =
  (create: () => Workflow): Declare =>
  (runner) =>
    describeWorkflowContract(runner, "any", { create, questions: structuredClone(questions), answer, limit: 9 });
const queries: RetrieverContractOptions["queries"] = ["so", "where"];
const ofRetriever =
  (create: () => Retriever): Declare =>
  (runner) =>
    describeRetrieverContract(runner, "any", { create, questions: structuredClone(questions), queries });

ofWorkflow(() => toy)({ describe, it });
ofRetriever(() => last)({ describe, it });

describe("suites of workflows and retrievers", () => {
  it("have a broken one for every promise", async () => {
    const workflows = await failuresOf(ofWorkflow(() => toy));
    expect(workflows.failures).toEqual(new Map());
    expect(Object.keys(brokenWorkflows).sort()).toEqual([...workflows.names].sort());
    const retrievers = await failuresOf(ofRetriever(() => last));
    expect(retrievers.failures).toEqual(new Map());
    expect(Object.keys(brokenRetrievers).sort()).toEqual([...retrievers.names].sort());
  });

  it.each(Object.entries(brokenWorkflows))("fail a workflow that breaks: %s", async (promise, create) => {
    const { failures } = await failuresOf(ofWorkflow(create));
    expect([...failures.keys()]).toContain(promise);
    expect(failures.get(promise)).toMatch(/^workflow contract: |^toy: |^Cannot (assign|add)/);
  });

  it.each(Object.entries(brokenRetrievers))("fail a retriever that breaks: %s", async (promise, create) => {
    const { failures } = await failuresOf(ofRetriever(create));
    expect([...failures.keys()]).toContain(promise);
    expect(failures.get(promise)).toMatch(/^retriever contract: |^Cannot (assign|add)/);
  });

  it("fail an episode that asks for nothing", async () => {
    const { failures } = await failuresOf(ofWorkflow(() => stepping(() => ({ kind: "ask", effects: [] }))));
    expect([...failures.values()]).toContain(
      "workflow contract: a step asks for nothing; expected effects, or the end",
    );
  });
});
