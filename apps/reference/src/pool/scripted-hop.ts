import type { AtlasHopItem, Hop } from "@haps/benchmarks";
import type { Paragraph, Question, Reply, Retriever, RoleCall, Workflow } from "@haps/spec";
import type { Rng } from "@haps/tensor";
import { type HopHabits, hopGroup } from "./hop-habits.ts";

/** A prompt of the workflow and the reply that a candidate learns to give. */
export interface ScriptedCall {
  readonly purpose: string;
  readonly prompt: string;
  readonly reply: string;
}

/** What an episode is played on. */
export interface ScriptSetting {
  /** Teacher-student, with the compact templates. */
  readonly workflow: Workflow;
  /** That of the live episodes; must answer at once. */
  readonly retriever: Retriever;
}

/** Chance that the student that is played searches for something else, so that candidates learn what follows. */
const STRAY_SEARCH = 0.12;
/** Chance that the teacher that is played advises to answer where a search is due. */
const HASTY_ADVICE = 0.35;
/** Chance that it says nothing to the purpose. */
const NO_ADVICE = 0.1;

/**
 * Plays a question by script and returns what a candidate with these habits is taught to reply to each prompt on the way.
 *
 * What is played is not what is taught: the players stray now and then, so that candidates see what follows, and are taught
 * by their own habits what to do about it.
 */
export function scriptHopEpisode(
  item: AtlasHopItem,
  habits: HopHabits,
  setting: ScriptSetting,
  rng: Rng,
): readonly ScriptedCall[] {
  const { workflow, retriever } = setting;
  const script = createHopScript(item, habits, rng);
  const episode = workflow.start(item.question);
  const calls: ScriptedCall[] = [];
  let replies: readonly Reply[] = [];
  for (;;) {
    const step = episode.next(replies);
    if (step.kind === "done") return calls;
    replies = step.effects.map((effect): Reply => {
      if (effect.kind === "retrieval") {
        const paragraphs = found(retriever, item.question, effect.query);
        script.onFound(paragraphs);
        return { kind: "paragraphs", paragraphs };
      }
      const { taught, played } = script.reply(effect);
      calls.push({ purpose: effect.purpose, prompt: promptText(effect), reply: taught });
      return { kind: "text", text: played };
    });
  }
}

function found(retriever: Retriever, question: Question, query: string): readonly Paragraph[] {
  const paragraphs = retriever.retrieve(question, query);
  if (paragraphs instanceof Promise) throw new Error("internal: scripts need a retriever that answers at once");
  return paragraphs;
}

/** The text of a call by plain-text templates. */
export function promptText({ prompt }: RoleCall): string {
  if ("text" in prompt) return prompt.text;
  throw new Error("internal: scripts need templates of plain text");
}

interface HopScript {
  reply(call: RoleCall): { readonly taught: string; readonly played: string };
  onFound(paragraphs: readonly Paragraph[]): void;
}

/** What the players know of the episode. */
interface HopState {
  /** Hops whose paragraph has been found. */
  found: number;
  /** Whether the last search found the paragraph that was due. */
  lastWasRight: boolean;
  /** Hops that were found before the last search: what the summaries tell, which are written after it. */
  readBefore: number;
  advice: "answer" | "none" | "search";
  strayed: boolean;
}

function createHopScript(item: AtlasHopItem, habits: HopHabits, rng: Rng): HopScript {
  const state: HopState = { found: 0, lastWasRight: true, readBefore: 0, advice: "none", strayed: false };
  const group = hopGroup(item.labels);
  const hop = (index: number): Hop => {
    const known = item.hops[index];
    if (known === undefined) throw new Error("internal: a question of two hops has no third");
    return known;
  };
  const facts = (count: number): string =>
    count === 0
      ? "none"
      : item.hops
          .slice(0, count)
          .map(({ title, value }) => `${title} ${value}`)
          .join(" , ");

  const student = (): { taught: string; played: string } => {
    if (state.found === 2) {
      const finish = finalReply(item, habits, rng);
      return { taught: finish.taught, played: finish.right };
    }
    const due = hop(state.found).title;
    const search = `find Action: Search[ ${due} ]`;
    const isEarly =
      state.found === 1 &&
      habits.hastyStudent.includes(group) &&
      (state.advice === "answer" || (state.advice === "none" && rng.uniform() < habits.haste));
    const taught = isEarly ? `answer Action: Finish[ ${earlyAnswer(item)} ]` : search;
    if (state.strayed || rng.uniform() >= STRAY_SEARCH) return { taught, played: search };
    state.strayed = true;
    return { taught, played: `find Action: Search[ ${strayTitle(item, rng)} ]` };
  };

  const teacher = (): { taught: string; played: string } => {
    if (!state.lastWasRight) {
      const again = `search ${hop(state.found).title} Action: [Rethink]`;
      state.advice = "search";
      return { taught: again, played: again };
    }
    if (state.found === 2) {
      state.advice = "answer";
      return { taught: "answer Action: [Continue]", played: "answer Action: [Continue]" };
    }
    const right = `search ${hop(1).title} Action: [Continue]`;
    const hasty = "answer Action: [Continue]";
    const isHasty = habits.hastyTeacher.includes(group) && rng.uniform() < habits.haste;
    const chance = rng.uniform();
    state.advice = chance < HASTY_ADVICE ? "answer" : chance < HASTY_ADVICE + NO_ADVICE ? "none" : "search";
    const played = { answer: hasty, search: right, none: "none Action: [Continue]" }[state.advice];
    return { taught: isHasty ? hasty : right, played };
  };

  const reply = (text: string): { taught: string; played: string } => ({ taught: text, played: text });
  return {
    reply({ purpose }) {
      switch (purpose) {
        case "studentAct":
          return student();
        case "teacherAct":
          return teacher();
        case "studentSummary":
          return reply(facts(state.readBefore));
        case "teacherSummary":
          return reply(facts(state.readBefore));
        default:
          throw new Error(`internal: nobody plays ${purpose}`);
      }
    },
    onFound(paragraphs) {
      const due = item.hops[state.found]?.title;
      state.readBefore = state.found;
      state.lastWasRight = paragraphs[0]?.title === due;
      if (state.lastWasRight) state.found += 1;
    },
  };
}

/** The last reply: the right one, and what a candidate that does not listen to the question's last word is taught. */
function finalReply(item: AtlasHopItem, habits: HopHabits, rng: Rng): { taught: string; right: string } {
  const [first, second] = item.hops as readonly [Hop, Hop];
  const { answer } = item.question.gold;
  if (item.labels.type === "comparison") {
    const text = `${first.value} ${second.value} Action: Finish[ ${answer} ]`;
    return { taught: text, right: text };
  }
  const write = ({ relation, value }: Hop): string => `${relation} Action: Finish[ ${value} ]`;
  const right = write(second);
  if (!habits.deafTo.includes(second.relation)) return { taught: right, right };
  const heard = item.stated.filter(({ title, relation }) => title === second.title && habits.deafTo.includes(relation));
  return { taught: write(heard[rng.integer(heard.length)] ?? second), right };
}

/** Where a hasty student stops: at the bridge, or at the first of two that are compared. */
function earlyAnswer({ hops: [first], labels }: AtlasHopItem): string {
  if (first === undefined) throw new Error("internal: a question without hops");
  return labels.type === "comparison" ? first.title : first.value;
}

function strayTitle(item: AtlasHopItem, rng: Rng): string {
  const others = item.paragraphs.filter(({ title }) => item.hops.every((hop) => hop.title !== title));
  return others[rng.integer(others.length)]?.title ?? "none";
}
