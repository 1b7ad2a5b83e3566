import { createAssignmentHead } from "@haps/architecture-router";
import { type AssignmentDistribution, type AssignmentHead, createRng, readVariables, tidyValue } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { expect, it } from "vitest";
import { allAssignments, type Form, type Inputs, logProbsByFormula, randomise } from "./oracle.ts";

const FORMS: readonly Form[] = ["joint", "autoregressive", "independent"];
const HIDDEN = 5;

function makeHead(form: Form, roles: number, candidates: number, seed = 1, scale = 0.8): AssignmentHead {
  const head = createAssignmentHead({ form, roles, candidates, hiddenDimension: HIDDEN, rng: createRng(seed) });
  randomise(head, seed, scale);
  return head;
}

function makeInputs(batch: number, candidates: number, seed = 1): Inputs & { values: number[][] } {
  const rng = createRng(seed).fork("inputs");
  return {
    hidden: Array.from({ length: batch }, () => [...rng.normals(HIDDEN)]),
    costWeights: Array.from({ length: batch }, (_, row) => (row === 0 ? 0 : Math.fround(rng.uniform()))),
    values: Array.from({ length: batch }, () => [...rng.normals(candidates)]),
  };
}

function forward(head: AssignmentHead, inputs: Inputs): AssignmentDistribution {
  return head.forward(tf.tensor2d(inputs.hidden as number[][]), tf.tensor1d(inputs.costWeights as number[]), {
    ...(inputs.legal === undefined ? {} : { legal: inputs.legal }),
    ...(inputs.values === undefined ? {} : { values: tf.tensor2d(inputs.values as number[][]) }),
  });
}

/** Runs with a fresh head and frees it. */
function withHead(head: AssignmentHead, run: (head: AssignmentHead) => void): void {
  try {
    tidyValue(() => run(head));
  } finally {
    head.variables.dispose();
  }
}

function expected(form: Form, head: AssignmentHead, inputs: Inputs): number[][] {
  return logProbsByFormula(form, head, readVariables(head.variables), inputs);
}

const legalRows = (batch: number, candidates: number) =>
  fc.array(
    fc
      .array(fc.boolean(), { minLength: candidates, maxLength: candidates })
      .map((row) => (row.includes(true) ? row : row.with(0, true))),
    { minLength: batch, maxLength: batch },
  );

/** Shapes that every form takes, with a mask, a seed and a scale; scale 0 makes all legal assignments tie. */
const cases = fc
  .record({
    form: fc.constantFrom(...FORMS),
    roles: fc.integer({ min: 1, max: 4 }),
    candidates: fc.integer({ min: 1, max: 6 }),
    scale: fc.constantFrom(0, 0.3, 1.5),
    seed: fc.integer({ min: 0, max: 1000 }),
    withValues: fc.boolean(),
  })
  .filter(({ form, roles, candidates }) => form !== "joint" || candidates ** roles <= 256)
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      legal: fc.option(legalRows(2, shape.candidates), { nil: undefined }),
      limit: fc.integer({ min: 1, max: 20 }),
    }),
  );

