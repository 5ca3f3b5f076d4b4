/** How often strangers may cause work: token buckets per source and for all together, in bounded memory. */
import { Budget } from '@starling/gossip';
import { sourceOf } from '@starling/http';
import { transportLimits } from './transport-limits.js';

export class SourceRates {
  readonly #perSource: number;
  readonly #sources = new Map<string, Budget>();
  readonly #total: Budget;

  /** Both per second; a burst of the same number is allowed. */
  constructor(perSource: number, all: number, nowMs: number) {
    this.#perSource = perSource;
    this.#total = new Budget(all, all, nowMs);
  }

  /** Whether one more may be served. */
  take(host: string, nowMs: number): boolean {
    const name = sourceOf(host);
    const source = this.#sources.get(name) ?? new Budget(this.#perSource, this.#perSource, nowMs);
    // Set anew, so that the source that was silent longest is the first one forgotten.
    this.#sources.delete(name);
    if (this.#sources.size >= transportLimits.maxSources) {
      const oldest = this.#sources.keys().next();
      if (!oldest.done) this.#sources.delete(oldest.value);
    }
    this.#sources.set(name, source);
    // Who has nothing left uses up nothing of what is for all.
    return source.left(nowMs) >= 1 && this.#total.take(1, nowMs) && source.take(1, nowMs);
  }
}
