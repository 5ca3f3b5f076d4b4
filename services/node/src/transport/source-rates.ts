/** How often strangers may cause work: token buckets per source address and for all together, in bounded memory. */
import { transportLimits } from './transport-limits.js';

interface Bucket {
  tokens: number;
  atMs: number;
}

export class SourceRates {
  readonly #perSource: number;
  readonly #all: number;
  readonly #sources = new Map<string, Bucket>();
  readonly #total: Bucket;

  /** Both per second; a burst of the same number is allowed. */
  constructor(perSource: number, all: number, nowMs: number) {
    this.#perSource = perSource;
    this.#all = all;
    this.#total = { tokens: all, atMs: nowMs };
  }

  /** Whether one more may be served. */
  take(host: string, nowMs: number): boolean {
    const source = this.#sources.get(host) ?? { tokens: this.#perSource, atMs: nowMs };
    // Set anew, so that the source that was silent longest is the first one forgotten.
    this.#sources.delete(host);
    if (this.#sources.size >= transportLimits.maxSources) {
      const oldest = this.#sources.keys().next();
      if (!oldest.done) this.#sources.delete(oldest.value);
    }
    this.#sources.set(host, source);
    refill(source, this.#perSource, nowMs);
    refill(this.#total, this.#all, nowMs);
    if (source.tokens < 1 || this.#total.tokens < 1) return false;
    source.tokens -= 1;
    this.#total.tokens -= 1;
    return true;
  }
}

function refill(bucket: Bucket, perSecond: number, nowMs: number): void {
  bucket.tokens = Math.min(perSecond, bucket.tokens + ((nowMs - bucket.atMs) / 1_000) * perSecond);
  bucket.atMs = nowMs;
}
