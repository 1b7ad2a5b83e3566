import { existsSync, readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

const conditions = ["@haps/source"];
const roots = ["packages", "apps", "tooling"].flatMap((dir) =>
  (existsSync(dir) ? readdirSync(dir) : [])
    .map((name) => `${dir}/${name}`)
    .filter((root) => existsSync(`${root}/test`)),
);

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // Loading tfjs again for each file took twice as long as the tests; files share it and clean up after themselves.
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
    testTimeout: 60_000,
    reporters: ["default", "./tooling/testing/src/count-reporter.ts"],
    projects: roots.map((root) => ({
      extends: true as const,
      test: {
        name: root.split("/")[1] as string,
        root,
        include: ["test/**/*.test.ts"],
        setupFiles: [`${import.meta.dirname}/tooling/testing/src/fail-on-console.ts`],
      },
    })),
    coverage: { provider: "v8", include: ["packages/*/src/**"] },
  },
});
