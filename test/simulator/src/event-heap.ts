/** What happens next in virtual time: a binary heap by (time, order of insertion), so that equal times keep their order. */
export class EventHeap<T> {
  #times = new Float64Array(1_024);
  #orders = new Float64Array(1_024);
  readonly #items: T[] = [];
  #inserted = 0;

  get size(): number {
    return this.#items.length;
  }

  get nextMs(): number {
    return this.#items.length === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number);
  }

  push(atMs: number, item: T): void {
    const length = this.#items.length;
    if (length === this.#times.length) this.#grow();
    this.#inserted += 1;
    let i = length;
    this.#items.push(item);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(atMs, this.#inserted, parent)) break;
      this.#move(parent, i);
      i = parent;
    }
    this.#place(i, atMs, this.#inserted, item);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    const item = this.#items.pop();
    const length = this.#items.length;
    if (first === undefined || item === undefined || length === 0) return first;
    const atMs = this.#times[length] as number;
    const order = this.#orders[length] as number;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#before(this.#times[child + 1] as number, this.#orders[child + 1] as number, child)) child += 1;
      if (this.#before(atMs, order, child)) break;
      this.#move(child, i);
      i = child;
    }
    this.#place(i, atMs, order, item);
    return first;
  }

  #before(atMs: number, order: number, other: number): boolean {
    const otherMs = this.#times[other] as number;
    return atMs < otherMs || (atMs === otherMs && order < (this.#orders[other] as number));
  }

  #move(from: number, to: number): void {
    this.#place(to, this.#times[from] as number, this.#orders[from] as number, this.#items[from] as T);
  }

  #place(i: number, atMs: number, order: number, item: T): void {
    this.#times[i] = atMs;
    this.#orders[i] = order;
    this.#items[i] = item;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    const orders = new Float64Array(times.length);
    times.set(this.#times);
    orders.set(this.#orders);
    this.#times = times;
    this.#orders = orders;
  }
}
