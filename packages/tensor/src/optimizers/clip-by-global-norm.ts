import { HapsError } from "@haps/spec";
import type { Gradients } from "./optimizer.ts";

/** Euclidean norm of all gradients together, summed in float64. */
export function globalNorm(gradients: Gradients): number {
  let squares = 0;
  for (const gradient of gradients.values()) {
    for (let index = 0; index < gradient.length; index += 1) {
      const value = gradient[index] as number;
      squares += value * value;
    }
  }
  return Math.sqrt(squares);
}

/** What {@link clipByGlobalNorm} returns. */
export interface ClippedGradients {
  /** Norm before clipping. */
  readonly norm: number;
  /** The arguments themselves where nothing had to be clipped, else scaled copies. */
  readonly gradients: Gradients;
}

/**
 * Scales all gradients together so that their joint norm is at most `limit`.
 *
 * `g ← g · min(1, limit / ‖g‖)`
 *
 * @throws HapsError code `config` for a limit that is not positive; code `non-finite` when the norm is not finite.
 *
 * Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks (2013), algorithm 1.
 *
 * @example
 * ```ts
 * const { norm, gradients } = clipByGlobalNorm(new Map([["w", Float32Array.of(3, 4)]]), 1);
 * console.assert(norm === 5 && Math.abs((gradients.get("w")?.[0] ?? 0) - 0.6) < 1e-6);
 * ```
 */
export function clipByGlobalNorm(gradients: Gradients, limit: number): ClippedGradients {
  if (!(limit > 0)) {
    throw new HapsError(
      "config",
      `clipByGlobalNorm: the limit must be positive; got ${limit}; leave it out to not clip`,
      {
        limit,
      },
    );
  }
  const norm = globalNorm(gradients);
  if (!Number.isFinite(norm)) {
    throw new HapsError(
      "non-finite",
      `clipByGlobalNorm: the norm of the gradients is ${norm}; expected a finite number; find the gradient that overflowed`,
      { norm },
    );
  }
  if (norm <= limit) return { norm, gradients };
  const scale = limit / norm;
  const clipped = new Map<string, Float32Array>();
  for (const [name, gradient] of gradients) clipped.set(name, scaled(gradient, scale));
  return { norm, gradients: clipped };
}

/** A loop, since `map` makes an object of every number. */
function scaled(gradient: Float32Array, scale: number): Float32Array {
  const result = new Float32Array(gradient.length);
  for (let index = 0; index < result.length; index += 1) result[index] = (gradient[index] as number) * scale;
  return result;
}
