/** Rows that go through at once, all items together; an item with more goes alone. */
export const PASS_ROWS = 256;

/** Groups entries in order, as many as fit under a limit; one that is larger stands alone. */
export function packBatches<Entry>(
  entries: readonly Entry[],
  sizeOf: (entry: Entry) => number,
  limit: number,
): readonly (readonly Entry[])[] {
  const batches: Entry[][] = [];
  let room = 0;
  for (const entry of entries) {
    const size = sizeOf(entry);
    if (size > room || batches.length === 0) {
      batches.push([]);
      room = limit;
    }
    batches.at(-1)?.push(entry);
    room -= size;
  }
  return batches;
}

/** Groups entries by a key, in the order in which keys come first. */
export function groupByKey<Entry>(
  entries: readonly Entry[],
  keyOf: (entry: Entry) => string,
): readonly (readonly Entry[])[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}
