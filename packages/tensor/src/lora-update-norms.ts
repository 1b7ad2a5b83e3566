import type { LoraFactors, LoraWeights } from "@haps/spec";

/**
 * Frobenius norm of the update of each target, `‖scale · up · down‖`, without forming the product.
 *
 * `‖U D‖² = Σ_ij (UᵀU)_ij (D Dᵀ)_ij`: two products of the size of the rank.
 *
 * In float64.
 *
 * @returns One norm per target, in order.
 *
 * @example
 * ```ts
 * const target = { layer: 0, projection: "o", in: 2, out: 2, rank: 1 } as const;
 * const factors = { target, down: Float32Array.of(3, 4), up: Float32Array.of(0, 2) };
 * console.assert(loraUpdateNorms({ id: "a", targets: [factors], scale: 0.5 })[0] === 5);
 * ```
 */
export function loraUpdateNorms({ targets, scale }: LoraWeights): readonly number[] {
  return targets.map((factors) => Math.abs(scale) * Math.sqrt(Math.max(0, squaredNorm(factors))));
}

function squaredNorm({ target, down, up }: LoraFactors): number {
  const { rank } = target;
  let sum = 0;
  for (let i = 0; i < rank; i += 1) {
    for (let j = 0; j < rank; j += 1) {
      let ups = 0;
      for (let row = 0; row < target.out; row += 1) {
        ups += (up[row * rank + i] as number) * (up[row * rank + j] as number);
      }
      let downs = 0;
      for (let column = 0; column < target.in; column += 1) {
        downs += (down[i * target.in + column] as number) * (down[j * target.in + column] as number);
      }
      sum += ups * downs;
    }
  }
  return sum;
}
