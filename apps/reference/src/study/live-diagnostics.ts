import { loraDivergence, loraUpdateSizes } from "@haps/language-model";
import { decideLive, evaluateLive, type LiveResult } from "@haps/orchestrator";
import { nodeFiles } from "@haps/run";
import type { CallRecord, CandidateId, LoraWeights } from "@haps/spec";
import { evaluatedAssignments, type LiveMethod } from "../live/live-method.ts";
import type { TrainedLiveMethod } from "../live/train-live-method.ts";
import type { StudyContext } from "./study-context.ts";

/** Questions of valid that are looked at. */
const QUESTIONS = 128;

/**
 * What generated weights did, on questions of valid: size of the updates relative to the weights, divergence of the replies per
 * token, share of answers that they changed, and the mean gradient norms of training.
 *
 * A low level that changes nothing shows zeros.
 */
export async function liveDiagnostics(
  { setting }: Pick<StudyContext, "setting">,
  { policy, costWeight }: TrainedLiveMethod,
  method: LiveMethod,
  jointFolder: string,
): Promise<Readonly<Record<string, number | null>>> {
  const norms = method.joint === null ? {} : await gradientNorms(jointFolder);
  if (method.low.kind === "none") return norms;
  const { environment, decoding, benchmark, pool } = setting;
  const questions = benchmark.splits.valid.slice(0, QUESTIONS).map(setting.toLive);
  const common = {
    policy,
    environment,
    questions,
    decoding,
    costWeight,
    batch: QUESTIONS,
    assignments: evaluatedAssignments(method),
    label: "diagnostics",
  };
  const withLora = await evaluateLive(common);
  const without = await evaluateLive({ ...common, withLora: false });
  const figures: Record<string, number | null> = {
    ...norms,
    changedAnswers: changedShare(withLora.results, without.results),
  };
  // The weights of the trials once more: the same policy on the same questions, for every candidate.
  for (const { id, model } of pool.candidates) {
    const index = policy.candidates.indexOf(id);
    const own = decideLive(policy, questions, {
      assignments: { fixed: new Array<number>(policy.roles).fill(index) },
      costWeights: questions.map(() => costWeight),
      label: `diagnostics ${id}`,
    }).map(({ lora }) => lora.get(id) as LoraWeights);
    figures[`updateSize/${id}`] = meanOf(loraUpdateSizes(model, own).map(({ relative }) => relative));
    const items = callsOf(withLora.results, id).map(({ call, place }) => ({
      ...call,
      lora: own[place] as LoraWeights,
    }));
    figures[`divergence/${id}`] = items.length === 0 ? null : loraDivergence(model, items).mean;
  }
  return figures;
}

function callsOf(
  results: readonly LiveResult[],
  candidate: CandidateId,
): readonly { readonly call: CallRecord; readonly place: number }[] {
  return results.flatMap(({ outcome }, place) =>
    (outcome.calls ?? []).filter((call) => call.candidate === candidate).map((call) => ({ call, place })),
  );
}

function changedShare(left: readonly LiveResult[], right: readonly LiveResult[]): number {
  const answer = ({ outcome }: LiveResult): string | null => ("answer" in outcome ? outcome.answer : null);
  const changed = left.filter((result, place) => answer(result) !== answer(right[place] as LiveResult));
  return changed.length / left.length;
}

/** Mean of each part's gradient norm over the steps of training, from the run's log. */
async function gradientNorms(folder: string): Promise<Readonly<Record<string, number>>> {
  const bytes = await nodeFiles.read(`${folder}/metrics.jsonl`);
  const sums = new Map<string, { sum: number; count: number }>();
  for (const line of new TextDecoder().decode(bytes ?? new Uint8Array()).split("\n")) {
    if (line === "") continue;
    const { step } = JSON.parse(line) as { readonly step?: { readonly gradientNorms?: Record<string, number> } };
    for (const [part, norm] of Object.entries(step?.gradientNorms ?? {})) {
      const { sum, count } = sums.get(part) ?? { sum: 0, count: 0 };
      sums.set(part, { sum: sum + norm, count: count + 1 });
    }
  }
  return Object.fromEntries([...sums].map(([part, { sum, count }]) => [`gradientNorm/${part}`, sum / count]));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
