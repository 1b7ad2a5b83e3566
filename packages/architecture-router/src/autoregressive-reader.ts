import type { NamedVariables } from "@haps/tensor";
import type { RoleInputs } from "./autoregressive-scores.ts";

/**
 * Reads an autoregressive head out of tfjs once, so that searches can ask for one prefix at a time without a tensor.
 *
 * Sums are in double precision; they agree with the tensor path within float32 rounding.
 *
 * @returns For a row of the batch and a prefix of choices, the scores of all candidates for the next role.
 */
export function createScoreReader(
  variables: NamedVariables,
  inputs: RoleInputs & { readonly candidates: number },
): (row: number, prefix: readonly number[]) => Float64Array {
  const hidden = inputs.hidden.dataSync<"float32">();
  const costWeights = inputs.costWeights.dataSync<"float32">();
  const width = inputs.hidden.shape[1];
  const { candidates } = inputs;
  const parameters = new Map([...variables].map(([name, variable]) => [name, variable.dataSync<"float32">()]));
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

  return (row, prefix) => {
    const input = context(row, prefix);
    const name = `role-${prefix.length}`;
    return Float64Array.from({ length: candidates }, (_, candidate) => {
      const cost = (costWeights[row] as number) * affine(`${name}/cost`, candidate, input);
      return affine(`${name}/quality`, candidate, input) - cost;
    });
  };
}
