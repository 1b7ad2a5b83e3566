import { createAtlasChoice, createAtlasHop } from "@haps/benchmarks";

/** The benchmarks as they are published, generated once for all tests. */
export const hop = createAtlasHop({ pretrain: 1000 });
export const choice = createAtlasChoice({ pretrain: 1000 });
