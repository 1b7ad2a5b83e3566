import type { NamedVariables } from "@haps/tensor";
import type * as tf from "@tensorflow/tfjs";
import type { RoleInputs } from "./autoregressive-scores.ts";
import type { NextLogProbs } from "./best-paths.ts";
import type { LegalCandidates } from "./legal-candidates.ts";

/**
 * Reads an autoregressive head out of tfjs once, so that searches can ask for one prefix at a time without a tensor.
 *
 * Sums are in double precision; they agree with the tensor path within float32 rounding.
 *
 * @returns For a row of the batch, the log-probabilities of the next role after any prefix; answers are remembered.
 */
export function createPathReader(
  variables: NamedVariables,
  inputs: RoleInputs,
  legal: LegalCandidates,
): (row: number) => NextLogProbs {
  const hidden = inputs.hidden.dataSync<"float32">();
  const costWeights = inputs.costWeights.dataSync<"float32">();
  const values = inputs.values?.dataSync<"float32">();
  const width = inputs.hidden.shape[1];
  const candidates = legal[0]?.length ?? 0;
  const parameters = new Map([...variables].map(([name, variable]) => [name, read(variable)]));
  const parameter = (name: string): Float32Array => parameters.get(name) as Float32Array;

  const context = (row: number, prefix: readonly number[]): Float64Array => {
    const result = Float64Array.from({ length: width }, (_, index) => hidden[row * width + index] as number);
    if (prefix.length === 0) return result;
    return result.map((value, index) => {
      let scale = 1;
      let shift = 0;
      prefix.forEach((candidate, role) => {
        scale += parameter(`role-${role}/scale`)[index * candidates + candidate] as number;
        shift += parameter(`role-${role}/shift`)[index * candidates + candidate] as number;
      });
      return value * scale + shift;
    });
  };
  const affine = (name: string, candidate: number, input: Float64Array): number => {
    const weight = parameter(`${name}/weight`);
    let sum = parameter(`${name}/bias`)[candidate] as number;
    for (let index = 0; index < width; index += 1) {
      sum += (weight[candidate * width + index] as number) * (input[index] as number);
    }
    return sum;
  };

  return (row) => {
    const known = new Map<string, Float64Array>();
    return (prefix) => {
      const key = prefix.join();
      const remembered = known.get(key);
      if (remembered !== undefined) return remembered;
      const input = context(row, prefix);
      const name = `role-${prefix.length}`;
      const scores = Float64Array.from({ length: candidates }, (_, candidate) => {
        if (legal[row]?.[candidate] !== true) return Number.NEGATIVE_INFINITY;
        const cost = (costWeights[row] as number) * affine(`${name}/cost`, candidate, input);
        return affine(`${name}/quality`, candidate, input) - cost + (values?.[row * candidates + candidate] ?? 0);
      });
      const logProbs = normaliseLogs(scores);
      known.set(key, logProbs);
      return logProbs;
    };
  };
}

function read(variable: tf.Variable): Float32Array {
  return variable.dataSync<"float32">();
}

function normaliseLogs(scores: Float64Array): Float64Array {
  const highest = Math.max(...scores);
  const logSum = highest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - highest), 0));
  return scores.map((score) => score - logSum);
}
