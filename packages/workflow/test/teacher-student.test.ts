import { ConfigError, HapsError } from "@haps/spec";
import { describe, expect, test } from "vitest";
import {
  COMPACT_TEMPLATES,
  createTeacherStudentWorkflow,
  FULL_TEMPLATES,
  RELEASED_TEACHER_STUDENT,
  type TeacherStudentOptions,
  type TeacherStudentTemplates,
} from "../src/index.ts";
import { type Answer, type Driven, drive, promptOf } from "./drive.ts";

const question = { id: "q", text: "Who wrote {it}?", context: ["A\na"] };

/** Templates that show every slot and nothing else. */
const BARE: TeacherStudentTemplates = {
  ...FULL_TEMPLATES,
  id: "bare",
  form: "text",
  prompts: {
    studentAct: "{question}|{context}|{observation}|{budget}|{remaining}|{limit}",
    studentSummary: "{question}|{context}|{observation}|{thought}|{action}",
    teacherAct: "{question}|{context}|{observation}",
    teacherSummary: "{question}|{context}|{observation}|{thought}|{action}",
  },
  observations: {
    studentFirst: "start",
    studentLater: "S:{move} {result} T:{verdict} {advice}",
    teacherFirst: "A:{move} {result}",
    teacherLater: "P:{verdict} {advice} A:{move} {result}",
  },
  phrases: {
    ...FULL_TEMPLATES.phrases,
    noContext: "-",
    maySearch: "may",
    mustFinish: "must",
    noThought: "no thought",
    noAction: "no action",
    unparsable: "bad {action}",
    paragraph: "{title}={text}",
    nothingFound: "nothing for {query}",
    summaryFailed: "failed after {context}",
  },
};

/** Searches for ever; every reply carries the number of its purpose. */
const searching: Answer = (effect, asked) => {
  const nth = (purpose: string): number => asked.filter((one) => one === purpose).length;
  if (effect.kind === "retrieval") return `found ${effect.query}`;
  const number = nth(effect.purpose);
  if (effect.purpose === "studentAct") return `Thought: st${number}\nAction: Search[e${number}]`;
  if (effect.purpose === "teacherAct") return `Thought: tt${number}\nAction: [Continue]`;
  return `Summary: ${effect.purpose === "studentSummary" ? "ss" : "ts"}${number}`;
};

/** As `searching`, with other replies for the nth call of a purpose. */
function but(changes: Readonly<Record<string, string>>): Answer {
  return (effect, asked) => {
    if (effect.kind === "retrieval") return changes.retrieval ?? searching(effect, asked);
    const nth = asked.filter((one) => one === effect.purpose).length;
    return changes[`${effect.purpose} ${nth}`] ?? searching(effect, asked);
  };
}

function play(answer: Answer, options: TeacherStudentOptions = {}): Driven {
  return drive(createTeacherStudentWorkflow({ templates: BARE, ...options }).start(question), answer);
}

const callsOf = ({ calls }: Driven): readonly string[] => calls.map(({ purpose }) => purpose);

