import { createAssignmentHead } from "@haps/architecture-router";
import { type AssignmentHead, type AssignmentReader, createRng, readVariables, tidyValue } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { type Form, logProbsByFormula, randomise } from "./oracle.ts";

const HIDDEN = 5;
const CANDIDATES = 3;
const COST_WEIGHTS = [0, 0.25, 3];
const rng = createRng(4);
const numbers = (width: number): number[][] => COST_WEIGHTS.map(() => [...rng.normals(width)]);
const inputs = { hidden: numbers(HIDDEN), costWeights: COST_WEIGHTS, values: numbers(CANDIDATES) };

function make(form: Form, roles: number, candidates = CANDIDATES): AssignmentHead {
  const head = createAssignmentHead({ form, roles, candidates, hiddenDimension: HIDDEN, rng: createRng(1) });
  randomise(head, roles);
  return head;
}

function readAll(read: AssignmentReader): number[] {
  return inputs.hidden.flatMap((hidden, row) => [
    ...read(hidden, inputs.costWeights[row] as number, inputs.values[row] as number[]),
  ]);
}

describeEachBackend("AssignmentHead.reader", () => {
  for (const form of ["joint", "independent"] as const) {
    it.each([1, 2, 3])(
      `gives what forward gives, and its formula in double precision: ${form}, %i role(s)`,
      (roles) => {
        const head = make(form, roles);
        const got = readAll(head.reader?.() as AssignmentReader);
        tidyValue(() => {
          const values = tf.tensor2d(inputs.values);
          const output = head.forward(tf.tensor2d(inputs.hidden), tf.tensor1d(COST_WEIGHTS), { values });
          expectClose(got, output.allLogProbs(), { rtol: 1e-5, atol: 1e-6 });
        });
        const expected = logProbsByFormula(form, head, readVariables(head.variables), inputs);
        expectClose(got, expected.flat(), { rtol: 1e-12, atol: 1e-12 });
        head.variables.dispose();
      },
    );

    it(`keeps the weights of the moment it was made, makes no tensor and leaves its inputs alone: ${form}`, () => {
      const head = make(form, 2);
      const before = tf.memory().numTensors;
      const read = head.reader?.() as AssignmentReader;
      const copies = JSON.stringify(inputs);
      const first = readAll(read);
      expect(tf.memory().numTensors).toBe(before);
      expect(readAll(read)).toEqual(first);
      expect(JSON.stringify(inputs)).toBe(copies);
      randomise(head, 9);
      expect(readAll(read)).toEqual(first);
      expect(readAll(head.reader?.() as AssignmentReader)).not.toEqual(first);
      head.variables.dispose();
      expect(readAll(read)).toEqual(first);
      expect(() => head.reader?.()).toThrow(expect.objectContaining({ code: "disposed" }));
    });

    it(`refuses a hidden state of another length: ${form}`, () => {
      const head = make(form, 1);
      const read = head.reader?.() as AssignmentReader;
      expect(() => read([1, 2], 0, [0, 0, 0])).toThrow(expect.objectContaining({ code: "shape" }));
      head.variables.dispose();
    });
  }

  it("is missing in the form whose roles wait for one another", () => {
    const head = make("autoregressive", 2);
    expect(head.reader?.()).toBeUndefined();
    head.variables.dispose();
  });

  it("refuses to list more assignments than a row may hold", () => {
    const head = make("independent", 7, 4);
    expect(() => head.reader?.()).toThrow(
      expect.objectContaining({ code: "config", facts: { assignments: 4 ** 7, limit: 4096 } }),
    );
    head.variables.dispose();
  });
});
