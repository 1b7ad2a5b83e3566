export {
  createHapsFactory,
  type HapsFactoryOptions,
  type LoadRouterOptions,
  loadRouter,
  type ResumableTraining,
  type SavedHaps,
  startTraining,
} from "./haps/create-haps.ts";
export { createLivePolicy, type LivePolicy } from "./live/create-live-policy.ts";
export { atlasHopLive, type LiveBenchmark } from "./live/live-benchmark.ts";
export { type LiveMethod, liveMethodSchema } from "./live/live-method.ts";
export { type LiveSetting, openLiveSetting } from "./live/live-setting.ts";
export { type OpenedPool, type PoolCandidate, parameterPrice } from "./pool/open-pool.ts";
