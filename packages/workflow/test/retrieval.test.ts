import { HapsError, type Paragraph, type Question, type Retriever, ShapeError } from "@haps/spec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createBm25Retriever, createEmbeddingRetriever, questionParagraphs } from "../src/index.ts";

const documents = [
  "Ada Lovelace\nShe wrote the first program for the engine.",
  "Oslo\nOslo is the capital of Norway. Oslo lies at a fjord.",
  "North_Sea\nA sea between Norway and Britain.",
  "a text without a title, about programs",
];
const question: Question = { id: "q", text: "?", context: documents };

async function found(retriever: Retriever, query: string, of: Question = question): Promise<readonly Paragraph[]> {
  return retriever.retrieve(of, query);
}

async function indexOf(retriever: Retriever, query: string, of: Question = question): Promise<number | undefined> {
  return (await found(retriever, query, of))[0]?.index;
}

describe("paragraphs of a question", () => {
  test("have the first line as title, where there is more than one line", () => {
    expect(questionParagraphs(question)[2]).toEqual({
      index: 2,
      title: "North_Sea",
      text: "A sea between Norway and Britain.",
    });
    expect(questionParagraphs(question)[3]).toEqual({ index: 3, text: "a text without a title, about programs" });
    expect(questionParagraphs(question, { titles: "drop" })[1]).toEqual({ index: 1, text: documents[1]?.slice(5) });
    expect(questionParagraphs({ id: "q", text: "?", context: ["T\na\nb"] })[0]?.text).toBe("a\nb");
    expect(questionParagraphs({ id: "q", text: "?" })).toEqual([]);
  });
});

describe("bm25 retriever", () => {
  test("finds an exact title first, whatever the case, blanks and underscores", async () => {
    const retriever = createBm25Retriever();
    expect(await indexOf(retriever, "  north   sea ")).toBe(2);
    expect(await indexOf(retriever, "OSLO")).toBe(1);
    const mentioned = { ...question, context: ["A\nOslo Oslo Oslo Oslo", "Oslo\na city"] };
    expect(await indexOf(retriever, "Oslo", mentioned)).toBe(1);
    expect(await indexOf(createBm25Retriever({ exactTitle: false, titleBoost: 0.01 }), "Oslo", mentioned)).toBe(0);
  });

  test("ranks by rare words: the words of a query that few paragraphs have decide", async () => {
    const retriever = createBm25Retriever();
    expect(await indexOf(retriever, "capital of Norway")).toBe(1);
    expect(await indexOf(retriever, "first engine")).toBe(0);
    expect(await indexOf(retriever, "Britain")).toBe(2);
  });

  test("takes the first of equal paragraphs, and the first of all where nothing matches", async () => {
    const retriever = createBm25Retriever();
    const same = { ...question, context: ["a x", "b y", "b y", "c z"] };
    expect(await indexOf(retriever, "y b", same)).toBe(1);
    expect(await indexOf(retriever, "unheard", same)).toBe(0);
    expect(await indexOf(retriever, "", same)).toBe(0);
  });

  test("ranks by BM25+ over distinct words, times how many words of the query a paragraph has", async () => {
    const word = fc.constantFrom("fox", "dog", "cat", "owl", "hen");
    const text = fc.array(word, { minLength: 1, maxLength: 9 });
    const given = fc.record({
      texts: fc.array(text, { minLength: 1, maxLength: 6 }),
      query: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
      k: fc.constantFrom(0, 0.5, 1.2, 3),
      b: fc.constantFrom(0, 0.7, 1),
      d: fc.constantFrom(0, 0.5),
    });
    const property = fc.asyncProperty(given, async ({ texts, query, k, b, d }) => {
      const lengths = texts.map((words) => new Set(words).size);
      const mean = lengths.reduce((sum, length) => sum + length, 0) / texts.length;
      const scores = texts.map((words, place) => {
        const parts = query.map((one) => {
          const count = words.filter((other) => other === one).length;
          const having = texts.filter((others) => others.includes(one)).length;
          const idf = Math.log(1 + (texts.length - having + 0.5) / (having + 0.5));
          const norm = k * (1 - b + (b * lengths[place]!) / mean);
          return count === 0 ? 0 : idf * (d + (count * (k + 1)) / (count + norm));
        });
        return parts.reduce((sum, part) => sum + part, 0) * parts.filter((part) => part > 0).length;
      });
      const asked = { ...question, context: texts.map((words) => words.join(" ")) };
      const first = await indexOf(createBm25Retriever({ k, b, d }), query.join(" "), asked);
      // Rounding may order what the formula holds equal; then the score decides, not the place.
      expect(scores[first!]).toBeCloseTo(Math.max(...scores), 9);
    });
    await fc.assert(property, { seed: 43, numRuns: 200 });
  });

  test("gives as many paragraphs as asked for, the best first", async () => {
    const three = await found(createBm25Retriever({ limit: 3 }), "Oslo programs Norway");
    expect(three.map(({ index }) => index).slice(0, 1)).toEqual([1]);
    expect(three.length).toBe(3);
    expect((await found(createBm25Retriever({ limit: 3 }), "Oslo")).map(({ index }) => index)).toEqual([1]);
  });

  test("with titles dropped neither searches nor shows them", async () => {
    const retriever = createBm25Retriever({ titles: "drop" });
    expect(await found(retriever, "Lovelace")).toEqual([
      { index: 0, text: "She wrote the first program for the engine." },
    ]);
    const titled = { ...question, context: ["A\nx", "Lovelace\ny"] };
    expect(await indexOf(retriever, "Lovelace", titled)).toBe(0);
    expect(await indexOf(createBm25Retriever(), "Lovelace", titled)).toBe(1);
  });

  test("refuses a question without documents, and options out of range", async () => {
    await expect(found(createBm25Retriever(), "x", { id: "q", text: "?" })).rejects.toMatchObject({ code: "data" });
    expect(() => createBm25Retriever({ b: 2, k: -1, d: Number.NaN, titleBoost: 0 })).toThrow(
      /k: -1 is not a number from 0; b: 2 .*; d: NaN .*; titleBoost: 0/,
    );
    expect(() => createBm25Retriever({ limit: 0 })).toThrow("limit: 0 is not a whole number from 1");
  });
});