describeEachBackend("AssignmentDistribution", () => {
  it("agrees with its formulas, whatever the shape, mask and values", () => {
    fc.assert(
      fc.property(cases, ({ shape, legal }) => {
        const { form, roles, candidates, scale, seed, withValues } = shape;
        withHead(makeHead(form, roles, candidates, seed, scale), (head) => {
          const { values, ...rest } = makeInputs(2, candidates, seed);
          const inputs: Inputs = {
            ...rest,
            ...(legal === undefined ? {} : { legal }),
            ...(withValues ? { values } : {}),
          };
          const probabilities = expected(form, head, inputs).map((row) => row.map(Math.exp));
          const got = tf.exp(forward(head, inputs).allLogProbs());
          expect(got.shape).toEqual([2, candidates ** roles]);
          expectClose(got, probabilities.flat(), { rtol: 1e-4, atol: 1e-7 });
          expectClose(tf.sum(got, 1), [1, 1], { atol: 1e-5 });
        });
      }),
      { seed: 17, numRuns: 40 },
    );
  });

  it.each(FORMS)("gives each assignment alone the log-probability that the listing has [%s]", (form) => {
    withHead(makeHead(form, 3, 4), (head) => {
      const inputs = makeInputs(3, 4);
      const distribution = forward(head, inputs);
      const listed = distribution.allLogProbs().arraySync();
      allAssignments(3, 4).forEach((assignment, code) => {
        const alone = distribution.logProb([assignment, assignment, assignment]);
        expectClose(
          alone,
          listed.map((row) => row[code] as number),
          { atol: 1e-5 },
        );
      });
    });
  });

  it.each(FORMS)("reads a different assignment for every row [%s]", (form) => {
    withHead(makeHead(form, 2, 3), (head) => {
      const inputs = makeInputs(3, 3);
      const all = expected(form, head, inputs);
      const chosen = [
        [0, 2],
        [1, 1],
        [2, 0],
      ];
      const codes = chosen.map(([first = 0, second = 0]) => 3 * first + second);
      expectClose(
        forward(head, inputs).logProb(chosen),
        all.map((row, index) => row[codes[index] as number] as number),
        { atol: 1e-5 },
      );
    });
  });

  it("ranks as an exhaustive listing does, whatever the shape, mask and ties", () => {
    fc.assert(
      fc.property(cases, ({ shape, legal, limit }) => {
        const { form, roles, candidates, scale, seed } = shape;
        withHead(makeHead(form, roles, candidates, seed, scale), (head) => {
          const { values: _, ...rest } = makeInputs(2, candidates, seed);
          const inputs: Inputs = { ...rest, ...(legal === undefined ? {} : { legal }) };
          const assignments = allAssignments(roles, candidates);
          const all = expected(form, head, inputs);
          forward(head, inputs)
            .top(limit)
            .forEach((ranking, row) => {
              const logProbs = all[row] as readonly number[];
              const best = logProbs.filter((value) => value > Number.NEGATIVE_INFINITY).sort((a, b) => b - a);
              expectClose(
                ranking.map(({ logProb }) => logProb),
                best.slice(0, limit),
                { atol: 1e-4 },
              );
              const keys = ranking.map(({ assignment }) => assignment.join());
              expect(new Set(keys).size).toBe(keys.length);
              const codes = keys.map((key) => assignments.findIndex((assignment) => assignment.join() === key));
              expectClose(
                ranking.map(({ logProb }) => logProb),
                codes.map((code) => logProbs[code] as number),
                { atol: 1e-4 },
              );
              if (scale === 0) expect(codes).toEqual(codes.toSorted((a, b) => a - b));
            });
        });
      }),
      { seed: 23, numRuns: 60 },
    );
  });

  it("sums its marginals to what the listing gives", () => {
    fc.assert(
      fc.property(cases, ({ shape, legal }) => {
        const { form, roles, candidates, scale, seed } = shape;
        withHead(makeHead(form, roles, candidates, seed, scale), (head) => {
          const { values: _, ...rest } = makeInputs(2, candidates, seed);
          const inputs: Inputs = { ...rest, ...(legal === undefined ? {} : { legal }) };
          const all = expected(form, head, inputs);
          const marginals = forward(head, inputs).marginals();
          marginals.forEach((roleMarginals, row) => {
            expect(roleMarginals).toHaveLength(roles);
            roleMarginals.forEach((weights, role) => {
              const sums = new Array<number>(candidates).fill(0);
              allAssignments(roles, candidates).forEach((assignment, code) => {
                const candidate = assignment[role] as number;
                sums[candidate] = (sums[candidate] as number) + Math.exp(all[row]?.[code] as number);
              });
              expectClose(weights, sums, { atol: 1e-5 });
              expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
            });
          });
        });
      }),
      { seed: 29, numRuns: 40 },
    );
  });

  it.each(FORMS)("samples in proportion to its probabilities [%s]", (form) => {
    withHead(makeHead(form, 2, 3), (head) => {
      const inputs = makeInputs(1, 3);
      const rows = 400;
      const many: Inputs = {
        hidden: Array.from({ length: rows }, () => inputs.hidden[0] as number[]),
        costWeights: new Array<number>(rows).fill(0),
        values: Array.from({ length: rows }, () => inputs.values[0] as number[]),
      };
      const distribution = forward(head, many);
      const rng = createRng(5);
      const counts = new Array<number>(9).fill(0);
      for (let round = 0; round < 10; round += 1) {
        for (const [first = 0, second = 0] of distribution.sample(rng)) {
          counts[3 * first + second] = (counts[3 * first + second] as number) + 1;
        }
      }
      const probabilities = (expected(form, head, many)[0] as number[]).map(Math.exp);
      const chiSquare = probabilities.reduce((sum, probability, code) => {
        const mean = 10 * rows * probability;
        return sum + ((counts[code] as number) - mean) ** 2 / mean;
      }, 0);
      expect(chiSquare).toBeLessThan(26.1); // quantile 0.999 of chi-square with 8 degrees of freedom
    });
  });

  it.each(FORMS)("gives forbidden candidates probability exactly 0 everywhere [%s]", (form) => {
    withHead(makeHead(form, 3, 4), (head) => {
      const legal = [
        [true, false, true, false],
        [false, false, false, true],
      ];
      const distribution = forward(head, { ...makeInputs(2, 4), legal });
      const allowed = (row: number, assignment: readonly number[]): boolean =>
        assignment.every((candidate) => legal[row]?.[candidate]);
      const probabilities = tf.exp(distribution.allLogProbs()).arraySync();
      allAssignments(3, 4).forEach((assignment, code) => {
        probabilities.forEach((row, index) => {
          if (allowed(index, assignment)) expect(row[code]).toBeGreaterThan(0);
          else expect(row[code]).toBe(0);
        });
      });
      distribution.marginals().forEach((roles, row) => {
        for (const weights of roles) {
          weights.forEach((weight, candidate) => {
            if (legal[row]?.[candidate] === false) expect(weight).toBe(0);
          });
        }
      });
      const rng = createRng(3);
      for (let round = 0; round < 20; round += 1) {
        distribution.sample(rng).forEach((assignment, row) => {
          expect(allowed(row, assignment)).toBe(true);
        });
      }
      expect(distribution.top(100).map((ranking) => ranking.length)).toEqual([8, 1]);
      expect(distribution.top(100)[1]).toEqual([{ assignment: [3, 3, 3], logProb: 0 }]);
    });
  });

  it.each(FORMS)("falls linearly in the cost weight [%s]", (form) => {
    withHead(makeHead(form, 2, 3), (head) => {
      const one = makeInputs(1, 3);
      const betas = [0, 0.5, 1, 4];
      const all = forward(head, {
        hidden: betas.map(() => one.hidden[0] as number[]),
        costWeights: betas,
        values: betas.map(() => one.values[0] as number[]),
      })
        .allLogProbs()
        .arraySync();
      // Log-odds of the last role under one first choice: no normaliser of another prefix enters.
      const odds = all.map((row) => (row[4] as number) - (row[3] as number));
      const slope = (odds[2] as number) - (odds[0] as number);
      expect(Math.abs(slope)).toBeGreaterThan(0.01); // else the test would be empty
      expectClose(
        odds,
        betas.map((beta) => (odds[0] as number) + beta * slope),
        { atol: 1e-4 },
      );
    });
  });

  it.each(FORMS)("has correct gradients for hidden states, cost weights and values [%s]", (form) => {
    withHead(makeHead(form, 2, 3), (head) => {
      const inputs = makeInputs(2, 3);
      const legal = [
        [true, true, true],
        [true, false, true],
      ];
      const tensors = [tf.tensor2d(inputs.hidden as number[][]), tf.tensor1d([0.3, 0.7]), tf.tensor2d(inputs.values)];
      const distribute = (hidden: tf.Tensor, costWeights: tf.Tensor, values: tf.Tensor) =>
        head.forward(hidden as tf.Tensor2D, costWeights as tf.Tensor1D, { legal, values: values as tf.Tensor2D });
      checkGradient(
        (h, b, v) =>
          distribute(h, b, v).logProb([
            [0, 2],
            [2, 2],
          ]),
        tensors,
      );
      checkGradient((h, b, v) => tf.exp(distribute(h, b, v).allLogProbs()), tensors);
    });
  });

  it.each(FORMS)("has the formula's gradient for every variable [%s]", (form) => {
    withHead(makeHead(form, 3, 2), (head) => {
      const inputs = makeInputs(2, 2);
      const chosen = [
        [1, 0, 1],
        [0, 0, 1],
      ];
      const codes = [5, 1];
      const weights = readVariables(head.variables);
      const byFormula = (changed: ReturnType<typeof readWide>): number =>
        logProbsByFormula(form, head, changed, inputs).reduce(
          (sum, row, at) => sum + (row[codes[at] as number] as number),
          0,
        );
      const readWide = () =>
        new Map([...weights].map(([name, { shape, values }]) => [name, { shape, values: Float64Array.from(values) }]));
      const { grads } = tf.variableGrads(() => tf.sum<tf.Scalar>(forward(head, inputs).logProb(chosen)));
      for (const [name, variable] of head.variables) {
        const gradient = (grads[variable.name] as tf.Tensor).dataSync();
        gradient.forEach((value, index) => {
          const difference = [1e-5, -1e-5].map((step) => {
            const moved = readWide();
            const { values } = moved.get(name) as { values: Float64Array };
            values[index] = (values[index] as number) + step;
            return byFormula(moved);
          });
          const numeric = ((difference[0] as number) - (difference[1] as number)) / 2e-5;
          expectClose(value, numeric, { rtol: 1e-3, atol: 2e-4 });
        });
      }
    });
  });

  it.each(FORMS)("leaves nothing allocated [%s]", (form) => {
    const before = tf.memory().numTensors;
    const head = makeHead(form, 2, 3);
    const inputs = makeInputs(2, 3);
    const legal = [
      [true, true, false],
      [true, true, true],
    ];
    const rng = createRng(1);
    const zeros = [
      [0, 0],
      [0, 0],
    ];
    expectNoTensorLeak(() => tf.tidy(() => forward(head, { ...inputs, legal }).logProb(zeros)));
    expectNoTensorLeak(() => tf.tidy(() => forward(head, { ...inputs, legal }).allLogProbs()));
    expectNoTensorLeak(() => {
      tidyValue(() => {
        const distribution = forward(head, { ...inputs, legal });
        distribution.top(3);
        distribution.sample(rng);
        distribution.marginals();
      });
      return [];
    });
    expectNoTensorLeak(() => {
      const { value, grads } = tf.variableGrads(() => tf.sum<tf.Scalar>(forward(head, inputs).logProb(zeros)));
      return [value, ...Object.values(grads)];
    });
    head.variables.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(FORMS)("gives the same bits for the same seed and others for another [%s]", (form) => {
    const bits = (seed: number): number[] => {
      const head = createAssignmentHead({
        form,
        roles: 2,
        candidates: 3,
        hiddenDimension: HIDDEN,
        rng: createRng(seed),
      });
      const result = tidyValue(() => [...forward(head, makeInputs(2, 3)).allLogProbs().dataSync()]);
      head.variables.dispose();
      return result;
    };
    expect(bits(4)).toEqual(bits(4));
    expect(bits(4)).not.toEqual(bits(5));
  });

  it.each(FORMS)("gives a row the same distribution in any batch [%s]", (form) => {
    withHead(makeHead(form, 2, 3), (head) => {
      const inputs = makeInputs(3, 3);
      const together = forward(head, inputs).allLogProbs().arraySync();
      together.forEach((row, index) => {
        const alone: Inputs = {
          hidden: [inputs.hidden[index] as number[]],
          costWeights: [inputs.costWeights[index] as number],
          values: [inputs.values[index] as number[]],
        };
        expectClose(forward(head, alone).allLogProbs(), row, { atol: 1e-6 });
      });
    });
  });

  it("is one softmax in all three forms when there is one role", () => {
    const inputs = makeInputs(2, 4);
    const [reference, ...others] = FORMS.map((form) => {
      const head = makeHead(form, 1, 4);
      // The forms name their variables differently, so each gets the same numbers by position.
      const values = createRng(9).normals(4 * HIDDEN);
      for (const [name, variable] of head.variables) {
        tidyValue(() => variable.assign(name.endsWith("weight") ? tf.tensor2d(values, [4, HIDDEN]) : tf.zeros([4])));
      }
      const result = tidyValue(() => [...forward(head, inputs).allLogProbs().dataSync()]);
      head.variables.dispose();
      return result;
    });
    for (const other of others) expectClose(other, reference as number[], { atol: 1e-6 });
  });

  it("stays finite for scores of any float32 size", () => {
    for (const form of FORMS) {
      withHead(makeHead(form, 2, 3, 1, 1e4), (head) => {
        const distribution = forward(head, makeInputs(2, 3));
        expect(distribution.allLogProbs().dataSync().every(Number.isFinite)).toBe(true);
        expect(
          distribution
            .top(2)
            .flat()
            .every(({ logProb }) => Number.isFinite(logProb) && logProb <= 0),
        ).toBe(true);
      });
    }
  });
});

describeEachBackend("a product too large to list", () => {
  const roles = 10;
  const candidates = 20;

  it.each(["autoregressive", "independent"] as const)("is ranked, sampled and scored all the same [%s]", (form) => {
    withHead(makeHead(form, roles, candidates, 2, 1), (head) => {
      const inputs = makeInputs(1, candidates);
      const distribution = forward(head, inputs);
      const [ranking = []] = distribution.top(16);
      expect(ranking).toHaveLength(16);
      expect(new Set(ranking.map(({ assignment }) => assignment.join())).size).toBe(16);
      const logProbs = ranking.map(({ logProb }) => logProb);
      expect(logProbs).toEqual(logProbs.toSorted((a, b) => b - a));
      for (const { assignment, logProb } of ranking) {
        expectClose(distribution.logProb([assignment]), [logProb], { atol: 1e-4 });
      }
      const rng = createRng(8);
      for (let draw = 0; draw < 50; draw += 1) {
        const [logProb = 0] = distribution.logProb(distribution.sample(rng)).dataSync();
        expect(logProb).toBeLessThanOrEqual((logProbs[0] as number) + 1e-4);
      }
      const [marginals = []] = distribution.marginals();
      for (const weights of marginals) expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
    });
  });

  it("is ranked without listing when all of it ties", () => {
    withHead(makeHead("independent", roles, candidates, 2, 0), (head) => {
      const { values: _, ...inputs } = makeInputs(1, candidates);
      const [ranking = []] = forward(head, inputs).top(3);
      expect(ranking.map(({ assignment }) => assignment.at(-1))).toEqual([0, 1, 2]);
      expect(ranking[0]?.logProb).toBeCloseTo(-roles * Math.log(candidates), 4);
    });
    withHead(makeHead("autoregressive", roles, candidates, 2, 0.01), (head) => {
      const { values: _, ...inputs } = makeInputs(1, candidates);
      const [ranking = []] = forward(head, inputs).top(16);
      expect(ranking).toHaveLength(16);
      expect(ranking[0]?.logProb).toBeGreaterThan(-roles * Math.log(candidates));
    });
  });

  it("refuses to be listed and says what to use", () => {
    withHead(makeHead("independent", roles, candidates), (head) => {
      expect(() => forward(head, makeInputs(1, candidates)).allLogProbs()).toThrow(
        expect.objectContaining({
          code: "config",
          message: expect.stringContaining("expected at most 4096; use logProb, sample or top") as unknown,
        }),
      );
    });
  });

  it("costs roles x candidates scores per path in the autoregressive form", async () => {
    const head = makeHead("autoregressive", roles, candidates);
    const inputs = makeInputs(1, candidates);
    const path = Array.from({ length: roles }, (_, role) => role);
    const { kernels } = await tf.profile(() => tf.tidy(() => forward(head, inputs).logProb([path])));
    const sizes = kernels.map(({ outputShapes }) =>
      Math.max(...outputShapes.map((shape) => tf.util.sizeFromShape(shape))),
    );
    // Affine maps whose weights have a row per candidate, however they are multiplied.
    const scored = kernels.filter(
      ({ inputShapes, outputShapes }) =>
        outputShapes[0]?.join() === `1,${candidates}` &&
        inputShapes.some((shape) => shape?.length === 2 && shape[0] === candidates),
    );
    expect(scored).toHaveLength(2 * roles); // quality and cost of every candidate, once per role
    expect(Math.max(...sizes)).toBeLessThanOrEqual(candidates * Math.max(roles, HIDDEN)); // all roles in one softmax
    head.variables.dispose();
  });
});
