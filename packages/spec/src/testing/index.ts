export { createFixedRouter, type FixedRouterOptions } from "./create-fixed-router.ts";
export { describeRouterContract, type RouterContractOptions, type TestRunner } from "./describe-router-contract.ts";
export { makeTestTable, type TestTableOptions } from "./make-test-table.ts";
