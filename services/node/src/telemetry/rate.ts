/** From a cumulative count to its change per second. */
export class Rate {
  #count: number | undefined;
  #atMs = 0;

  /** Undefined for the first count, and whenever the count went back (a reset, a wrap) or no time passed. */
  next(count: number | undefined, nowMs: number): number | undefined {
    const before = this.#count;
    const seconds = (nowMs - this.#atMs) / 1_000;
    this.#count = count;
    this.#atMs = nowMs;
    if (before === undefined || count === undefined || count < before || seconds <= 0) return undefined;
    return (count - before) / seconds;
  }
}
