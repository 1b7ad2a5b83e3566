import {
  type Featurizer,
  type FeaturizerFactory,
  type FitContext,
  HapsError,
  type Question,
  ShapeError,
} from "@haps/spec";
import { bareQuestion } from "./estimate-router.ts";

/** Features of training questions and of questions to come. */
export interface RouterFeatures {
  readonly dimension: number;
  /** `[rows, dimension]` of the training questions. */
  readonly training: Float32Array;
  /** `[questions, dimension]`. */
  readonly transform: (questions: readonly Question[]) => Float32Array;
}

/**
 * Fits a featurizer on the training questions and checks what it gives. It sees `id`, `text` and `context` only.
 *
 * @throws ShapeError code `shape` for an array of another length; HapsError code `non-finite` for a number that is not.
 */
export function fitFeatures(factory: FeaturizerFactory, context: FitContext): RouterFeatures {
  const questions = context.training.rows.map((row) => bareQuestion(row.question));
  const featurizer = factory.fit(questions, context.seed);
  return {
    dimension: featurizer.dimension,
    training: checked(featurizer, questions),
    transform: (asked) => checked(featurizer, asked),
  };
}

function checked(featurizer: Featurizer, questions: readonly Question[]): Float32Array {
  const features = featurizer.transform(questions);
  const { dimension, kind } = featurizer;
  if (features.length !== questions.length * dimension) {
    throw new ShapeError(`featurizer ${kind}`, "the features", `[${questions.length} * ${dimension}]`, [
      features.length,
    ]);
  }
  const bad = features.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return features;
  const questionId = questions[Math.floor(bad / dimension)]?.id;
  throw new HapsError(
    "non-finite",
    `featurizer ${kind}: feature ${bad % dimension} of question ${JSON.stringify(questionId)} is ${features[bad]}; expected finite numbers; check the featurizer`,
    { questionId, feature: bad % dimension },
  );
}
