export {
  type BestSingleRouterConfig,
  bestSingleRouterConfigSchema,
  createBestSingleRouterFactory,
} from "./create-best-single-router-factory.ts";
export {
  type CheapestRouterConfig,
  cheapestRouterConfigSchema,
  createCheapestRouterFactory,
} from "./create-cheapest-router-factory.ts";
export {
  createFlatRouterFactory,
  type FlatRouterConfig,
  flatRouterConfigSchema,
} from "./create-flat-router-factory.ts";
export { createKnnRouterFactory, type KnnRouterConfig, knnRouterConfigSchema } from "./create-knn-router-factory.ts";
export { createMlpRouterFactory, type MlpRouterConfig, mlpRouterConfigSchema } from "./create-mlp-router-factory.ts";
export {
  createRandomRouterFactory,
  type RandomRouterConfig,
  randomRouterConfigSchema,
} from "./create-random-router-factory.ts";
export {
  createRidgeRouterFactory,
  type RidgeRouterConfig,
  ridgeRouterConfigSchema,
} from "./create-ridge-router-factory.ts";
export {
  createTaskTableRouterFactory,
  type TaskTableRouterConfig,
  taskTableRouterConfigSchema,
} from "./create-task-table-router-factory.ts";
export type { FeatureParts, NetworkParts } from "./router-parts.ts";
