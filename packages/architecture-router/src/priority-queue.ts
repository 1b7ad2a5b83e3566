/** A queue that gives the best item first; `precedes` must be a strict order. */
export interface PriorityQueue<Item> {
  readonly size: number;
  push(item: Item): void;
  /** The best item, removed; `undefined` when empty. */
  pop(): Item | undefined;
}

/** Makes an empty queue on a binary heap: `push` and `pop` take logarithmic time. */
export function createPriorityQueue<Item>(precedes: (left: Item, right: Item) => boolean): PriorityQueue<Item> {
  const heap: Item[] = [];
  const at = (index: number): Item => heap[index] as Item;
  const swap = (left: number, right: number): void => {
    [heap[left], heap[right]] = [at(right), at(left)];
  };
  const sink = (): void => {
    let index = 0;
    for (;;) {
      let best = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < heap.length && precedes(at(child), at(best))) best = child;
      }
      if (best === index) return;
      swap(index, best);
      index = best;
    }
  };
  return {
    get size() {
      return heap.length;
    },
    push(item) {
      heap.push(item);
      let index = heap.length - 1;
      while (index > 0) {
        const parent = (index - 1) >> 1;
        if (!precedes(at(index), at(parent))) return;
        swap(index, parent);
        index = parent;
      }
    },
    pop() {
      const first = heap[0];
      const last = heap.pop();
      if (heap.length > 0 && last !== undefined) {
        heap[0] = last;
        sink();
      }
      return first;
    },
  };
}
