import { z } from "zod";
import { liveMethodSchema } from "../live/live-method.ts";

/** A part of a method that replaces that of the base, at any depth. */
const changesSchema = z.record(z.string(), z.unknown());

/** Schema of {@link StudyConfig}. */
export const studyConfigSchema = z.strictObject({
  schemaVersion: z.literal(1),
  id: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string().min(1),
  benchmark: z.enum(["atlas-hop", "atlas-choice"]),
  /** Questions of each split; the published sizes unless something is only tried out. */
  sizes: z.strictObject({ train: z.int().positive(), valid: z.int().positive(), test: z.int().positive() }),
  /** Where the questions that are looked at once come from: test, or, to try things out, what valid leaves over. */
  heldOut: z.enum(["test", "valid"]).default("test"),
  /** Questions of train of which every assignment is played with base models. */
  sampled: z.int().positive(),
  /** What methods trained on live episodes have in common. */
  base: liveMethodSchema,
  /** Live methods by id: what each changes of the base. */
  methods: z.record(
    z.string().regex(/^[a-z0-9-]+$/),
    z.strictObject({
      /** What it is, for tables. */
      description: z.string().min(1),
      role: z.enum(["haps", "ablation", "control", "released", "rival", "regime"]),
      changes: changesSchema.default({}),
      /** Seeds, where not all of the study's: the first so many. */
      seeds: z.int().positive().exactOptional(),
      /**
       * `best-of`: the variant with the best mean reward on valid among so many draws of an untrained generator. `single` otherwise.
       */
      draws: z.int().positive().exactOptional(),
    }),
  ),
  /** Routers on outcomes of the base models, by the names of `haps evaluate`. */
  routers: z.array(z.string()),
  /** What is compared and corrected for, named before test is opened; `best-router` is the best of `routers` on valid. */
  primary: z.array(z.strictObject({ id: z.string(), method: z.string(), baseline: z.string() })).min(1),
});

/** A study as its file says; every default filled in. */
export interface StudyConfig extends z.output<typeof studyConfigSchema> {}
