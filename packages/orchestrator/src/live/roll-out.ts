import type { ResolvedObjectiveConfig } from "@haps/reward";
import type { Abortable, Environment, Outcome } from "@haps/spec";
import type { PromptPolicy, Rng } from "@haps/tensor";
import { type AssignmentChoice, decideLive, type LiveDecision } from "./decide-live.ts";
import { drawOrder } from "./draw-order.ts";
import type { ResolvedJointTrainerConfig } from "./joint-trainer-config.ts";
import type { LiveQuestion } from "./live-question.ts";
import { makeTrials } from "./make-trials.ts";
import { runTrials } from "./run-trials.ts";

/** What {@link rollOut} reads. */
export interface RollOutOptions extends Abortable {
  readonly policy: PromptPolicy;
  readonly environment: Environment;
  readonly questions: readonly LiveQuestion[];
  readonly objective: ResolvedObjectiveConfig;
  readonly config: ResolvedJointTrainerConfig;
  /** Where the streams of questions and steps are forked from. */
  readonly rng: Rng;
  /** Steps done. */
  readonly step: number;
  /** Questions drawn. */
  readonly position: number;
}

/** A batch of questions with what was decided for them and what came of it. */
export interface Rollout {
  readonly questions: readonly LiveQuestion[];
  /** β of each question. */
  readonly costWeights: readonly number[];
  /** `[questions * rollouts]`, all of a question together. */
  readonly decisions: readonly LiveDecision[];
  /** Of the decisions, in order. */
  readonly outcomes: readonly Outcome[];
}

/** Draws the questions of a step, lets both levels decide, and runs the episodes. Every draw is forked by the step's number. */
export async function rollOut(options: RollOutOptions): Promise<Rollout> {
  const { policy, environment, config, objective, step, position, signal } = options;
  const stream = options.rng.fork(`step ${step}`);
  const order = options.rng.fork("questions");
  const places = drawOrder(order, options.questions.length, position, config.questionsPerStep);
  const questions = places.map((place) => options.questions[place] as LiveQuestion);
  const weights = stream.fork("cost weights");
  const costWeights = questions.map(() => config.costWeights[weights.integer(config.costWeights.length)] as number);
  const label = `step ${step}`;
  const drawn = decideLive(policy, questions, {
    assignments: assignmentChoice(config.assignments, objective),
    rng: stream.fork("assignments"),
    costWeights,
    samples: config.rollouts / config.episodesPerAssignment,
    withLora: config.withLora,
    label,
  });
  const decisions = drawn.flatMap((decision) => new Array<LiveDecision>(config.episodesPerAssignment).fill(decision));
  const seeds = stream.fork("trials");
  const trials = makeTrials({
    task: environment.task,
    candidates: policy.candidates,
    questions,
    decisions,
    decoding: config.decoding,
    seeds: decisions.map(() => seeds.integer(2 ** 32)),
    label,
  });
  const outcomes = await runTrials(environment, trials, signal === undefined ? {} : { signal });
  return { questions, costWeights, decisions, outcomes };
}

/** Under `policy`, assignments are drawn only where the draw teaches something. */
export function assignmentChoice(
  assignments: ResolvedJointTrainerConfig["assignments"],
  { assignmentGradient }: Pick<ResolvedObjectiveConfig, "assignmentGradient">,
): AssignmentChoice {
  if (assignments !== "policy") return assignments;
  return assignmentGradient === "none" ? "best" : "sample";
}
