import {
  type Arm,
  type CandidateId,
  ConfigError,
  type ConfigIssue,
  type LabelledQuestion,
  type RoleId,
  type Task,
} from "@haps/spec";
import { assignmentCode, assignmentOf, createRng } from "@haps/tensor";

/** A candidate for every role. */
export type Assignment = Readonly<Record<RoleId, CandidateId>>;

/** Which assignments each question is tried with: all, a list, or a number of different ones drawn for each question. */
export type AssignmentChoice =
  | { readonly kind: "all" }
  | { readonly kind: "list"; readonly assignments: readonly Assignment[] }
  | { readonly kind: "drawn"; readonly perQuestion: number };

/** What a plan is made of. */
export interface AssignmentPlanOptions {
  readonly task: Task;
  readonly candidates: readonly CandidateId[];
  readonly questions: readonly LabelledQuestion[];
  readonly choice: AssignmentChoice;
  readonly seed: number;
}

/** Every assignment that is tried, and by whom. */
export interface AssignmentPlan {
  /** Arms of the table, in the order of all lists of assignments. */
  readonly arms: readonly Arm[];
  /** Places in `arms` for each question, ascending. */
  readonly armsOf: readonly (readonly number[])[];
}

/**
 * Plans which question is tried with which assignments. What is drawn for a question depends on its id and the seed alone.
 *
 * @throws ConfigError naming every question, candidate, assignment or number that cannot be used.
 */
export function planAssignments(options: AssignmentPlanOptions): AssignmentPlan {
  assertPlan(options);
  const { task, candidates, questions, choice, seed } = options;
  const roles = task.roles.map(({ id }) => id);
  const codesOf = codesBy(choice, roles, candidates, seed);
  const codes = questions.map(({ id }) => codesOf(id));
  const used = [...new Set(codes.flat())].sort((a, b) => a - b);
  const placeOf = new Map(used.map((code, place) => [code, place]));
  const arms = used.map((code): Arm => {
    const assignment = assignmentOf(code, roles.length, candidates.length);
    const choices = roles.map((role, index) => {
      const candidate = candidates[assignment[index] as number] as CandidateId;
      return [role, { candidate, settings: {} }] as const;
    });
    return Object.fromEntries(choices);
  });
  return { arms, armsOf: codes.map((own) => own.map((code) => placeOf.get(code) as number)) };
}

/** Numbers of a question's assignments, ascending, in the order of all lists of assignments. */
function codesBy(
  choice: AssignmentChoice,
  roles: readonly RoleId[],
  candidates: readonly CandidateId[],
  seed: number,
): (questionId: string) => readonly number[] {
  const total = candidates.length ** roles.length;
  if (choice.kind === "drawn") return (questionId) => drawn(total, choice.perQuestion, seed, questionId);
  const places = (assignment: Assignment): number[] =>
    roles.map((role) => candidates.indexOf(assignment[role] as CandidateId));
  const codes =
    choice.kind === "all"
      ? Array.from({ length: total }, (_, code) => code)
      : choice.assignments.map((one) => assignmentCode(places(one), candidates.length)).sort((a, b) => a - b);
  return () => codes;
}

/** Distinct numbers below `total`, ascending, each set equally likely (Floyd's algorithm: one draw for each number). */
function drawn(total: number, count: number, seed: number, questionId: string): readonly number[] {
  const rng = createRng(seed).fork(`assignments/${questionId}`);
  const chosen = new Set<number>();
  for (let last = total - count; last < total; last += 1) {
    const code = rng.integer(last + 1);
    chosen.add(chosen.has(code) ? last : code);
  }
  return [...chosen].sort((a, b) => a - b);
}

function assertPlan({ task, candidates, questions, choice, seed }: AssignmentPlanOptions): void {
  const issues: ConfigIssue[] = [
    ...listIssues(
      "questions",
      questions.map(({ id }) => id),
    ),
    ...listIssues("candidates", candidates),
  ];
  if (!Number.isSafeInteger(seed) || seed < 0) {
    issues.push({ path: "seed", message: `${seed} is not a whole number from 0` });
  }
  const roles = task.roles.map(({ id }) => id);
  const total = candidates.length ** roles.length;
  if (choice.kind === "drawn") {
    const { perQuestion } = choice;
    if (!Number.isSafeInteger(perQuestion) || perQuestion < 1 || perQuestion > total) {
      issues.push({ path: "perQuestion", message: `${perQuestion} is not a whole number from 1 to ${total}` });
    }
  }
  if (choice.kind === "list") issues.push(...assignmentIssues(choice.assignments, roles, candidates));
  if (issues.length > 0) throw new ConfigError("sampleAssignments", issues);
}

function listIssues(path: string, ids: readonly string[]): readonly ConfigIssue[] {
  if (ids.length === 0) return [{ path, message: "is empty; give at least one" }];
  const seen = new Set<string>();
  const twice = ids.find((id) => seen.size === seen.add(id).size);
  return twice === undefined ? [] : [{ path, message: `has "${twice}" twice; give each once` }];
}

function assignmentIssues(
  assignments: readonly Assignment[],
  roles: readonly RoleId[],
  candidates: readonly CandidateId[],
): readonly ConfigIssue[] {
  const wanted = [...roles].sort().join();
  const issues = assignments.flatMap((assignment, index): ConfigIssue[] => {
    const path = `assignments.${index}`;
    const named = Object.keys(assignment).sort().join();
    if (named !== wanted) return [{ path, message: `names the roles ${named}; expected ${wanted}` }];
    const unknown = Object.values(assignment).find((candidate) => !candidates.includes(candidate));
    return unknown === undefined
      ? []
      : [{ path, message: `names "${unknown}"; expected some of ${candidates.join(", ")}` }];
  });
  const keys = assignments.map((assignment) => roles.map((role) => assignment[role]).join("\0"));
  return [...issues, ...listIssues("assignments", keys)];
}
