import { type CandidateId, HapsError, type LoraWeights } from "@haps/spec";
import {
  type AssignmentDistribution,
  loraWeightsOf,
  type PromptPolicy,
  type PromptPolicyOutput,
  type Rng,
  tidyValue,
} from "@haps/tensor";
import type { LiveQuestion } from "./live-question.ts";

/**
 * Who decides the assignment: the policy's best, a sample from it, a uniform draw (ablation: random high level), or always the same
 * (ablation: fixed high level), as candidate indices per role.
 */
export type AssignmentChoice = "best" | "sample" | "random" | { readonly fixed: readonly number[] };

/** Options of {@link decideLive}. */
export interface DecideLiveOptions {
  readonly assignments: AssignmentChoice;
  /** Needed by `sample` and `random`. */
  readonly rng?: Rng;
  /** β of each question, `[questions]`, each >= 0. Default 0. */
  readonly costWeights?: readonly number[];
  /** Assignments per question. Default 1. */
  readonly samples?: number;
  /** Whether LoRA weights are made. Default true. */
  readonly withLora?: boolean;
  /** Opens the ids of the weights; a new one for every state of the policy, since equal ids mean equal weights. */
  readonly label: string;
}

/** What was decided for one question, as plain data. */
export interface LiveDecision {
  /** Place of the question among those that were asked about. */
  readonly place: number;
  /** Candidate index of every role. */
  readonly assignment: readonly number[];
  /** log P(z | p) under the policy, also where it did not decide. */
  readonly logProb: number;
  /** Weights of the candidates of the assignment that take some; shared by all decisions for the question. */
  readonly lora: ReadonlyMap<CandidateId, LoraWeights>;
}

/**
 * Lets both levels decide, in one pass without gradients.
 *
 * @param questions - At least one.
 * @returns `[questions * samples]`, all of a question together. Nothing is left in tfjs.
 * @throws HapsError code `config` for a draw without an rng or a fixed assignment that does not fit; errors of the policy's parts.
 */
export function decideLive(
  policy: PromptPolicy,
  questions: readonly LiveQuestion[],
  options: DecideLiveOptions,
): readonly LiveDecision[] {
  const { samples = 1, costWeights = questions.map(() => 0), withLora = true, label } = options;
  return tidyValue(() => {
    const output = policy.forward({ prompts: questions.map(({ prompt }) => prompt), costWeights }, { inference: true });
    const rounds = Array.from({ length: samples }, () => decideRound(policy, output.assignments, questions, options));
    return questions.flatMap((_, place) => {
      const weights = weightsOnce(output, place, label);
      return rounds.map(({ assignments, logProbs }): LiveDecision => {
        const assignment = assignments[place] as readonly number[];
        const lora = withLora ? weights(assignment.map((index) => policy.candidates[index] as CandidateId)) : new Map();
        return { place, assignment, logProb: logProbs[place] as number, lora };
      });
    });
  });
}

function decideRound(
  policy: PromptPolicy,
  distribution: AssignmentDistribution,
  questions: readonly LiveQuestion[],
  options: DecideLiveOptions,
): { readonly assignments: readonly (readonly number[])[]; readonly logProbs: Float32Array } {
  const assignments = chosenAssignments(policy, distribution, questions.length, options);
  return { assignments, logProbs: distribution.logProb(assignments).dataSync<"float32">() };
}

function chosenAssignments(
  { roles, candidates }: PromptPolicy,
  distribution: AssignmentDistribution,
  count: number,
  { assignments: choice, rng }: DecideLiveOptions,
): readonly (readonly number[])[] {
  if (choice === "best") return distribution.top(1).map(([best]) => best?.assignment as readonly number[]);
  if (typeof choice === "object") {
    checkFixed(choice.fixed, roles, candidates.length);
    return Array.from({ length: count }, () => choice.fixed);
  }
  if (rng === undefined) {
    throw new HapsError(
      "config",
      `decideLive: "${choice}" draws, and there is no rng; pass one forked for the purpose`,
      {
        assignments: choice,
      },
    );
  }
  if (choice === "sample") return distribution.sample(rng);
  return Array.from({ length: count }, () => Array.from({ length: roles }, () => rng.integer(candidates.length)));
}

function checkFixed(fixed: readonly number[], roles: number, candidates: number): void {
  if (fixed.length === roles && fixed.every((index) => Number.isInteger(index) && index >= 0 && index < candidates)) {
    return;
  }
  throw new HapsError(
    "config",
    `decideLive: the fixed assignment is [${fixed.join(", ")}]; expected ${roles} candidate indices in [0, ${candidates})`,
    { fixed, roles, candidates },
  );
}

/** Reads each candidate's weights for a question once, however many decisions use them. */
function weightsOnce(
  output: PromptPolicyOutput,
  place: number,
  label: string,
): (candidates: readonly CandidateId[]) => ReadonlyMap<CandidateId, LoraWeights> {
  const read = new Map<CandidateId, LoraWeights | null>();
  const weightsOf = (candidate: CandidateId): LoraWeights | null => {
    const known = read.get(candidate);
    if (known !== undefined) return known;
    const tensors = output.lora(candidate);
    const weights = tensors === null ? null : loraWeightsOf(tensors, place, `${label}/${place}/${candidate}`);
    read.set(candidate, weights);
    return weights;
  };
  return (candidates) => {
    const own = new Map<CandidateId, LoraWeights>();
    for (const candidate of candidates) {
      const weights = weightsOf(candidate);
      if (weights !== null) own.set(candidate, weights);
    }
    return own;
  };
}
