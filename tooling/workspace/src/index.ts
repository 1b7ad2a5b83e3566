export { checkArrows } from "./arrows.ts";
export { checkFileRules } from "./file-rules.ts";
export { type RunCheckOptions, runCheck } from "./run-check.ts";
