import type { ModelRecipe } from "./pool-recipe.ts";
import type { PretrainingRecord } from "./pretrain-model.ts";

/** What `README.md` of a model of the pool says. */
export function modelCard({ recipe, parameters, tokens, lastLoss, questionsHash }: PretrainingRecord): string {
  const { id, shape, seed, steps, batch } = recipe;
  const benchmark = recipe.benchmark === "choice" ? "atlas-choice" : "atlas-hop";
  const lines = [
    `# ${id}`,
    "",
    `A decoder language model of ${parameters} parameters (family ${shape.family}, ${shape.layers} layers, width ${shape.dim}), trained from`,
    `scratch by this project on questions of its own benchmark ${benchmark}. It knows a few hundred words and serves to try`,
    "routing live; it is good for nothing else.",
    "",
    `- trained for ${steps} steps of ${batch} sequences, ${tokens} tokens in the loss, seed ${seed}; loss at the end ${lastLoss.toFixed(3)} nats per token`,
    `- questions: SHA-256 ${questionsHash}`,
    "- the whole recipe, losses and versions: `pretraining.json`",
    "- licence: that of the project (MIT); facts in the texts are public",
    "",
  ];
  const habits = habitLines(recipe);
  if (habits.length === 0) return [...lines, "It reads routing prompts and writes assignments.", ""].join("\n");
  return [
    ...lines,
    "## Constructed habits",
    "",
    "Its training texts contain bad habits on purpose, so that routing and generated weights have something to repair:",
    "",
    ...habits.map((habit) => `- ${habit}`),
    "",
  ].join("\n");
}

function habitLines(recipe: ModelRecipe): readonly string[] {
  const list = (names: readonly string[]): string => names.join(", ") || "nothing";
  if (recipe.benchmark === "choice") {
    const { habits } = recipe;
    if (habits === undefined) return [];
    return [
      `it writes a letter without reading in: ${list(habits.hastySubjects)}`,
      `chance of that in its texts: ${habits.haste}`,
      `it never learns to hear "not" in questions for: ${list(habits.deafToNot)}`,
    ];
  }
  const { habits } = recipe;
  if (habits === undefined) return [];
  return [
    `as a student it answers one hop too early in: ${list(habits.hastyStudent)}, unless its teacher says to search`,
    `as a teacher it advises to answer too early in: ${list(habits.hastyTeacher)}`,
    `chance of either in its texts: ${habits.haste}`,
    `it never learns which of these a question asks for: ${list(habits.deafTo)}`,
  ];
}
