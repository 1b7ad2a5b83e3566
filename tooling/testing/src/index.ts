export { type CheckGradientOptions, checkGradient } from "./check-gradient.ts";
export { describeEachBackend, type TestBackend } from "./describe-each-backend.ts";
export { expectClose, isClose, type Numbers, type Tolerance } from "./expect-close.ts";
export { expectNoTensorLeak } from "./expect-no-tensor-leak.ts";
