import type { FactBase } from "../facts/fact-base.ts";
import { entityAt } from "../paragraph.ts";
import { createRandomStream, type RandomStream } from "../random-stream.ts";
import { fillTemplate, inText, sentenceCase } from "../wording.ts";
import { createCounterfactualWorld, createTrueWorld, type World } from "../world.ts";
import type { HopDraft } from "./atlas-hop-item.ts";
import type { BridgeKind } from "./bridge-kinds.ts";
import { bridgeChain } from "./chain-splits.ts";

/** A subject and one way to ask about it. */
export interface BridgeText {
  readonly subject: string;
  readonly wording: string;
}

/**
 * Every text of a kind for the given subjects, in random order by rounds: each subject comes once before one comes again.
 */
export function bridgeTexts(
  kind: BridgeKind,
  subjects: readonly string[],
  stream: RandomStream,
): readonly BridgeText[] {
  const wordings = new Map(subjects.map((subject) => [subject, stream.shuffle(kind.wordings)]));
  return kind.wordings.flatMap((_, round) =>
    stream.shuffle(subjects).map((subject) => ({ subject, wording: wordings.get(subject)?.[round] ?? "" })),
  );
}

/** Makes a bridge question of a text. */
export function draftBridge(
  facts: FactBase,
  kind: BridgeKind,
  { subject, wording }: BridgeText,
  options: { readonly seed: number; readonly counterfactual: number; readonly name: string },
): HopDraft {
  const isTrue = createRandomStream(options.seed, `${options.name}/world`).uniform() >= options.counterfactual;
  const truth = createTrueWorld(facts);
  const world = isTrue ? truth : falseWorld(facts, kind, subject, options);
  const bridge = entityAt(kind.first, world.valueOf(kind.first, subject));
  return {
    text: sentenceCase(fillTemplate(wording, { x: inText(facts, subject) })),
    answer: world.valueOf(kind.second, bridge.name),
    world,
    gold: [
      { ref: { table: kind.table, name: subject }, relation: kind.first },
      { ref: bridge, relation: kind.second },
    ],
    type: "bridge",
    class: kind.id,
    family: kind.table,
    chain: bridgeChain(kind, subject),
    // A country that names its capital is found by the city without the paragraph about the city.
    ...(kind.first === "capital-of" ? { unsaid: "capital" as const } : {}),
  };
}

/** A counterfactual world in which the answer is not the true one, so that knowing it by heart does not help. */
function falseWorld(
  facts: FactBase,
  kind: BridgeKind,
  subject: string,
  { seed, name }: { readonly seed: number; readonly name: string },
): World {
  const answerIn = (world: World): string => world.valueOf(kind.second, world.valueOf(kind.first, subject));
  const truth = answerIn(createTrueWorld(facts));
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const world = createCounterfactualWorld(facts, seed, `${name}/world/${attempt}`);
    if (answerIn(world) !== truth) return world;
  }
  throw new Error(`internal: every world says the truth about ${subject}`);
}
