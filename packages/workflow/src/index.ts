export { createEpisode, type EpisodeScript, type ScriptEnd } from "./create-episode.ts";
export {
  CHOICE_TEMPLATE,
  COMPACT_CHOICE_TEMPLATE,
  createSingleTurnWorkflow,
  SINGLE_TURN_TASK,
  type SingleTurnOptions,
  type SingleTurnTemplate,
} from "./create-single-turn-workflow.ts";
export { createTeacherStudentWorkflow, RELEASED_TEACHER_STUDENT } from "./create-teacher-student-workflow.ts";
export { createLiveEnvironment, type LiveEnvironmentOptions } from "./environment/create-live-environment.ts";
export { usageCost } from "./environment/usage-cost.ts";
export { type FormatTraceOptions, formatTrace } from "./format-trace.ts";
export type { ActReply, ParseRules, StudentMove, StudentReply } from "./parse/parse-rules.ts";
export { releasedParseRules } from "./parse/released-parse-rules.ts";
export { tolerantParseRules } from "./parse/tolerant-parse-rules.ts";
export { questionParagraphs } from "./question-paragraphs.ts";
export { type Replayed, replayEpisode, repliesOf } from "./replay-episode.ts";
export { type Bm25RetrieverOptions, createBm25Retriever } from "./retrieval/create-bm25-retriever.ts";
export {
  createEmbeddingRetriever,
  type Embed,
  type EmbeddingRetrieverOptions,
} from "./retrieval/create-embedding-retriever.ts";
export type { RetrieverOptions } from "./retrieval/retriever-options.ts";
export type { Schedule } from "./runner/create-call-batcher.ts";
export type { EpisodeRequest } from "./runner/episode-request.ts";
export { type RunEpisodesOptions, runEpisodes } from "./runner/run-episodes.ts";
export type { RunEvent } from "./runner/run-event.ts";
export { TEACHER_STUDENT_TASK, type TeacherStudentOptions } from "./teacher-student-options.ts";
export { contentHash, fillTemplate } from "./template.ts";
export { COMPACT_TEMPLATES } from "./templates/compact-templates.ts";
export { FULL_TEMPLATES } from "./templates/full-templates.ts";
export {
  TEACHER_STUDENT_PURPOSES,
  type TeacherStudentPurpose,
  type TeacherStudentTemplates,
} from "./templates/teacher-student-templates.ts";
export { traceUsage } from "./trace-usage.ts";
