/** A token bucket: so much per second, and at most so much at once. */
export class Budget {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /** How much may be spent now. */
  left(nowMs: number): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((nowMs - this.#atMs) / 1_000) * this.#perSecond);
    this.#atMs = nowMs;
    return this.#tokens;
  }

  /** Takes it whatever is left: what is lacking is owed. */
  spend(amount: number, nowMs: number): void {
    this.#tokens = this.left(nowMs) - amount;
  }

  /** Takes it all or nothing. */
  take(amount: number, nowMs: number): boolean {
    if (this.left(nowMs) < amount) return false;
    this.#tokens -= amount;
    return true;
  }
}
