import { formatHotpotQa, formatMmlu, parseHotpotQa, parseMmlu } from "@haps/benchmarks";
import { DataError } from "@haps/spec";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { choice, hop } from "./default-atlas.ts";

/** What readers of the released HotpotQA files expect. */
const released = z.object({
  _id: z.string(),
  question: z.string(),
  answer: z.string(),
  type: z.enum(["bridge", "comparison"]),
  level: z.enum(["easy", "medium", "hard"]),
  supporting_facts: z.array(z.tuple([z.string(), z.int()])).length(2),
  context: z.array(z.tuple([z.string(), z.array(z.string())])).length(10),
});

describe("formatHotpotQa", () => {
  it("writes the fields of the released files, whose sentences join without separator", () => {
    const lines = formatHotpotQa(hop.valid).trimEnd().split("\n");
    expect(lines.length).toBe(hop.valid.length);
    lines.forEach((line, index) => {
      const record = released.parse(JSON.parse(line));
      const joined = record.context.map(([title, sentences]) => `${title}\n${sentences.join("")}`);
      expect(joined).toEqual(hop.valid[index]?.question.context);
      for (const [title, sentence] of record.supporting_facts) {
        expect(record.context.find(([other]) => other === title)?.[1][sentence]).toBeTypeOf("string");
      }
    });
  });

  it("is read back by parseHotpotQa, as lines and as an array", () => {
    const text = formatHotpotQa(hop.valid);
    const wanted = hop.valid.map(({ question, paragraphs, supportingFacts, labels }) => ({
      question,
      paragraphs,
      supportingFacts,
      labels: { type: labels.type, level: labels.level },
    }));
    expect(parseHotpotQa(text)).toEqual(wanted);
    expect(parseHotpotQa(`[${text.trimEnd().split("\n").join(",")}]`)).toEqual(wanted);
  });
});

describe("parseHotpotQa", () => {
  it("names file, line and field of what it cannot read", () => {
    const [first = ""] = formatHotpotQa(hop.valid.slice(0, 1)).split("\n");
    const broken = `${first}\n${JSON.stringify({ _id: "x", question: "?", context: [] })}\n`;
    expect(() => parseHotpotQa(broken, "dev.json")).toThrowError(DataError);
    expect(() => parseHotpotQa(broken, "dev.json")).toThrowError(/dev\.json:2, field "answer"/);
    expect(() => parseHotpotQa("{", "dev.json")).toThrowError(/dev\.json:1: no JSON/);
  });

  it("takes files without supporting facts, type and level, as the test set has", () => {
    const [item] = parseHotpotQa(
      JSON.stringify({ _id: "1", question: "Q?", answer: "a", context: [["T", ["One.", " Two."]]] }),
    );
    expect(item).toEqual({
      question: { id: "1", text: "Q?", context: ["T\nOne. Two."], gold: { answer: "a" } },
      paragraphs: [{ title: "T", sentences: ["One.", "Two."] }],
      supportingFacts: [],
      labels: { type: "unknown", level: "unknown" },
    });
  });
});

describe("formatMmlu", () => {
  it("writes the original CSV: no header, question, four options, letter", () => {
    const item = { ...choice.valid[0]!, stem: 'Who said "no, never"?', choices: ["a,b", "c", "d", "e"], answer: 2 };
    const { context: _, ...question } = item.question;
    expect(formatMmlu([{ ...item, question }], { format: "csv" })).toBe('"Who said ""no, never""?","a,b",c,d,e,C\n');
  });

  it("puts the facts before the stem, and is read back by parseMmlu", () => {
    const read = parseMmlu(formatMmlu(choice.valid, { format: "jsonl" }));
    choice.valid.forEach(({ question, stem, choices, answer, labels }, index) => {
      const own = read[index];
      expect(own?.stem).toBe(`${question.context?.[0] ?? ""} ${stem}`);
      expect([own?.choices, own?.answer, own?.question.gold]).toEqual([choices, answer, question.gold]);
      expect(own?.labels).toEqual({ subject: labels.subject });
    });
  });
});

describe("parseMmlu", () => {
  it("reads the original CSV: quotes, commas, line ends within fields, with and without a last line end", () => {
    const text = '"Who said ""no,\r\nnever""?","a,b",c,d,e,C\r\n"",1,"2",,4,A';
    const [first, second] = parseMmlu(text, { format: "csv", subject: "anatomy" });
    expect([first?.stem, first?.choices, first?.answer]).toEqual([
      'Who said "no,\r\nnever"?',
      ["a,b", "c", "d", "e"],
      2,
    ]);
    expect([second?.stem, second?.choices, second?.answer]).toEqual(["", ["1", "2", "", "4"], 0]);
    expect(first?.labels).toEqual({ subject: "anatomy" });
    expect(parseMmlu(`${text}\n`, { format: "csv" })).toHaveLength(2);
    expect(parseMmlu("", { format: "csv" })).toEqual([]);
  });

  it("reads what formatMmlu writes as CSV", () => {
    const read = parseMmlu(formatMmlu(choice.valid, { format: "csv" }), { format: "csv" });
    expect(read.map(({ choices, answer }) => [choices, answer])).toEqual(
      choice.valid.map(({ choices, answer }) => [choices, answer]),
    );
  });

  it("keeps quotes within a field that does not begin with one, and skips blank lines", () => {
    const read = parseMmlu('A 5" pipe,2",b,c,d,B\n\nQ,1,2,3,4,A\r\n\r\n', { format: "csv" });
    expect(read.map(({ stem, choices }) => [stem, choices])).toEqual([
      ['A 5" pipe', ['2"', "b", "c", "d"]],
      ["Q", ["1", "2", "3", "4"]],
    ]);
  });

  it("names the record of a CSV whose quotes do not close, or close too soon", () => {
    for (const broken of ['"Q,1,2,3,4,A\n', '"Q" x,1,2,3,4,A\n', 'Q,1,2,3,"4,A']) {
      const read = () => parseMmlu(`Q,1,2,3,4,A\n${broken}`, { format: "csv", file: "test.csv" });
      expect(read).toThrowError(/test\.csv:2.*closing quote/);
    }
  });

  it("names the record of a CSV that has too few fields or another letter", () => {
    const read = (text: string) => () => parseMmlu(text, { format: "csv", file: "test.csv" });
    expect(read("Q,1,2,3,4,A\nQ,1,2,3,A\n")).toThrowError(/test\.csv:2, field "choices"/);
    expect(read("Q,1,2,3,4,E\n")).toThrowError(/test\.csv:1, field "answer"/);
  });

  it("takes the answer as a letter too, and gives the published prompt", () => {
    const [item] = parseMmlu(JSON.stringify([{ question: "1 + 1 = ?", choices: ["1", "2", "3", "4"], answer: "B" }]));
    expect(item?.question.text).toBe("1 + 1 = ?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer:");
    expect([item?.answer, item?.question.gold.answer]).toEqual([1, "B"]);
  });

  it("refuses other numbers of options and answers", () => {
    const record = { question: "?", choices: ["1", "2", "3"], answer: 0 };
    expect(() => parseMmlu(JSON.stringify(record), { file: "mmlu.jsonl" })).toThrowError(
      /mmlu\.jsonl:1, field "choices"/,
    );
    expect(() => parseMmlu(JSON.stringify({ ...record, choices: ["1", "2", "3", "4"], answer: 4 }))).toThrowError(
      DataError,
    );
  });
});
