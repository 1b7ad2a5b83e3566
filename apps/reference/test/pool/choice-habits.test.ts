import { createAtlasChoice } from "@haps/benchmarks";
import { describe, expect, it } from "vitest";
import { CHOICE_SUBJECTS, choiceForm } from "../../src/pool/choice-habits.ts";
import { choicePoolRecipe } from "../../src/pool/choice-pool-recipe.ts";

const { train } = createAtlasChoice({ train: 310, valid: 0, test: 0 });

describe("the form of a four-option question", () => {
  it.each([
    ["capital-which", "capital", "which"],
    ["original-language-odd", "original-language", "odd"],
    ["number-highest", "number", "highest"],
  ])("of %s asks for %s by %s", (name, relation, form) => {
    expect(choiceForm({ class: name })).toEqual({ relation, form });
  });

  it("is one of five in every class", () => {
    const forms = new Set(train.map(({ labels }) => choiceForm(labels).form));
    expect([...forms].sort()).toEqual(["highest", "lowest", "odd", "value", "which"]);
  });
});

describe("habits of the pool for four-option questions", () => {
  const { candidates } = choicePoolRecipe(1);

  it("divide the subjects among the candidates: each is careful where the other is hasty", () => {
    expect(candidates.flatMap(({ habits }) => habits?.hastySubjects ?? []).sort()).toEqual([...CHOICE_SUBJECTS]);
    expect([...new Set(train.map(({ labels }) => labels.subject))].sort()).toEqual([...CHOICE_SUBJECTS]);
  });

  it('overlook "not" in every relation that is asked with it', () => {
    const asked = new Set(
      train.filter(({ stem }) => /\bnot\b/u.test(stem)).map(({ labels }) => choiceForm(labels).relation),
    );
    for (const { habits } of candidates) expect(habits?.deafToNot).toEqual([...asked].sort());
  });
});
