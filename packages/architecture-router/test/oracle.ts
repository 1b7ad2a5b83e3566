import { type AssignmentHead, createRng, type NamedArray, readVariables, writeVariables } from "@haps/tensor";

/** What a head is asked, in plain numbers. */
export interface Inputs {
  /** `[batch][hiddenDimension]`. */
  readonly hidden: readonly (readonly number[])[];
  readonly costWeights: readonly number[];
  readonly legal?: readonly (readonly boolean[])[];
  readonly values?: readonly (readonly number[])[];
}

export type Form = "joint" | "autoregressive" | "independent";

type Weights = ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: ArrayLike<number> }>;

/** Every assignment, role 0 slowest. */
export function allAssignments(roles: number, candidates: number): number[][] {
  if (roles === 0) return [[]];
  return Array.from({ length: candidates }, (_, first) =>
    allAssignments(roles - 1, candidates).map((rest) => [first, ...rest]),
  ).flat();
}

/** Puts numbers everywhere, biases too, so that no term of the formulas is silent. */
export function randomise(head: AssignmentHead, seed: number, scale = 0.8): void {
  const arrays = new Map<string, NamedArray>();
  for (const [name, { shape, values }] of readVariables(head.variables)) {
    arrays.set(name, { shape, values: createRng(seed).fork(name).normals(values.length, scale) });
  }
  writeVariables(head.variables, arrays);
}

/** Log-probabilities `[batch][assignment]` in float64 from the formulas; `-Infinity` where the mask forbids. */
export function logProbsByFormula(
  form: Form,
  shape: { readonly roles: number; readonly candidates: number },
  weights: Weights,
  inputs: Inputs,
): number[][] {
  const { roles, candidates } = shape;
  const assignments = allAssignments(roles, candidates);
  const number = (name: string, at: number): number => weights.get(name)?.values[at] as number;
  return inputs.hidden.map((h, row) => {
    const beta = inputs.costWeights[row] as number;
    const legal = (candidate: number): boolean => inputs.legal?.[row]?.[candidate] ?? true;
    const worth = (candidate: number): number => inputs.values?.[row]?.[candidate] ?? 0;
    /** `w · x + b` of output `at` of the linear map `name`. */
    const affine = (name: string, at: number, x: readonly number[]): number =>
      x.reduce((sum, value, index) => sum + value * number(`${name}/weight`, at * x.length + index), 0) +
      number(`${name}/bias`, at);
    const score = (prefix: string, at: number, x: readonly number[]): number =>
      affine(`${prefix}quality`, at, x) - beta * affine(`${prefix}cost`, at, x);
    const roleLogProbs = (scoreOf: (candidate: number) => number): number[] =>
      logSoftmax(
        Array.from({ length: candidates }, (_, candidate) =>
          legal(candidate) ? scoreOf(candidate) + worth(candidate) : Number.NEGATIVE_INFINITY,
        ),
      );
    switch (form) {
      case "joint":
        return logSoftmax(
          assignments.map((assignment, code) =>
            assignment.every(legal)
              ? assignment.reduce((sum, candidate) => sum + worth(candidate), score("", code, h))
              : Number.NEGATIVE_INFINITY,
          ),
        );
      case "independent": {
        const perRole = Array.from({ length: roles }, (_, role) =>
          roleLogProbs((candidate) => score("", role * candidates + candidate, h)),
        );
        return assignments.map((assignment) =>
          assignment.reduce((sum, candidate, role) => sum + (perRole[role]?.[candidate] as number), 0),
        );
      }
      default:
        return assignments.map((assignment) =>
          assignment.reduce((sum, candidate, role) => {
            const context = h.map((value, index) => {
              const before = assignment.slice(0, role);
              const part = (name: string): number =>
                before.reduce(
                  (total, choice, at) => total + number(`role-${at}/${name}`, index * candidates + choice),
                  0,
                );
              return value * (1 + part("scale")) + part("shift");
            });
            const step = roleLogProbs((other) => score(`role-${role}/`, other, context));
            return sum + (step[candidate] as number);
          }, 0),
        );
    }
  });
}

function logSoftmax(scores: readonly number[]): number[] {
  const highest = Math.max(...scores);
  const logSum = highest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - highest), 0));
  return scores.map((score) => score - logSum);
}
