import type { BenchmarkRow, Progress } from "../benchmark.ts";
import { interleave } from "../interleave.ts";
import { ratio } from "../language-model/measure-decoding.ts";
import type { Measurement } from "../language-model/measurement.ts";
import { median } from "../statistics.ts";
import { type JointParts, type OpenedTraining, openTraining, type TrainingVariant } from "./joint-parts.ts";

/** One way to train. */
interface RateCase {
  readonly name: string;
  readonly variant: TrainingVariant;
  /** Updates in a round. */
  readonly updates: number;
  /** Of an update. */
  readonly questions: number;
  /** Of a question. */
  readonly episodes: number;
}

const QUESTIONS = 24;
const EPISODES = 6;
/** Updates of the authors' algorithm in a round: as many questions as one update of the default. */
const RELEASED = 24;
const RELEASED_SHAPE = { updates: RELEASED, questions: 1, episodes: 1 };
const DEFAULT_SHAPE = { updates: 1, questions: QUESTIONS, episodes: EPISODES };

const DEFAULT: RateCase = { name: "default", variant: {}, ...DEFAULT_SHAPE };
/** As many episodes as the default, each of a question of its own. */
const SPREAD: RateCase = {
  name: "default, one episode per question",
  variant: { trainer: { questionsPerStep: QUESTIONS * EPISODES, rollouts: 1 } },
  updates: 1,
  questions: QUESTIONS * EPISODES,
  episodes: 1,
};

/** Ways that differ from the default in one thing. */
const SWITCHED: readonly RateCase[] = [
  { name: "default, calls one at a time", variant: { engines: { calls: "alone" } }, ...DEFAULT_SHAPE },
  { name: "default, full gradients", variant: { engines: { gradient: "full" } }, ...DEFAULT_SHAPE },
  { name: "default, dense weights", variant: { engines: { weights: "merged" } }, ...DEFAULT_SHAPE },
];

const RELEASED_CASES: readonly RateCase[] = [
  { name: "released", variant: { released: true }, ...RELEASED_SHAPE },
  {
    name: "released, dense weights, full gradients",
    variant: { released: true, engines: { weights: "merged", gradient: "full" } },
    ...RELEASED_SHAPE,
  },
  {
    // Its gradient knows the full softmax alone, which takes no longer than the one over the nucleus.
    name: "released, dense weights, token by token",
    variant: {
      released: true,
      engines: { weights: "merged", gradient: "steps", calls: "alone" },
      trainer: { likelihood: "full" },
    },
    ...RELEASED_SHAPE,
  },
];

/** Questions and episodes per second of joint training, the authors' algorithm beside it, and what each way of working saves. */
export async function measureRates(
  parts: JointParts,
  progress: Progress,
  clock: () => number = () => performance.now(),
): Promise<Measurement> {
  const cases = [DEFAULT, SPREAD, ...SWITCHED, ...RELEASED_CASES];
  const opened: OpenedTraining[] = [];
  try {
    for (const { variant } of cases) opened.push(await openTraining(parts, variant));
    const times = await interleave(
      cases.map(({ name, updates }, index) => ({ name, run: () => trainFor(opened[index], updates) })),
      { warmUp: 1, rounds: 7, progress, clock },
    );
    const slower = (one: RateCase, other: RateCase, of: (shape: RateCase) => number): number =>
      (ratio(times, one.name, other.name) * of(other)) / of(one);
    const against = (other: RateCase, of: (shape: RateCase) => number, unit: string) =>
      Object.fromEntries(
        [...RELEASED_CASES, ...(other === DEFAULT ? SWITCHED : [])].map((one) => [
          `${other.name} against ${one.name}, ${unit} per second`,
          slower(one, other, of),
        ]),
      );
    return {
      rows: cases.flatMap((one) => rowsOf(one, median(times.get(one.name) ?? []))),
      ratios: {
        ...against(SPREAD, questionsOf, "questions"),
        ...against(DEFAULT, questionsOf, "questions"),
        ...against(DEFAULT, episodesOf, "episodes"),
      },
    };
  } finally {
    for (const training of opened) await training.dispose();
  }
}

const questionsOf = ({ updates, questions }: RateCase): number => updates * questions;
const episodesOf = (shape: RateCase): number => questionsOf(shape) * shape.episodes;

function rowsOf(one: RateCase, milliseconds: number): BenchmarkRow[] {
  const name = `${one.name} (${one.questions} x ${one.episodes} episodes per update)`;
  return [
    { case: name, median: (1000 * questionsOf(one)) / milliseconds, unit: "questions/s" },
    { case: name, median: (1000 * episodesOf(one)) / milliseconds, unit: "episodes/s" },
  ];
}

async function trainFor(training: OpenedTraining | undefined, updates: number): Promise<void> {
  for (let update = 0; update < updates; update += 1) {
    const step = await training?.trainer.step();
    if (step === undefined || step.failed > 0) throw new Error(`${step?.failed ?? "all"} episodes failed`);
  }
}
