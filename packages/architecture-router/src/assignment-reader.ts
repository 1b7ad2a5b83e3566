import { type AssignmentReader, affineReader, allAssignments, logSoftmaxOf, type NamedVariables } from "@haps/tensor";

/** What {@link assignmentReader} reads. */
export interface AssignmentReaderOptions {
  readonly variables: NamedVariables;
  readonly form: "joint" | "independent";
  readonly roles: number;
  readonly candidates: number;
}

/** Plain twin of the forms whose scores are one affine map of the hidden state. */
export function assignmentReader({ variables, form, roles, candidates }: AssignmentReaderOptions): AssignmentReader {
  const quality = affineReader(variables, "quality/weight", "quality/bias");
  const cost = affineReader(variables, "cost/weight", "cost/bias");
  const assignments = allAssignments(roles, candidates);
  return (hidden, costWeight, values) => {
    const scores = quality(hidden);
    if (costWeight !== 0) {
      cost(hidden).forEach((value, place) => {
        scores[place] = (scores[place] as number) - costWeight * value;
      });
    }
    if (form === "joint") {
      const worth = assignments.map((assignment) =>
        assignment.reduce((sum, next) => sum + (values[next] as number), 0),
      );
      return logSoftmaxOf(scores.map((score, code) => score + (worth[code] as number))).logProbs;
    }
    const perRole = Array.from({ length: roles }, (_, role) => {
      const own = scores.subarray(role * candidates, (role + 1) * candidates);
      return logSoftmaxOf(own.map((score, candidate) => score + (values[candidate] as number))).logProbs;
    });
    return Float64Array.from(assignments, (assignment) =>
      assignment.reduce((sum, candidate, role) => sum + (perRole[role]?.[candidate] as number), 0),
    );
  };
}
