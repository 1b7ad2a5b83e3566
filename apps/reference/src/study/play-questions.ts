import { decideLive, makeTrials } from "@haps/orchestrator";
import type { EpisodeTrace, LabelledQuestion, Outcome } from "@haps/spec";
import { createLiveEnvironment } from "@haps/workflow";
import type { LiveSetting } from "../live/live-setting.ts";
import type { TrainedLiveMethod } from "../live/train-live-method.ts";

/** How a question went. */
export interface PlayedQuestion {
  readonly trace: EpisodeTrace;
  readonly outcome: Outcome;
  /** Candidate of each role. */
  readonly candidates: Readonly<Record<string, string>>;
}

/** Routes questions with a trained method and plays them, keeping the traces. */
export async function playQuestions(
  setting: LiveSetting,
  { policy, costWeight }: Pick<TrainedLiveMethod, "costWeight" | "policy">,
  questions: readonly LabelledQuestion[],
  options: { readonly withLora: boolean; readonly signal?: AbortSignal },
): Promise<readonly PlayedQuestion[]> {
  if (questions.length === 0) return [];
  const { benchmark, pool, decoding } = setting;
  const { workflow, retriever, score } = benchmark;
  const live = questions.map((question) => setting.toLive({ question, labels: {} }));
  const decisions = decideLive(policy, live, {
    assignments: "best",
    costWeights: live.map(() => costWeight),
    withLora: options.withLora,
    label: options.withLora ? "played" : "played without LoRA",
  });
  const trials = makeTrials({
    task: workflow.task,
    candidates: policy.candidates,
    questions: live,
    decisions,
    decoding,
    seeds: live.map(() => 1),
    label: "played",
  });
  const played = new Map<string, { readonly trace: EpisodeTrace; readonly outcome: Outcome }>();
  const environment = createLiveEnvironment({
    workflow,
    engines: pool.candidates.map(({ engine }) => engine),
    ...(retriever === undefined ? {} : { retriever }),
    scorer: benchmark.scorer,
    score,
    onTrace: (trace, outcome) => played.set(trace.id, { trace, outcome }),
  });
  const { signal } = options;
  for await (const _ of environment.run(trials, signal === undefined ? {} : { signal }));
  return trials.map(({ id, roles }) => {
    const one = played.get(id);
    if (one === undefined) throw new Error(`internal: trial ${id} left no trace`);
    const candidates = Object.entries(roles).map(([role, { candidate }]) => [role, candidate] as const);
    return { ...one, candidates: Object.fromEntries(candidates) };
  });
}
