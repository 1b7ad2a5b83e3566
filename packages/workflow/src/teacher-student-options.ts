import { ConfigError, type ConfigIssue, type RoleId, type Task } from "@haps/spec";
import type { ParseRules } from "./parse/parse-rules.ts";
import { tolerantParseRules } from "./parse/tolerant-parse-rules.ts";
import { FULL_TEMPLATES } from "./templates/full-templates.ts";
import {
  TEACHER_STUDENT_PURPOSES,
  type TeacherStudentPurpose,
  type TeacherStudentTemplates,
  templateSetIssues,
} from "./templates/teacher-student-templates.ts";

/** What may be chosen about the teacher-student workflow. */
export interface TeacherStudentOptions {
  /** Searches of the student, a whole number from 0; after the last one it must finish. Default 3. */
  readonly budget?: number;
  /** Default {@link FULL_TEMPLATES}. */
  readonly templates?: TeacherStudentTemplates;
  /** How replies are read. Default {@link tolerantParseRules}. */
  readonly rules?: ParseRules;
  /**
   * Makes a teacher's summary only when a later call reads it: one call fewer in every episode in which the teacher spoke.
   * `false` is as released: each summary is made at once. Default `true`.
   */
  readonly skipUnreadSummary?: boolean;
  /** Most tokens of each reply. Default 256. */
  readonly maxTokens?: number;
  /** Which role makes which call. Default: the student its two, the teacher its two. */
  readonly roles?: Readonly<Record<TeacherStudentPurpose, RoleId>>;
  /** Its roles are those that make calls. Default {@link TEACHER_STUDENT_TASK}. */
  readonly task?: Task;
}

/** Every option filled in. */
export type ResolvedTeacherStudentOptions = Required<TeacherStudentOptions>;

/** Task of the teacher-student workflow, roles in the order of the authors' code. */
export const TEACHER_STUDENT_TASK: Task = {
  id: "teacher-student",
  description:
    "Answer a question that needs facts from several paragraphs. Student and teacher take turns until the student answers or its search budget is spent.",
  roles: [
    {
      id: "teacher",
      description: "Judges each step of the student (continue or rethink) and advises on the next one.",
    },
    { id: "student", description: "Searches for an entity or finishes with an answer." },
  ],
};

const ROLES: Readonly<Record<TeacherStudentPurpose, RoleId>> = {
  studentAct: "student",
  studentSummary: "student",
  teacherAct: "teacher",
  teacherSummary: "teacher",
};

/** Fills in defaults and refuses what cannot work. */
export function resolveTeacherStudentOptions(options: TeacherStudentOptions): ResolvedTeacherStudentOptions {
  const resolved: ResolvedTeacherStudentOptions = {
    budget: options.budget ?? 3,
    templates: options.templates ?? FULL_TEMPLATES,
    rules: options.rules ?? tolerantParseRules,
    skipUnreadSummary: options.skipUnreadSummary ?? true,
    maxTokens: options.maxTokens ?? 256,
    roles: options.roles ?? ROLES,
    task: options.task ?? TEACHER_STUDENT_TASK,
  };
  const issues = [
    ...wholeNumberIssues("budget", resolved.budget, 0),
    ...wholeNumberIssues("maxTokens", resolved.maxTokens, 1),
    ...roleIssues(resolved),
    ...templateSetIssues(resolved.templates),
  ];
  if (issues.length > 0) throw new ConfigError("createTeacherStudentWorkflow", issues);
  return resolved;
}

function wholeNumberIssues(path: string, value: number, least: number): readonly ConfigIssue[] {
  return Number.isSafeInteger(value) && value >= least
    ? []
    : [{ path, message: `${value} is not a whole number from ${least}` }];
}

function roleIssues({ roles, task }: ResolvedTeacherStudentOptions): readonly ConfigIssue[] {
  const known = task.roles.map(({ id }) => id);
  const used = TEACHER_STUDENT_PURPOSES.map((purpose) => roles[purpose]);
  const unknown = TEACHER_STUDENT_PURPOSES.filter((purpose) => !known.includes(roles[purpose])).map((purpose) => ({
    path: `roles.${purpose}`,
    message: `"${roles[purpose]}" is no role of the task; its roles: ${known.join(", ")}`,
  }));
  const idle = known
    .filter((id) => !used.includes(id))
    .map((id) => ({ path: "task.roles", message: `"${id}" makes no call; give it one in roles or leave it out` }));
  return [...unknown, ...idle];
}
