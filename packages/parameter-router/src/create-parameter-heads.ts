import {
  type Candidate,
  type CandidateId,
  ConfigError,
  type Dimension,
  HapsError,
  type ParameterSpace,
  type Pool,
  type Settings,
} from "@haps/spec";
import {
  type Backbone,
  joinVariables,
  type NamedVariables,
  type ParameterGenerator,
  type Rng,
  type SettingsDistribution,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { enumerateSettings } from "./enumerate-settings.ts";

/** What the maker of one head is told. */
export interface HeadRequest {
  readonly candidate: Candidate;
  readonly dimensions: Readonly<Record<string, Dimension>>;
  /** In the order of `enumerateSettings`, at least one. */
  readonly settings: readonly Settings[];
  readonly hiddenDimension: number;
  /** A stream of the head's own, named after the candidate. */
  readonly rng: Rng;
}

/** Makes one head, for instance with `createSettingsGenerator` of `@haps/hypernetwork`. */
export type CreateGenerator = (request: HeadRequest) => ParameterGenerator;

/** Options of {@link createParameterHeads}. */
export interface ParameterHeadsOptions {
  readonly pool: Pool;
  /** Length of the hidden states that the heads read. */
  readonly hiddenDimension: number;
  readonly createGenerator: CreateGenerator;
  readonly rng: Rng;
  /**
   * Encoder of the heads' own in place of the shared one: the ablation "without parameter sharing". Absent: heads read the
   * hidden states of the shared backbone.
   */
  readonly privateBackbone?: Backbone;
}

/** What the heads read for one batch. */
export interface HeadInputs {
  /** `[batch, featureDimension]`; read by a private backbone only. */
  readonly features: tf.Tensor2D;
  /** `[batch, hiddenDimension]` from the shared backbone; read without a private one only. */
  readonly hidden: tf.Tensor2D;
  /** `[batch]`. */
  readonly costWeights: tf.Tensor1D;
}

/** The low level: one head γ_k for every candidate in which something varies. */
export interface ParameterHeads {
  /** Private backbone and heads; disposing it frees them all. */
  readonly variables: NamedVariables;
  /** Candidates in which nothing varies have no entry. */
  readonly generators: ReadonlyMap<CandidateId, ParameterGenerator>;
  /** Settings of a candidate of the pool; empty when nothing varies. Code `unknown-candidate` for another. */
  settingsOf(candidate: CandidateId): readonly Settings[];
  /**
   * Distribution of one candidate, `null` when nothing varies; the caller owns its tensors. Code `unknown-candidate` for one
   * that is not in the pool.
   */
  generate(candidate: CandidateId, inputs: HeadInputs): SettingsDistribution | null;
}

/**
 * Makes the low level of a policy for a pool.
 *
 * Every head is made from a stream named after its candidate, so that adding a candidate changes no other head.
 *
 * @throws ConfigError naming the candidate whose parameter space is not valid; HapsError code `config` for a candidate given
 * twice, code `shape` when the private backbone has another hidden length.
 *
 * Source: s_k(p; φ_k), φ_k = {θ, γ_k}, Eq. 3 of the HAPS paper.
 */
export function createParameterHeads(options: ParameterHeadsOptions): ParameterHeads {
  const { pool, hiddenDimension, privateBackbone } = options;
  if (privateBackbone !== undefined && privateBackbone.hiddenDimension !== hiddenDimension) {
    throw new HapsError(
      "shape",
      `createParameterHeads: the private backbone gives ${privateBackbone.hiddenDimension} hidden numbers; expected ${hiddenDimension}`,
      { actual: privateBackbone.hiddenDimension, expected: hiddenDimension },
    );
  }
  const settings = settingsOfPool(pool);
  const generators = makeGenerators(options, settings);
  const variables = joinVariables({
    ...(privateBackbone === undefined ? {} : { backbone: privateBackbone.variables }),
    ...Object.fromEntries([...generators].map(([id, generator]) => [`heads/${id}`, generator.variables])),
  });
  return {
    variables,
    generators,
    settingsOf: (candidate) => knownSettings(settings, candidate),
    generate(candidate, inputs) {
      const generator = generators.get(candidate);
      if (generator === undefined) {
        knownSettings(settings, candidate);
        return null;
      }
      if (privateBackbone === undefined) return generator.generate(inputs.hidden, inputs.costWeights);
      const hidden = privateBackbone.encode(inputs.features);
      const distribution = generator.generate(hidden, inputs.costWeights);
      tf.dispose(hidden);
      return distribution;
    },
  };
}

type PoolSettings = ReadonlyMap<CandidateId, readonly Settings[]>;

/** One generator per candidate with settings; when one cannot be made, those before it are freed. */
function makeGenerators(
  { pool, hiddenDimension, createGenerator, rng }: ParameterHeadsOptions,
  settings: PoolSettings,
): ReadonlyMap<CandidateId, ParameterGenerator> {
  const generators = new Map<CandidateId, ParameterGenerator>();
  try {
    for (const candidate of pool.candidates) {
      const known = settings.get(candidate.id) as readonly Settings[];
      if (known.length === 0) continue;
      const dimensions = candidate.parameters.settings ?? {};
      const stream = rng.fork(`head/${candidate.id}`);
      const request = { candidate, dimensions, settings: known, hiddenDimension, rng: stream };
      generators.set(candidate.id, createGenerator(request));
    }
  } catch (error) {
    for (const { variables } of generators.values()) variables.dispose();
    throw error;
  }
  return generators;
}

function knownSettings(settings: PoolSettings, candidate: CandidateId): readonly Settings[] {
  const known = settings.get(candidate);
  if (known !== undefined) return known;
  throw new HapsError(
    "unknown-candidate",
    `ParameterHeads: "${candidate}" is not in the pool; expected one of ${[...settings.keys()].join(", ")}`,
    { candidate },
  );
}

function settingsOfPool(pool: Pool): PoolSettings {
  const settings = new Map<CandidateId, readonly Settings[]>();
  for (const { id, parameters } of pool.candidates) {
    if (settings.has(id)) {
      throw new HapsError("config", `createParameterHeads: candidate "${id}" is given twice; rename one`, { id });
    }
    settings.set(id, settingsOfCandidate(id, parameters));
  }
  return settings;
}

function settingsOfCandidate(id: CandidateId, parameters: ParameterSpace): readonly Settings[] {
  try {
    return enumerateSettings(parameters);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`createParameterHeads: candidate "${id}"`, error.issues, { cause: error });
  }
}
