import { canonicalJson } from "./canonical-json.ts";
import type { Settings } from "./pool.ts";
import { ANSWERER, type CandidateId, type RoleId } from "./task.ts";

/** One role's part of an arm. */
export interface ArmChoice {
  readonly candidate: CandidateId;
  readonly settings: Settings;
}

/** One setting for every role: the unit that tables record and routers choose. */
export type Arm = Readonly<Record<RoleId, ArmChoice>>;

/** Canonical JSON of an arm; equal arms have equal keys. */
export function armKey(arm: Arm): string {
  return canonicalJson(arm);
}

/** The arm of a task with the single role `answerer`. */
export function singleRoleArm(candidate: CandidateId, settings: Settings = {}): Arm {
  return { [ANSWERER]: { candidate, settings } };
}

/** A short name for people: `gpt-4 · prompt=concise`; several roles are joined with ` | `. */
export function armLabel(arm: Arm): string {
  const roles = Object.entries(arm).sort(([a], [b]) => (a < b ? -1 : 1));
  return roles
    .map(([role, choice]) => {
      const settings = Object.entries(choice.settings).map(([name, value]) => `${name}=${value}`);
      const label = [choice.candidate, ...settings].join(" · ");
      return roles.length === 1 ? label : `${role}: ${label}`;
    })
    .join(" | ");
}
