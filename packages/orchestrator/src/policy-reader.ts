import type { CandidateId } from "@haps/spec";
import { logSoftmaxOf, type NamedVariables, type PolicyReader } from "@haps/tensor";
import type { PolicyParts } from "./policy.ts";

/**
 * Plain twin of a policy's forward pass, for single rows without a tensor; `undefined` where some part has none.
 *
 * @param prior - Variables `candidates/…` and `settings/<candidate>/…`, in logits.
 */
export function policyReader(
  { backbone, architecture, generators, privateBackbone, pool }: PolicyParts,
  prior: NamedVariables,
): PolicyReader | undefined {
  const encode = backbone.reader?.();
  const encodeLow = privateBackbone === undefined ? encode : privateBackbone.reader?.();
  const scoreAssignments = architecture.reader?.();
  const heads = [...generators].map(([id, generator]) => ({
    id,
    logitsOf: generator.reader?.(),
    prior: priorReader(prior, `settings/${id}`),
  }));
  if (encode === undefined || encodeLow === undefined || scoreAssignments === undefined) return undefined;
  if (heads.some(({ logitsOf }) => logitsOf === undefined)) return undefined;
  const candidatePrior = priorReader(prior, "candidates");
  return (features, costWeight) => {
    const hidden = encode(features);
    const lowHidden = encodeLow === encode ? hidden : encodeLow(features);
    const values = candidatePrior(costWeight);
    const settings = new Map<CandidateId, Float64Array>();
    for (const head of heads) {
      const offsets = head.prior(costWeight);
      const logits = head.logitsOf?.(lowHidden, costWeight) as Float64Array;
      const { logProbs, logSum } = logSoftmaxOf(logits.map((logit, place) => logit + (offsets[place] as number)));
      settings.set(head.id, logProbs);
      const place = pool.candidates.findIndex(({ id }) => id === head.id);
      values[place] = (values[place] as number) + logSum;
    }
    return {
      assignments: scoreAssignments(hidden, costWeight, values),
      settings: (candidate) => settings.get(candidate) ?? null,
    };
  };
}

function priorReader(prior: NamedVariables, name: string): (costWeight: number) => Float64Array {
  const [quality, cost] = ["quality", "cost"].map((part) =>
    Float32Array.from(prior.get(`${name}/${part}`).dataSync<"float32">()),
  ) as [Float32Array, Float32Array];
  return (costWeight) => Float64Array.from(quality, (value, place) => value - costWeight * (cost[place] as number));
}
