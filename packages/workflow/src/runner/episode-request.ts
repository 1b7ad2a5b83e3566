import {
  type CandidateId,
  ConfigError,
  type ConfigIssue,
  type Engine,
  HapsError,
  type Question,
  type RoleId,
  type RolePlayer,
  type Task,
} from "@haps/spec";

/** One episode to run. */
export interface EpisodeRequest {
  /** Unique among the requests. */
  readonly id: string;
  readonly question: Question;
  /** A player for every role of the task. */
  readonly roles: Readonly<Record<RoleId, RolePlayer>>;
  /** A whole number from 0; every call draws from a stream of its own that this and its place in the episode decide. */
  readonly seed: number;
}

/**
 * Refuses requests that cannot run, before any of them does.
 *
 * @throws ConfigError naming every issue; HapsError code `unknown-candidate` where no engine plays a candidate.
 */
export function checkRequests(
  requests: readonly EpisodeRequest[],
  task: Task,
  engines: ReadonlyMap<CandidateId, Engine>,
): void {
  const issues: ConfigIssue[] = [];
  const ids = new Set<string>();
  const roles = task.roles.map(({ id }) => id);
  requests.forEach((request, index) => {
    const path = `requests.${index}`;
    if (ids.has(request.id))
      issues.push({ path: `${path}.id`, message: `"${request.id}" comes twice; name each once` });
    ids.add(request.id);
    if (!Number.isSafeInteger(request.seed) || request.seed < 0) {
      issues.push({ path: `${path}.seed`, message: `${request.seed} is not a whole number from 0` });
    }
    for (const role of roles) {
      const player = request.roles[role];
      if (player === undefined) {
        issues.push({ path: `${path}.roles`, message: `nobody plays "${role}"; name a candidate` });
        continue;
      }
      const engine = engines.get(player.candidate);
      if (engine === undefined) throw unknownCandidate(request.id, player.candidate, [...engines.keys()]);
      if (player.lora !== undefined && engine.capabilities.lora !== "per-call") {
        const message = `the engine of "${player.candidate}" takes no LoRA weights per call; leave them out`;
        issues.push({ path: `${path}.roles.${role}.lora`, message });
      }
    }
    for (const role of Object.keys(request.roles).filter((id) => !roles.includes(id))) {
      issues.push({ path: `${path}.roles.${role}`, message: `no role of the task; its roles: ${roles.join(", ")}` });
    }
  });
  if (issues.length > 0) throw new ConfigError("runEpisodes", issues);
}

function unknownCandidate(id: string, candidate: CandidateId, known: readonly CandidateId[]): HapsError {
  const message = `runEpisodes: request ${JSON.stringify(id)} wants the candidate ${JSON.stringify(candidate)}, which has no engine; engines: ${known.join(", ") || "none"}`;
  return new HapsError("unknown-candidate", message, { request: id, candidate, known });
}
