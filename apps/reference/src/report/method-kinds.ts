import type { EvaluationResult, MethodResult } from "../evaluation/evaluation-result.ts";
import { methods } from "../methods.ts";

/** A loss of less than this against the best single arm or a rival counts as none. */
export const NON_INFERIORITY_MARGIN = -0.015;

/** Methods of a result by what they are good for. */
export interface MethodKinds {
  readonly haps: MethodResult | undefined;
  /** HAPS and its operating point. */
  readonly own: readonly MethodResult[];
  readonly rivals: readonly MethodResult[];
  /** Fitted, but with labels that a router cannot know. */
  readonly controls: readonly MethodResult[];
  readonly ablations: readonly MethodResult[];
  /** Computed without a fit. */
  readonly references: readonly MethodResult[];
}

/** Sorts the methods of a result. */
export function methodKinds({ summary, ablations }: EvaluationResult): MethodKinds {
  const left = new Set(ablations.map(({ name }) => name));
  const fitted = summary.methods.filter(({ name, reference }) => !reference && !left.has(name));
  const isOwn = ({ name }: MethodResult): boolean => name === "haps" || name === "haps-operating-point";
  return {
    haps: summary.methods.find(({ name }) => name === "haps"),
    own: fitted.filter(isOwn),
    rivals: fitted.filter((method) => !isOwn(method) && !method.privileged),
    controls: fitted.filter((method) => !isOwn(method) && method.privileged),
    ablations: summary.methods.filter(({ name }) => left.has(name)),
    references: summary.methods.filter(({ reference, name }) => reference && !left.has(name)),
  };
}

const REFERENCES: Readonly<Record<string, string>> = {
  "best-single": "always the arm that scores best on the training part",
  cheapest: "always the arm that costs least on the training part",
  random: "any arm with equal probability",
  oracle: "the best arm of every question, with hindsight; noise inflates it",
  "oracle-halves": "hindsight from one half of the samples, scored by the other: not inflated",
  "own-router": "a router module of one's own",
};

/** What a method does, in a few words; `undefined` for one that this version does not know. */
export function methodDescription(name: string): string | undefined {
  return REFERENCES[name] ?? methods.find((method) => method.id === name)?.description;
}
