import { derivePool, OutcomeTableBuilder } from "@haps/datasets";
import { type Arm, DataError, HapsError, singleRoleArm } from "@haps/spec";
import { describe, expect, it } from "vitest";

function started(): OutcomeTableBuilder {
  const builder = new OutcomeTableBuilder({ id: "mine" });
  builder.addRow({ id: "q1", text: "a", split: "train", labels: { task: "t" } });
  return builder;
}

describe("OutcomeTableBuilder", () => {
  it("keeps rows and arms in the order in which they came and takes absent cells as not run", () => {
    const builder = started();
    builder.addRow({ id: "q2", text: "A " });
    builder.addOutcome({ questionId: "q2", arm: singleRoleArm("z"), score: 0.25, cost: 2 });
    builder.addOutcome({ questionId: "q1", arm: singleRoleArm("a"), score: 1 });
    const table = builder.build(["beware"]);
    expect(table.rows.map(({ question }) => question.id)).toEqual(["q1", "q2"]);
    expect(table.rows[0]?.group).toBe(table.rows[1]?.group);
    expect(table.pool.candidates.map(({ id }) => id)).toEqual(["z", "a"]);
    expect([...table.score]).toEqual([Number.NaN, 1, 0.25, Number.NaN]);
    expect([...(table.cost ?? [])]).toEqual([Number.NaN, Number.NaN, 2, Number.NaN]);
    expect([...table.samples]).toEqual([0, 1, 1, 0]);
    expect(table.costUnit).toBe("unknown");
    expect(table.warnings).toEqual(["beware", "cost: recorded for 1 of 2 cells; the others have no cost"]);
  });

  it("averages outcomes of a cell with their samples as weights", () => {
    const builder = started();
    const arm = singleRoleArm("m");
    builder.addOutcome({ questionId: "q1", arm, score: 1, samples: 3, cost: 4, halves: [1, 1] });
    builder.addOutcome({ questionId: "q1", arm, score: 0.2, samples: 1, halves: [0, 0.4] });
    const table = builder.build();
    expect(table.score[0]).toBeCloseTo((3 * 1 + 0.2) / 4, 15);
    expect(table.cost?.[0]).toBe(4);
    expect(table.halves?.first[0]).toBeCloseTo(3 / 4, 15);
    expect(table.halves?.second[0]).toBeCloseTo((3 + 0.4) / 4, 15);
  });

  it("leaves halves out unless every cell that ran has them", () => {
    const builder = started();
    builder.addOutcome({ questionId: "q1", arm: singleRoleArm("m"), score: 1, halves: [1, 1] });
    builder.addOutcome({ questionId: "q1", arm: singleRoleArm("n"), score: 1 });
    const table = builder.build();
    expect(table.halves).toBeUndefined();
    expect(table.warnings).toEqual(["halves: recorded for 1 of 2 cells; left out"]);
  });

  it("takes the same question again, or a part of it, but no other content", () => {
    const builder = started();
    builder.addRow({ id: "q1", text: "a" });
    builder.addRow({ id: "q1", text: "a", split: "train", labels: { task: "t" } });
    expect(() => builder.addRow({ id: "q1", text: "a", split: "test" })).toThrow(
      /field "split": .*use one id per question/,
    );
    expect(() => builder.addRow({ id: "q1", text: "a", labels: { task: "u" } })).toThrow(/field "labels.task"/);
  });

  const location = { file: "log.csv", line: 7 };
  const outcome = { questionId: "q1", arm: singleRoleArm("m"), score: 1, location };
  const refused: readonly (readonly [name: string, add: (builder: OutcomeTableBuilder) => void, message: RegExp])[] = [
    [
      "a blank text",
      (b) => b.addRow({ id: "x", text: " " }, location),
      /log.csv:7, field "text": the question has no text/,
    ],
    ["an empty id", (b) => b.addRow({ id: "", text: "a" }, location), /log.csv:7, field "id": the field is empty/],
    ["an empty split", (b) => b.addRow({ id: "x", text: "a", split: "" }, location), /field "split"/],
    [
      "an unknown question",
      (b) => b.addOutcome({ ...outcome, questionId: "q9" }),
      /log.csv:7: no question has the id "q9"/,
    ],
    [
      "a score above 1",
      (b) => b.addOutcome({ ...outcome, score: 1.1 }),
      /log.csv:7, field "score": 1.1 is out of range; expected a number from 0 to 1/,
    ],
    ["a score that is no number", (b) => b.addOutcome({ ...outcome, score: Number.NaN }), /field "score"/],
    [
      "a negative cost",
      (b) => b.addOutcome({ ...outcome, cost: -1 }),
      /field "cost": -1 is out of range; expected a number of at least 0/,
    ],
    [
      "half a sample",
      (b) => b.addOutcome({ ...outcome, samples: 0.5 }),
      /field "samples": 0.5 is out of range; expected a whole number/,
    ],
    ["a half outside 0 to 1", (b) => b.addOutcome({ ...outcome, halves: [0, 2] }), /field "halves"/],
    [
      "a propensity of 0",
      (b) => b.addOutcome({ ...outcome, propensity: 0 }),
      /field "propensity": the arm "m" was logged with chance 0/,
    ],
    [
      "a candidate without name",
      (b) => b.addArm(singleRoleArm(""), location),
      /field "candidate": the candidate has no name/,
    ],
    [
      "an infinite setting",
      (b) => b.addArm(singleRoleArm("m", { temperature: Number.POSITIVE_INFINITY }), location),
      /field "settings"/,
    ],
    [
      "an empty setting",
      (b) => b.addArm(singleRoleArm("m", { prompt: "" }), location),
      /expected a name with a text or a finite number/,
    ],
  ];
  it.each(refused)("refuses %s", (_name, add, message) => {
    const builder = started();
    expect(() => add(builder)).toThrow(message);
    expect(() => add(builder)).toThrow(DataError);
  });

  it("refuses other roles and other kinds of settings than before", () => {
    const builder = started();
    builder.addArm(singleRoleArm("m", { temperature: 0 }));
    const judge: Arm = { judge: { candidate: "m", settings: { temperature: 0 } } };
    expect(() => builder.addArm(judge)).toThrow(/the arm has the roles \["judge"\]; expected \["answerer"\]/);
    expect(() => builder.addArm(singleRoleArm("m", { temperature: "0" }))).toThrow(/the same settings/);
    expect(() => builder.addArm(singleRoleArm("m"))).toThrow(/the same settings/);
  });

  it("builds once, and not from nothing", () => {
    const builder = started();
    expect(() => builder.build()).toThrow(/got 1 questions and 0 arms; expected at least one of each/);
    let error: unknown;
    try {
      builder.build();
    } catch (caught) {
      error = caught;
    }
    expect(HapsError.isInstance(error) && error.code).toBe("state");
  });
});

