import { type AtlasHopItem, createAtlasHop } from "@haps/benchmarks";
import type { LoraWeights, Trial } from "@haps/spec";
import { allAssignments } from "@haps/tensor";
import { atlasHopLive } from "../live/live-benchmark.ts";
import { type LiveSetting, openLiveSetting } from "../live/live-setting.ts";
import { trainSupervisedLora } from "./supervised-lora.ts";

/** One thing that was measured. */
export interface GateFigure {
  readonly name: string;
  readonly value: number;
}

/** What {@link measureGates} needs. */
export interface MeasureGatesOptions {
  readonly poolFolder: string;
  /** Questions of train that the class table is fitted on. */
  readonly fitted: number;
  readonly ranks: readonly number[];
  readonly steps: number;
  readonly learningRate: number;
  readonly onFigure?: (figure: GateFigure) => void;
}

/**
 * Measures on valid whether a pool leaves routing and generated weights something to do: static assignments, the table of template
 * classes, what exchanging the teacher changes, and supervised LoRA for all questions and for each class.
 */
export async function measureGates(options: MeasureGatesOptions): Promise<readonly GateFigure[]> {
  const setting = await openLiveSetting({
    benchmark: atlasHopLive({ train: options.fitted, valid: 500, test: 0 }),
    poolFolder: options.poolFolder,
  });
  const figures: GateFigure[] = [];
  const tell = (name: string, value: number): void => {
    figures.push({ name, value });
    options.onFigure?.({ name, value });
  };
  try {
    const hop = createAtlasHop({ test: 0 });
    const [fitted, valid] = [hop.train.slice(0, options.fitted), hop.valid];
    const [onFitted, onValid] = [await playAll(setting, fitted), await playAll(setting, valid)];
    const names = assignmentNames(setting);
    names.forEach((name, arm) => {
      tell(`F1 of ${name}`, mean(onValid.map((row) => row[arm] as number)));
    });
    const best = Math.max(...names.map((_, arm) => mean(onValid.map((row) => row[arm] as number))));
    tell("best static assignment", best);
    tell("table of template classes above it", mean(classTable(fitted, onFitted, valid, onValid)) - best);
    const candidates = setting.pool.candidates.length;
    const exchanged = setting.pool.candidates.map(({ id }, student) => {
      const byTeacher = Array.from({ length: candidates }, (_, teacher) =>
        mean(onValid.map((row) => row[teacher * candidates + student] as number)),
      );
      const change = Math.max(...byTeacher) - Math.min(...byTeacher);
      tell(`exchanging the teacher of ${id}`, change);
      return change;
    });
    tell("largest change by the teacher", Math.max(...exchanged));
    await supervised(setting, valid, options, tell);
    return figures;
  } finally {
    await setting.dispose();
  }
}

/** Both roles played by one candidate with weights for all questions, or for each class. */
async function supervised(
  setting: LiveSetting,
  valid: readonly AtlasHopItem[],
  { ranks, steps, learningRate }: MeasureGatesOptions,
  tell: (name: string, value: number) => void,
): Promise<void> {
  for (const [index, candidate] of setting.pool.candidates.entries()) {
    const base = mean(await play(setting, valid, [index, index]));
    for (const rank of ranks) {
      for (const [kind, classOf] of KINDS) {
        const common = { candidate, tokenizer: setting.pool.tokenizer, rank, steps, learningRate, seed: 1 };
        const weights = await trainSupervisedLora({ ...common, classOf });
        const lora = (item: AtlasHopItem): LoraWeights | undefined => weights.get(classOf(item));
        tell(
          `${candidate.id}, rank ${rank}, LoRA ${kind}: gain`,
          mean(await play(setting, valid, [index, index], lora)) - base,
        );
      }
    }
  }
}

const KINDS: readonly (readonly [string, (item: AtlasHopItem) => string])[] = [
  ["for all questions", () => "all"],
  ["for each class", ({ labels }) => labels.class],
];

async function playAll(setting: LiveSetting, items: readonly AtlasHopItem[]): Promise<readonly number[][]> {
  const { task } = setting.benchmark.workflow;
  const rows: number[][] = items.map(() => []);
  for (const assignment of allAssignments(task.roles.length, setting.pool.candidates.length)) {
    const scores = await play(setting, items, assignment);
    scores.forEach((score, row) => {
      rows[row]?.push(score);
    });
  }
  return rows;
}

async function play(
  setting: LiveSetting,
  items: readonly AtlasHopItem[],
  assignment: readonly number[],
  lora: (item: AtlasHopItem) => LoraWeights | undefined = () => undefined,
): Promise<readonly number[]> {
  const { environment, decoding, pool } = setting;
  const trials = items.map((item): Trial => {
    const own = lora(item);
    const roles = environment.task.roles.map(({ id }, role) => {
      const candidate = pool.candidates[assignment[role] as number]?.id ?? "";
      return [id, { candidate, decoding, ...(own === undefined ? {} : { lora: own }) }] as const;
    });
    return { id: item.question.id, question: item.question, roles: Object.fromEntries(roles), seed: 1 };
  });
  const scores = new Map<string, number>();
  for await (const outcome of environment.run(trials)) {
    scores.set(outcome.trialId, "score" in outcome ? outcome.score : Number.NaN);
  }
  return items.map(({ question }) => scores.get(question.id) ?? Number.NaN);
}

/** Scores on `valid` of the assignment that is best on `fitted` for each class. */
function classTable(
  fitted: readonly AtlasHopItem[],
  onFitted: readonly (readonly number[])[],
  valid: readonly AtlasHopItem[],
  onValid: readonly (readonly number[])[],
): readonly number[] {
  const chosen = new Map<string, number>();
  for (const name of new Set(fitted.map(({ labels }) => labels.class))) {
    const rows = onFitted.filter((_, row) => fitted[row]?.labels.class === name);
    const means = (rows[0] ?? []).map((_, arm) => mean(rows.map((row) => row[arm] as number)));
    chosen.set(name, means.indexOf(Math.max(...means)));
  }
  return valid.map(({ labels }, row) => onValid[row]?.[chosen.get(labels.class) ?? 0] ?? Number.NaN);
}

function assignmentNames({ benchmark, pool }: LiveSetting): readonly string[] {
  const { roles } = benchmark.workflow.task;
  return allAssignments(roles.length, pool.candidates.length).map((assignment) =>
    roles.map(({ id }, role) => `${id} ${pool.candidates[assignment[role] as number]?.id}`).join(", "),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