describe("teacher-student workflow", () => {
  test("as released, asks 13 calls at most with a budget of 3, in the released order", () => {
    const driven = play(searching, RELEASED_TEACHER_STUDENT);
    const turn = ["studentAct", "studentSummary", "teacherAct", "teacherSummary"];
    expect(callsOf(driven)).toEqual([...turn, ...turn, ...turn, "studentAct"]);
    expect(driven.end).toEqual({ kind: "done", answer: null, reason: "budget" });
    expect(driven.rounds.filter(([first]) => !first?.startsWith("search")).length).toBe(7);
  });

  test("asks 12 calls at most with a budget of 3, the unread summary being skipped", () => {
    const driven = play(searching);
    expect(driven.rounds).toEqual([
      ["studentAct"],
      ["search: e0"],
      ["studentSummary", "teacherAct"],
      ["studentAct"],
      ["search: e1"],
      ["studentSummary", "teacherSummary"],
      ["teacherAct"],
      ["studentAct"],
      ["search: e2"],
      ["studentSummary", "teacherSummary"],
      ["teacherAct"],
      ["studentAct"],
    ]);
    expect(callsOf(driven).length).toBe(12);
  });

  test("shows each call what haps.md says it sees", () => {
    const driven = play(searching, { budget: 2, maxTokens: 64 });
    const it = "Who wrote {it}?";
    expect(promptOf(driven, "studentAct", 0)).toBe(`${it}|-|start|may|2|64`);
    // The paragraph found in this step is not in the summary's observation.
    expect(promptOf(driven, "studentSummary", 0)).toBe(`${it}|-|start|st0|Search[e0]`);
    expect(promptOf(driven, "teacherAct", 0)).toBe(`${it}|-|A:Search[e0] T=found e0`);
    expect(promptOf(driven, "teacherSummary", 0)).toBe(`${it}|-|A:Search[e0] T=found e0|tt0|[Continue]`);
    const later = "S:Search[e0] T=found e0 T:[Continue] tt0";
    expect(promptOf(driven, "studentAct", 1)).toBe(`${it}|ss0|${later}|may|1|64`);
    expect(promptOf(driven, "studentSummary", 1)).toBe(`${it}|ss0|${later}|st1|Search[e1]`);
    expect(promptOf(driven, "teacherAct", 1)).toBe(`${it}|ts0|P:[Continue] tt0 A:Search[e1] T=found e1`);
    expect(promptOf(driven, "studentAct", 2)).toBe(`${it}|ss1|S:Search[e1] T=found e1 T:[Continue] tt1|must|0|64`);
  });

  test("sends the same prompts whether or not unread summaries are skipped", () => {
    const released = play(searching, { skipUnreadSummary: false });
    const skipped = play(searching);
    const promptsOf = (driven: Driven): readonly string[] =>
      driven.calls.map(({ purpose, prompt }) => JSON.stringify([purpose, prompt])).sort();
    const all = promptsOf(released);
    expect(all.length).toBe(13);
    expect(all.filter((one) => !promptsOf(skipped).includes(one))).toEqual([
      JSON.stringify(["teacherSummary", released.calls.filter((one) => one.purpose === "teacherSummary")[2]?.prompt]),
    ]);
  });

  test("ends with the answer of the first step that finishes", () => {
    const finish = "Thought: t\nAction: Finish[Ada]";
    expect(play(but({ "studentAct 0": finish })).end).toEqual({ kind: "done", answer: "Ada", reason: "answered" });
    const second = but({ "studentAct 1": finish });
    expect(callsOf(play(second))).toEqual(["studentAct", "studentSummary", "teacherAct", "studentAct"]);
    expect(callsOf(play(second, { skipUnreadSummary: false })).length).toBe(5);
    expect(play(but({ "studentAct 3": finish })).end.answer).toBe("Ada");
  });

  test("ends without an answer when the last reply cannot be read", () => {
    const { end } = play(but({ "studentAct 3": "Thought: hm\nAction: wait" }));
    expect(end).toEqual({ kind: "done", answer: null, reason: "unparsable" });
  });

  test("goes on after an action that cannot be read, and says so to both", () => {
    const driven = play(but({ "studentAct 0": "Thought: hm\nAction: wait" }));
    expect(driven.asked[1]).toBe("studentSummary");
    expect(promptOf(driven, "teacherAct", 0)).toContain("|A:wait bad wait");
    expect(promptOf(driven, "studentAct", 1)).toContain("S:wait bad wait T:[Continue] tt0");
  });

  test("puts fixed sentences in place of a thought and an action that are missing", () => {
    const driven = play(but({ "studentAct 0": "", "teacherAct 0": "" }), { rules: RELEASED_TEACHER_STUDENT.rules! });
    expect(promptOf(driven, "studentSummary", 0)).toContain("|no thought|no action");
    expect(promptOf(driven, "studentAct", 1)).toContain("S:no action bad no action T:no action no thought");
  });

  test("keeps the old context behind a fixed sentence when a summary fails, and piles the sentences up", () => {
    const rules = RELEASED_TEACHER_STUDENT.rules!;
    const driven = play(but({ "studentSummary 1": "?", "studentSummary 2": "?", "teacherSummary 0": "?" }), { rules });
    expect(promptOf(driven, "studentAct", 2)).toContain("|failed after ss0|");
    expect(promptOf(driven, "studentAct", 3)).toContain("|failed after failed after ss0|");
    expect(promptOf(driven, "teacherAct", 1)).toContain("|failed after -|");
  });

  test("says when a search found nothing", () => {
    expect(promptOf(play(but({ retrieval: "" })), "teacherAct", 0)).toContain("nothing for e0");
  });

  test("without a budget lets the student answer at once or not at all", () => {
    const { calls, end } = play(searching, { budget: 0 });
    expect(calls.length).toBe(1);
    expect(end.reason).toBe("budget");
  });

  test("spreads the calls over as many roles as there are", () => {
    const roles = { studentAct: "a", studentSummary: "b", teacherAct: "c", teacherSummary: "d" };
    const ids = ["a", "b", "c", "d"];
    const task = { id: "four", description: "", roles: ids.map((id) => ({ id, description: "" })) };
    const { calls } = play(searching, { roles, task });
    expect(calls.every(({ role, purpose }) => role === roles[purpose as keyof typeof roles])).toBe(true);
    expect(new Set(calls.map(({ role }) => role))).toEqual(new Set(ids));
    const alone = { studentAct: "a", studentSummary: "a", teacherAct: "a", teacherSummary: "a" };
    const one = { ...task, roles: task.roles.slice(0, 1) };
    expect(new Set(play(searching, { roles: alone, task: one }).calls.map(({ role }) => role))).toEqual(new Set(["a"]));
  });

  test("sends full prompts as one user turn, compact ones as text to continue", () => {
    const full = play(searching, { templates: FULL_TEMPLATES }).calls[0];
    expect(full?.prompt).toMatchObject({ messages: [{ role: "user" }] });
    expect(full?.maxTokens).toBe(256);
    const compact = play(
      (effect) => {
        if (effect.kind === "retrieval") return "Warsaw is the capital of Russia .";
        if (effect.purpose === "studentAct") return "find Russia Action: Search[ Russia ]";
        return effect.purpose === "teacherAct" ? "search Warsaw Action: [Continue]" : "Warsaw Russia";
      },
      { templates: COMPACT_TEMPLATES },
    );
    const asks = "Question: Who wrote {it}? Context:";
    expect(promptOf(compact, "studentAct", 1)).toBe(
      `Student ${asks} Warsaw Russia Observation: Warsaw is the capital of Russia . Advice: search Warsaw Budget: 2 Thought:`,
    );
    expect(promptOf(compact, "studentSummary", 1)).toBe(
      `Digest ${asks} Warsaw Russia Observation: Warsaw is the capital of Russia . Action: Search[ Russia ] Summary:`,
    );
    expect(promptOf(compact, "teacherAct", 0)).toBe(
      `Teacher ${asks} none Advice: none Action: Search[ Russia ] Observation: Warsaw is the capital of Russia . Thought:`,
    );
    expect(promptOf(compact, "teacherSummary", 0)).toBe(
      `Recap ${asks} none Observation: Warsaw is the capital of Russia . Summary:`,
    );
    expect(compact.asked[1]).toBe("search: Russia");
  });

  test("has a hash that any text, rule or number changes", () => {
    const hashes = [
      {},
      { budget: 2 },
      { maxTokens: 16 },
      { templates: COMPACT_TEMPLATES },
      { templates: { ...FULL_TEMPLATES, phrases: { ...FULL_TEMPLATES.phrases, none: "-" } } },
      { rules: RELEASED_TEACHER_STUDENT.rules! },
      { skipUnreadSummary: false },
    ].map((options) => createTeacherStudentWorkflow(options).hash);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(createTeacherStudentWorkflow({ budget: 3 }).hash).toBe(hashes[0]);
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  test("refuses options that cannot work, naming each", () => {
    const prompts = { ...FULL_TEMPLATES.prompts, studentAct: "{questoin} }" };
    const roles = { studentAct: "pupil", studentSummary: "pupil", teacherAct: "teacher", teacherSummary: "teacher" };
    const make = () =>
      createTeacherStudentWorkflow({ budget: -1, maxTokens: 0, roles, templates: { ...FULL_TEMPLATES, prompts } });
    const error = thrown(make);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).issues.map(({ path }) => path)).toEqual([
      "budget",
      "maxTokens",
      "roles.studentAct",
      "roles.studentSummary",
      "task.roles",
      "templates.prompts.studentAct",
      "templates.prompts.studentAct",
      "templates.prompts.studentAct",
    ]);
  });

  test("refuses replies that do not fit, and goes no further than its end", () => {
    const episode = createTeacherStudentWorkflow().start(question);
    expect(thrown(() => episode.next([{ kind: "text", text: "" }]))).toMatchObject({ code: "state" });
    episode.next([]);
    expect(thrown(() => episode.next([]))).toMatchObject({ code: "state" });
    expect(thrown(() => episode.next([{ kind: "paragraphs", paragraphs: [] }]))).toMatchObject({ code: "state" });
    const done = episode.next([{ kind: "text", text: "Action: Finish[a]" }]);
    expect(done.kind).toBe("done");
    expect(thrown(() => episode.next([]))).toBeInstanceOf(HapsError);
  });
});

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("it did not throw");
}
