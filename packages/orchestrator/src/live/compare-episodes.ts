/**
 * Rewards minus the mean reward of the same question's episodes of other draws; without such, `otherwise`.
 *
 * @param groups - Question of each episode.
 * @param draws - Draw of each episode; a draw belongs to one question.
 * @param otherwise - What an episode gets that has nobody to be compared with.
 */
export function advantagesOverDraws(
  rewards: readonly number[],
  groups: readonly number[],
  draws: readonly number[],
  otherwise: ArrayLike<number>,
): readonly number[] {
  const all = totalsOf(rewards, groups);
  const own = totalsOf(rewards, draws);
  return rewards.map((reward, index) => {
    const group = all.get(groups[index] as number) as Total;
    const draw = own.get(draws[index] as number) as Total;
    if (group.equal) return 0;
    const count = group.count - draw.count;
    return count === 0 ? (otherwise[index] as number) : reward - (group.sum - draw.sum) / count;
  });
}

/** Rewards minus the mean reward of the others with the same key; without others, `otherwise`. */
export function advantagesWithin(
  rewards: readonly number[],
  keys: readonly string[],
  otherwise: ArrayLike<number>,
): readonly number[] {
  const totals = totalsOf(rewards, keys);
  return rewards.map((reward, index) => {
    const { sum, count, equal } = totals.get(keys[index] as string) as Total;
    if (count < 2) return otherwise[index] as number;
    return equal ? 0 : reward - (sum - reward) / (count - 1);
  });
}

interface Total {
  readonly sum: number;
  readonly count: number;
  readonly first: number;
  /** Whether all are the same number, so that their advantages are 0 exactly. */
  readonly equal: boolean;
}

function totalsOf<Key>(rewards: readonly number[], keys: readonly Key[]): ReadonlyMap<Key, Total> {
  const totals = new Map<Key, Total>();
  rewards.forEach((reward, index) => {
    const key = keys[index] as Key;
    const { sum, count, first, equal } = totals.get(key) ?? { sum: 0, count: 0, first: reward, equal: true };
    totals.set(key, { sum: sum + reward, count: count + 1, first, equal: equal && reward === first });
  });
  return totals;
}
