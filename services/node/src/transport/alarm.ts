/** One timer for everything that is due at some time: rings once at the earliest time asked for since it rang last. */
export class Alarm {
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | null = null;
  #atMs = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** `atMs` is of the monotonic clock, `performance.now()`. */
  ringNoLaterThan(atMs: number): void {
    if (this.#stopped || atMs >= this.#atMs) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#atMs = atMs;
    this.#timer = setTimeout(() => this.#onTimer(), Math.min(maxTimerMs, Math.max(0, Math.ceil(atMs - performance.now()))));
  }

  /** For good. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #onTimer(): void {
    this.#timer = null;
    this.#atMs = Number.POSITIVE_INFINITY;
    this.#ring();
  }
}

/** What `setTimeout` takes at most without wrapping, milliseconds. */
const maxTimerMs = 0x7fffffff;
