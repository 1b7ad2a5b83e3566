import type { AtlasHopItem } from "@haps/benchmarks";
import { describe, expect, it } from "vitest";
import { hop } from "./default-atlas.ts";
import { readParagraphs } from "./read-paragraphs.ts";
import { solveHop } from "./solve-hop.ts";

const all: readonly AtlasHopItem[] = [...hop.train, ...hop.valid, ...hop.test, ...hop.pretrain];

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Texts of questions that `isWrong` finds, at most three. */
const wrong = (isWrong: (item: AtlasHopItem) => boolean): readonly string[] =>
  all
    .filter(isWrong)
    .slice(0, 3)
    .map(({ question, labels }) => `${labels.class}: ${question.text}`);

describe("answers of atlas-hop", () => {
  it("follow from the supporting facts alone", () => {
    expect(
      wrong(({ question, paragraphs, supportingFacts }) => {
        const facts = readParagraphs(paragraphs).filter(({ title, sentence }) =>
          supportingFacts.some((one) => one.title === title && one.sentence === sentence),
        );
        const answers = solveHop(question.text, facts);
        return facts.length !== 2 || answers.length !== 1 || !same(answers[0] ?? "", question.gold.answer);
      }),
    ).toEqual([]);
  });

  it("are the only ones that the ten paragraphs allow", () => {
    expect(
      wrong(({ question, paragraphs }) => {
        const answers = solveHop(question.text, readParagraphs(paragraphs));
        return answers.length !== 1 || !same(answers[0] ?? "", question.gold.answer);
      }),
    ).toEqual([]);
  });

  it("do not follow without either of the two paragraphs, but for what is left when one of two is ruled out", () => {
    expect(
      wrong(({ question, paragraphs, supportingFacts }) =>
        supportingFacts.some(({ title }) => {
          const rest = paragraphs.filter((one) => one.title !== title);
          return solveHop(question.text, readParagraphs(rest)).some((answer) => same(answer, question.gold.answer));
        }),
      ),
    ).toEqual([]);
  });

  it("cannot be found by looking for the subject in the second paragraph", () => {
    expect(
      wrong(({ paragraphs, hops, labels }) => {
        const second = paragraphs.find(({ title }) => title === hops[1]?.title);
        return (
          labels.type === "bridge" &&
          new RegExp(`\\b${hops[0]?.title ?? "_"}\\b`, "i").test(second?.sentences.join(" ") ?? "")
        );
      }),
    ).toEqual([]);
  });

  it("name neither their bridge nor their answer in the question", () => {
    expect(
      wrong(({ question, hops, labels }) => {
        const named = hops.filter(({ value }) => new RegExp(`\\b${value}\\b`, "i").test(question.text));
        return labels.type === "bridge" && named.length > 0;
      }),
    ).toEqual([]);
  });

  it("come with ten different paragraphs, each relation of an entity stated once", () => {
    expect(
      wrong(({ paragraphs }) => {
        const facts = readParagraphs(paragraphs).map(({ title, relation }) => `${title}|${relation}`);
        return new Set(paragraphs.map(({ title }) => title)).size !== 10 || new Set(facts).size !== facts.length;
      }),
    ).toEqual([]);
  });

  it("are what the hops say", () => {
    expect(
      wrong(({ question, hops, labels, paragraphs }) => {
        const facts = readParagraphs(paragraphs);
        const [first, second] = hops;
        const isStated = hops.every(({ title, value }) =>
          facts.some((fact) => fact.title === title && fact.value === value),
        );
        if (!isStated || first === undefined || second === undefined) return true;
        return labels.type === "bridge" && (first.value !== second.title || second.value !== question.gold.answer);
      }),
    ).toEqual([]);
  });

  it("have distractors of the types of both gold paragraphs that share words with them", () => {
    const shared = all.map(({ paragraphs, supportingFacts }) => {
      const gold = new Set(supportingFacts.map(({ title }) => title));
      const values = new Set(
        readParagraphs(paragraphs)
          .filter(({ title }) => gold.has(title))
          .map(({ value }) => value),
      );
      const others = readParagraphs(paragraphs).filter(({ title, value }) => !gold.has(title) && values.has(value));
      return new Set(others.map(({ title }) => title)).size;
    });
    expect(shared.reduce((sum, count) => sum + count, 0) / all.length).toBeGreaterThan(1.5);
  });
});
