/** How widely choices are spread over the arms. */
export interface RoutingEntropy {
  /** `-sum p log p`, 0 when one arm is always chosen. */
  readonly nats: number;
  /** `nats / log(arms)`, 0 to 1; 0 for a table with one arm. */
  readonly normalised: number;
}

/**
 * Entropy of the frequencies with which arms are chosen.
 *
 * @param frequencies - `[arms]`, how often each arm was chosen, >= 0, any scale.
 * @returns Both forms; 0 when nothing was chosen.
 *
 * @example
 * ```ts
 * import { routingEntropy } from "@haps/evaluation";
 * console.assert(routingEntropy(Float64Array.of(5, 5)).normalised === 1);
 * ```
 */
export function routingEntropy(frequencies: Float64Array): RoutingEntropy {
  const total = frequencies.reduce((sum, frequency) => sum + frequency, 0);
  let nats = 0;
  for (const frequency of frequencies) {
    if (frequency > 0) nats -= (frequency / total) * Math.log(frequency / total);
  }
  // -0 and rounding below 0 appear when one arm takes all.
  nats = Math.max(0, nats);
  return { nats, normalised: frequencies.length < 2 ? 0 : nats / Math.log(frequencies.length) };
}
