import type { HapsParts } from "@haps/orchestrator";
import {
  type AssignmentHead,
  affineReader,
  type Backbone,
  logSoftmaxOf,
  type NamedVariables,
  type ParameterGenerator,
} from "@haps/tensor";
import { testParts } from "./parts.ts";

/** {@link testParts} with a plain twin of every part, but one where asked for. */
export function readableParts(without?: "backbone" | "assignment head" | "settings heads"): HapsParts {
  const parts = testParts();
  return {
    ...parts,
    createBackbone: (featureDimension, rng) => {
      const backbone = parts.createBackbone(featureDimension, rng);
      return without === "backbone" ? backbone : readableBackbone(backbone);
    },
    createArchitecture: (options) => {
      const head = parts.createArchitecture(options);
      return without === "assignment head" ? head : readableHead(head);
    },
    createParameters: (options) => {
      const generators = parts.createParameters(options);
      if (without === "settings heads") return generators;
      return new Map([...generators].map(([id, generator]) => [id, readableGenerator(generator)]));
    },
  };
}

export function readableBackbone(backbone: Backbone): Backbone {
  return {
    ...backbone,
    reader: () => {
      const read = affineReader(backbone.variables, "weight");
      return (features) => Float64Array.from([...read(features).map(Math.tanh), ...Array.from(features)]);
    },
  };
}

export function readableHead(head: AssignmentHead): AssignmentHead {
  const { roles, candidates } = head;
  return {
    ...head,
    reader: () => {
      const scores = costLinearReader(head.variables);
      return (hidden, costWeight, values) => {
        const logits = scores(hidden, costWeight).map((score, code) => {
          let sum = score;
          for (let role = 0, rest = code; role < roles; role += 1, rest = Math.floor(rest / candidates)) {
            sum += values[rest % candidates] as number;
          }
          return sum;
        });
        return logSoftmaxOf(logits).logProbs;
      };
    },
  };
}

export function readableGenerator(generator: ParameterGenerator): ParameterGenerator {
  return { ...generator, reader: () => costLinearReader(generator.variables) };
}

function costLinearReader(variables: NamedVariables) {
  const quality = affineReader(variables, "quality");
  const cost = affineReader(variables, "cost");
  return (hidden: ArrayLike<number>, costWeight: number): Float64Array => {
    const costs = cost(hidden);
    return quality(hidden).map((score, place) => score - costWeight * (costs[place] as number));
  };
}
