/** What one package may import, by folder name; `"*"` lifts every limit (apps and tooling). */
export interface ArrowRule {
  /** Folder names of workspace packages that `src` may import. */
  readonly imports: readonly string[] | "*";
  /**
   * Entry folders of `src` that must load without any `@tensorflow/*`; `"."` is the whole package. A package free of
   * tensors as a whole also has no `@tensorflow/*` in its dependencies.
   */
  readonly tensorFree?: readonly string[];
}

const contracts = ["spec"];
const onTensors = ["spec", "tensor"];

/** The arrows of docs/architecture.md as data: who may import whom. A package that is missing here is an error. */
export const arrowMap: Readonly<Record<string, ArrowRule>> = {
  spec: { imports: [], tensorFree: ["."] },
  tensor: { imports: contracts },
  features: { imports: onTensors },
  "language-model": { imports: onTensors },
  "architecture-router": { imports: onTensors },
  hypernetwork: { imports: onTensors },
  "parameter-router": { imports: onTensors },
  reward: { imports: onTensors, tensorFree: ["scores"] },
  baselines: { imports: onTensors },
  orchestrator: { imports: ["spec", "tensor", "reward"] },
  engines: { imports: contracts },
  datasets: { imports: contracts, tensorFree: ["."] },
  benchmarks: { imports: contracts, tensorFree: ["."] },
  workflow: { imports: contracts, tensorFree: ["."] },
  evaluation: { imports: contracts, tensorFree: ["."] },
  run: { imports: contracts, tensorFree: ["."] },
  reference: { imports: "*" },
  testing: { imports: onTensors },
  bench: { imports: "*" },
  workspace: { imports: [] },
};

/** Workspace packages that only tests may use: allowed in `devDependencies` of everybody, in `src` of nobody. */
export const testOnlyPackages: readonly string[] = ["testing"];
