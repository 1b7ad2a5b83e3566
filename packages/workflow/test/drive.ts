import type { Effect, Episode, Reply, RoleCall, Step } from "@haps/spec";
import { textOf } from "./scripted-engine.ts";

/** What a test says to one effect. */
export type Answer = (effect: Effect, asked: readonly string[]) => string;

/** What an episode did. */
export interface Driven {
  /** Purposes of the calls, and `search: query`, in the order asked. */
  readonly asked: readonly string[];
  /** The same, grouped by step. */
  readonly rounds: readonly (readonly string[])[];
  readonly calls: readonly RoleCall[];
  readonly replies: readonly Reply[];
  readonly end: Step & { kind: "done" };
}

/** Plays an episode to its end with the answers of a test. */
export function drive(episode: Episode, answer: Answer): Driven {
  const rounds: string[][] = [];
  const calls: RoleCall[] = [];
  const replies: Reply[] = [];
  let step = episode.next([]);
  while (step.kind === "ask") {
    const names = step.effects.map((effect) => (effect.kind === "call" ? effect.purpose : `search: ${effect.query}`));
    const asked = rounds.flat();
    const round = step.effects.map((effect, index): Reply => {
      const text = answer(effect, [...asked, ...names.slice(0, index)]);
      return effect.kind === "call"
        ? { kind: "text", text }
        : { kind: "paragraphs", paragraphs: text === "" ? [] : [{ index: 0, title: "T", text }] };
    });
    rounds.push(names);
    calls.push(...step.effects.filter((effect) => effect.kind === "call"));
    replies.push(...round);
    step = episode.next(round);
  }
  return { asked: rounds.flat(), rounds, calls, replies, end: step };
}

/** Prompt of the nth call of a purpose, from 0. */
export function promptOf({ calls }: Driven, purpose: string, nth = 0): string {
  const call = calls.filter((one) => one.purpose === purpose)[nth];
  return call === undefined ? "" : textOf(call.prompt);
}