describe("derivePool", () => {
  it("sorts numbers, keeps texts in order and lists the settings seen when they are fewer than the product", () => {
    const arm = (prompt: string, temperature: number): Arm => singleRoleArm("m", { prompt, temperature });
    const full = derivePool([arm("b", 1), arm("b", 0.5), arm("a", 1), arm("a", 0.5)], () => "open");
    expect(full.candidates).toEqual([
      {
        id: "m",
        weights: "open",
        parameters: {
          settings: {
            prompt: { kind: "categorical", values: ["b", "a"] },
            temperature: { kind: "ordinal", values: [0.5, 1] },
          },
        },
      },
    ]);
    const part = derivePool([arm("b", 1), arm("a", 0.5), singleRoleArm("plain")]);
    expect(part.candidates[0]?.parameters.only).toEqual([
      { prompt: "b", temperature: 1 },
      { prompt: "a", temperature: 0.5 },
    ]);
    expect(part.candidates[1]).toEqual({ id: "plain", weights: "closed", parameters: {} });
  });

  it("refuses settings that do not fit together", () => {
    expect(() => derivePool([singleRoleArm("m", { a: 1 }), singleRoleArm("m", { b: 1 })])).toThrow(/give every record/);
    expect(() => derivePool([singleRoleArm("m", { a: 1 }), singleRoleArm("m", { a: "x" })])).toThrow(
      /write all its values/,
    );
  });
});
