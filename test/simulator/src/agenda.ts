/**
 * What happens next in virtual time. Time passes in ticks; within a tick what concerns the world comes first, then node
 * after node in the order of their numbers, each in the order in which it was put down. That order is what makes large
 * networks bearable: the state of a node is fetched from memory once a tick and not once an event.
 */
export interface Happening {
  /** Number of the node; -1 for the world. */
  readonly index: number;
}

/** What happens in one tick: the first `count` of the items. */
interface Tick<T> {
  readonly items: (T | null)[];
  count: number;
}

/** More than what happens in one tick; node numbers stand above it in a sorting key. */
const span = 2 ** 26;

export class Agenda<T extends Happening> {
  readonly tickMs: number;
  readonly #ticks = new Map<number, Tick<T>>();
  /** For ticks to come. An array that was once large is not made anew: its remains would keep all that it held. */
  readonly #spare: Tick<T>[] = [];
  /** Ticks that have something, as a binary heap. */
  readonly #order: number[] = [];
  #keys = new Float64Array(1_024);

  constructor(tickMs: number) {
    this.tickMs = tickMs;
  }

  /** Virtual time of the next tick that has something; infinite when there is none. */
  get nextMs(): number {
    return this.#order.length === 0 ? Number.POSITIVE_INFINITY : (this.#order[0] as number) * this.tickMs;
  }

  /** At the first tick that is not before this time, and after the present one. */
  push(atMs: number, nowMs: number, item: T): void {
    const tick = Math.max(Math.ceil(atMs / this.tickMs), Math.floor(nowMs / this.tickMs) + 1);
    let things = this.#ticks.get(tick);
    if (things === undefined) {
      things = this.#spare.pop() ?? { items: [], count: 0 };
      this.#ticks.set(tick, things);
      this.#rise(tick);
    }
    things.items[things.count] = item;
    things.count += 1;
  }

  /** Calls with each item of the next tick, in order, and removes them. */
  take(act: (item: T) => void): void {
    const tick = this.#sink();
    const things = this.#ticks.get(tick);
    if (things === undefined) return;
    this.#ticks.delete(tick);
    const { items, count } = things;
    if (count > this.#keys.length) this.#keys = new Float64Array(count * 2);
    const keys = this.#keys.subarray(0, count);
    for (let i = 0; i < count; i++) keys[i] = ((items[i] as T).index + 1) * span + i;
    keys.sort();
    for (let i = 0; i < count; i++) {
      const at = (keys[i] as number) % span;
      const item = items[at] as T;
      items[at] = null;
      act(item);
    }
    things.count = 0;
    this.#spare.push(things);
  }

  #rise(tick: number): void {
    const order = this.#order;
    let i = order.length;
    order.push(tick);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((order[parent] as number) <= tick) break;
      order[i] = order[parent] as number;
      i = parent;
    }
    order[i] = tick;
  }

  /** Takes the least. */
  #sink(): number {
    const order = this.#order;
    const least = order[0] as number;
    const moved = order.pop() as number;
    if (order.length === 0) return least;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= order.length) break;
      if (child + 1 < order.length && (order[child + 1] as number) < (order[child] as number)) child += 1;
      if ((order[child] as number) >= moved) break;
      order[i] = order[child] as number;
      i = child;
    }
    order[i] = moved;
    return least;
  }
}
