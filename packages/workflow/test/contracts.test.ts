import type { Effect, Reply } from "@haps/spec";
import { describeRetrieverContract, describeWorkflowContract } from "@haps/spec/testing";
import { describe, it } from "vitest";
import {
  COMPACT_TEMPLATES,
  createBm25Retriever,
  createEmbeddingRetriever,
  createSingleTurnWorkflow,
  createTeacherStudentWorkflow,
  RELEASED_TEACHER_STUDENT,
} from "../src/index.ts";

const questions = [
  { id: "a", text: "Who wrote {it}?", context: ["Ada\nShe wrote the first program.", "Oslo\nA city in Norway."] },
  { id: "b", text: "Where is Oslo?", context: ["Rome\nA city in Italy.", "a text without a title, on Norway"] },
];

/** Searches twice, then finishes; the teacher always goes on. */
function answer(effect: Effect, asked: number): Reply {
  if (effect.kind === "retrieval")
    return { kind: "paragraphs", paragraphs: [{ index: 0, title: "Ada", text: "She." }] };
  if (effect.purpose.endsWith("Summary")) return { kind: "text", text: `Summary: after ${asked}` };
  if (effect.purpose === "teacherAct") return { kind: "text", text: "Thought: fine\nAction: [Continue]" };
  const action = asked < 6 ? "Search[Oslo]" : "Finish[Ada]";
  return { kind: "text", text: `Thought: t\nAction: ${action}` };
}

describeWorkflowContract({ describe, it }, "teacher and student", {
  create: () => createTeacherStudentWorkflow(),
  questions,
  answer,
  limit: 15,
});
describeWorkflowContract({ describe, it }, "teacher and student, as released", {
  create: () => createTeacherStudentWorkflow(RELEASED_TEACHER_STUDENT),
  questions,
  answer,
  limit: 16,
});
describeWorkflowContract({ describe, it }, "teacher and student, compact, without a search", {
  create: () => createTeacherStudentWorkflow({ templates: COMPACT_TEMPLATES, budget: 0 }),
  questions,
  answer,
  limit: 1,
});
describeWorkflowContract({ describe, it }, "single turn", {
  create: () => createSingleTurnWorkflow(),
  questions,
  answer,
  limit: 1,
});

const queries = ["Oslo", "a city", "unheard of", ""];
/** Counts of five letters. */
const embed = (texts: readonly string[]) =>
  texts.map((text) => [..."aeiou"].map((letter) => text.toLowerCase().split(letter).length - 1));

describeRetrieverContract({ describe, it }, "BM25", { create: () => createBm25Retriever(), questions, queries });
describeRetrieverContract({ describe, it }, "BM25 of three, without titles", {
  create: () => createBm25Retriever({ titles: "drop", limit: 3 }),
  questions,
  queries,
});
describeRetrieverContract({ describe, it }, "embeddings", {
  create: () => createEmbeddingRetriever({ embed, limit: 2 }),
  questions,
  queries,
});