describe("embedding retriever", () => {
  const words = ["program", "capital", "sea", "fjord"];
  const counts = (text: string): readonly number[] => words.map((word) => text.split(word).length - 1);

  test("finds the paragraph with the highest cosine, not the largest product", async () => {
    const vectors: Readonly<Record<string, readonly number[]>> = { long: [10, 10], near: [1, 0.1], query: [2, 0] };
    const retriever = createEmbeddingRetriever({ embed: (texts) => texts.map((text) => vectors[text] ?? []) });
    expect(await indexOf(retriever, "query", { ...question, context: ["long", "near"] })).toBe(1);
  });

  test("encodes the paragraphs of a question once, though searches begin together", async () => {
    const asked: (readonly string[])[] = [];
    const retriever = createEmbeddingRetriever({
      embed: async (texts) => {
        asked.push(texts);
        return texts.map(counts);
      },
    });
    const all = await Promise.all(["capital", "sea", "program"].map((query) => indexOf(retriever, query)));
    expect(all).toEqual([1, 2, 0]);
    expect(asked.filter((texts) => texts.length === documents.length)).toEqual([documents]);
    expect(asked.length).toBe(4);
  });

  test("encodes again after encoding failed", async () => {
    let failures = 1;
    const retriever = createEmbeddingRetriever({
      embed: (texts) => {
        if (failures-- > 0) throw new Error("down");
        return texts.map(counts);
      },
    });
    await expect(found(retriever, "sea")).rejects.toThrow("down");
    expect(await indexOf(retriever, "sea")).toBe(2);
  });

  test("takes the first of equal paragraphs; a vector of zeros is like nothing", async () => {
    const retriever = createEmbeddingRetriever({ embed: (texts) => texts.map(counts) });
    expect(await indexOf(retriever, "nothing of it")).toBe(0);
    expect(await indexOf(retriever, "sea", { ...question, context: ["hills", "sea", "sea"] })).toBe(1);
  });

  test("hands over texts without titles where they are dropped", async () => {
    const asked: (readonly string[])[] = [];
    const retriever = createEmbeddingRetriever({
      titles: "drop",
      embed: (texts) => {
        asked.push(texts);
        return texts.map(counts);
      },
    });
    expect((await found(retriever, "Oslo"))[0]).not.toHaveProperty("title");
    expect(asked[0]?.[2]).toBe("A sea between Norway and Britain.");
  });

  test("stops waiting for paragraphs when its signal fires, while other searches get them", async () => {
    let answer = (): void => undefined;
    const retriever = createEmbeddingRetriever({
      embed: async (texts) => {
        if (texts.length > 1) await new Promise<void>((resolve) => (answer = resolve));
        return texts.map(counts);
      },
    });
    const controller = new AbortController();
    const stopped = retriever.retrieve(question, "sea", { signal: controller.signal });
    const other = indexOf(retriever, "sea");
    controller.abort(new Error("enough"));
    await expect(stopped).rejects.toThrow("enough");
    await expect(retriever.retrieve(question, "sea", { signal: controller.signal })).rejects.toThrow("enough");
    answer();
    expect(await other).toBe(2);
  });

  test("passes the signal on to the query, and refuses vectors that do not fit", async () => {
    const { signal } = new AbortController();
    const signals: (AbortSignal | undefined)[] = [];
    const retriever = createEmbeddingRetriever({
      embed: (texts, options) => {
        signals.push(options?.signal);
        return texts.map(counts);
      },
    });
    await retriever.retrieve(question, "sea", { signal });
    expect(signals).toEqual([undefined, signal]);
    const few = createEmbeddingRetriever({ embed: () => [[1]] });
    await expect(found(few, "sea")).rejects.toBeInstanceOf(ShapeError);
    const uneven = createEmbeddingRetriever({ embed: (texts) => texts.map((text) => (text === "sea" ? [1] : [1, 2])) });
    await expect(found(uneven, "sea")).rejects.toBeInstanceOf(ShapeError);
    const broken = createEmbeddingRetriever({ embed: (texts) => texts.map(() => [Number.NaN]) });
    await expect(found(broken, "sea")).rejects.toMatchObject({ code: "non-finite" });
    await expect(found(broken, "sea", { id: "q", text: "?" })).rejects.toBeInstanceOf(HapsError);
  });
});
