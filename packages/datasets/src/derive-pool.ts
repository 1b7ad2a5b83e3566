import {
  type Arm,
  type Candidate,
  type CandidateId,
  canonicalJson,
  type Dimension,
  HapsError,
  type Pool,
  type Settings,
} from "@haps/spec";

/**
 * The pool that a list of arms implies.
 *
 * Candidates stand in the order of their first arm. For each setting, numbers make an ordinal dimension (ascending)
 * and texts a categorical one (in order of appearance); `only` lists the settings seen when they are fewer than the
 * product of the dimensions.
 *
 * @param weights - Says which candidates have open weights. Default: all closed, since a log holds no weights.
 * @throws HapsError code `data` when a candidate's arms name different settings, or one setting is a number in one arm
 * and text in another.
 */
export function derivePool(
  arms: readonly Arm[],
  weights: (candidate: CandidateId) => Candidate["weights"] = () => "closed",
): Pool {
  const seen = new Map<CandidateId, Map<string, Settings>>();
  for (const arm of arms) {
    for (const { candidate, settings } of Object.values(arm)) {
      const known = seen.get(candidate) ?? new Map<string, Settings>();
      known.set(canonicalJson(settings), settings);
      seen.set(candidate, known);
    }
  }
  const candidates = [...seen].map(([id, settings]): Candidate => {
    const space = deriveSpace(id, [...settings.values()]);
    return { id, weights: weights(id), parameters: space };
  });
  return { candidates };
}

function deriveSpace(candidate: CandidateId, seen: readonly Settings[]): Candidate["parameters"] {
  const names = Object.keys(seen[0] ?? {});
  const expected = canonicalJson([...names].sort());
  for (const settings of seen) {
    const got = canonicalJson(Object.keys(settings).sort());
    if (got === expected) continue;
    throw new HapsError(
      "data",
      `derivePool: candidate ${JSON.stringify(candidate)} has settings ${expected} in one arm and ${got} in another; ` +
        "give every record of a candidate the same settings",
      { candidate, expected, got },
    );
  }
  if (names.length === 0) return {};
  const settings = Object.fromEntries(names.map((name) => [name, deriveDimension(candidate, name, seen)]));
  const product = Object.values(settings).reduce((size, dimension) => size * dimension.values.length, 1);
  return product === seen.length ? { settings } : { settings, only: seen };
}

function deriveDimension(candidate: CandidateId, name: string, seen: readonly Settings[]): Dimension {
  const values = [...new Set(seen.map((settings) => settings[name]))];
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length === values.length) return { kind: "ordinal", values: numbers.sort((a, b) => a - b) };
  const texts = values.filter((value) => typeof value === "string");
  if (texts.length === values.length) return { kind: "categorical", values: texts };
  throw new HapsError(
    "data",
    `derivePool: setting ${JSON.stringify(name)} of candidate ${JSON.stringify(candidate)} is a number in one arm and ` +
      "text in another; write all its values as numbers or all as text",
    { candidate, setting: name, values },
  );
}
