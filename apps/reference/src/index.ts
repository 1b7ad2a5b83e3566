export {
  createHapsFactory,
  type HapsFactoryOptions,
  type LoadRouterOptions,
  loadRouter,
  type ResumableTraining,
  type SavedHaps,
  startTraining,
} from "./haps/create-haps.ts";
