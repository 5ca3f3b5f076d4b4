/** From a cumulative count to its change per second. */
export class Rate {
  #count: number | undefined;
  #atMs = 0;

  /**
   * Undefined without a count. Null with one that says nothing yet: the first, one that went back (a reset, a wrap, a
   * device that left), or one without time since the last.
   */
  next(count: number | undefined, nowMs: number): number | null | undefined {
    const before = this.#count;
    const seconds = (nowMs - this.#atMs) / 1_000;
    this.#count = count;
    this.#atMs = nowMs;
    if (count === undefined) return undefined;
    if (before === undefined || count < before || seconds <= 0) return null;
    return (count - before) / seconds;
  }
}
