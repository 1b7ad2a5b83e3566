export { createFixedRouter, type FixedRouterOptions } from "./create-fixed-router.ts";
export { describeEngineContract } from "./describe-engine-contract.ts";
export { describeEnvironmentContract } from "./describe-environment-contract.ts";
export { describeRouterContract, type RouterContractOptions, type TestRunner } from "./describe-router-contract.ts";
export type { EngineContractOptions } from "./engine-subject.ts";
export type { EnvironmentContractOptions } from "./environment-subject.ts";
export { makeTestTable, type TestTableOptions } from "./make-test-table.ts";
