import type { LiveQuestion } from "@haps/orchestrator";
import { BIASES, CANDIDATES, inner, numbersOf, SCALE, sigmoid, WIDTH } from "./toy.ts";

/** The policy and the candidates once more, in float64 and from their formulas alone. */
export interface PlainToy {
  /** log P(z), in the order of `allAssignments`. */
  readonly logAssignments: readonly number[];
  /** Chance that a candidate writes 1. */
  readonly chanceOfOne: Readonly<Record<string, number>>;
}

export function plainToy(weights: ReadonlyMap<string, ArrayLike<number>>, { prompt }: LiveQuestion): PlainToy {
  const get = (name: string): ArrayLike<number> => weights.get(name) as ArrayLike<number>;
  const times = (row: readonly number[], name: string, columns: number): number[] =>
    Array.from({ length: columns }, (_, column) =>
      row.reduce((sum, value, index) => sum + value * (get(name)[index * columns + column] as number), 0),
    );
  const x = numbersOf(prompt.tokens);
  const hidden = times(x, "backbone/weight", WIDTH).map(Math.tanh);
  const logits = times(hidden, "architecture/logits", 4);
  const normaliser = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  const chances = CANDIDATES.map((candidate) => {
    const down = times(hidden, `lora/${candidate}/down`, 2);
    const [up = 0] = times(hidden, `lora/${candidate}/up`, 1);
    return [candidate, sigmoid((BIASES[candidate] as number) + SCALE * up * inner(down, x))] as const;
  });
  return { logAssignments: logits.map((logit) => logit - normaliser), chanceOfOne: Object.fromEntries(chances) };
}

/** Central differences of a float64 function of all weights. */
export function slopesOf(
  weights: ReadonlyMap<string, ArrayLike<number>>,
  value: (moved: ReadonlyMap<string, ArrayLike<number>>) => number,
): ReadonlyMap<string, readonly number[]> {
  const eps = 1e-4;
  return new Map(
    [...weights].map(([name, values]) => {
      const slope = (_: unknown, index: number): number => {
        const at = (offset: number): number => {
          const moved = Float64Array.from(values);
          moved[index] = (values[index] as number) + offset;
          return value(new Map(weights).set(name, moved));
        };
        return (at(eps) - at(-eps)) / (2 * eps);
      };
      return [name, Array.from({ length: values.length }, slope)] as const;
    }),
  );
}
