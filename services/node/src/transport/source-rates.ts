/** How often strangers may cause work: token buckets per source and for all together, in bounded memory. */
import { isIP } from 'node:net';
import { transportLimits } from './transport-limits.js';

/** What counts as one source: an IPv4 address, and of an IPv6 address the first 64 bits, since whoever has one has 2^64 (RFC 4291, 2.5.4). */
export function sourceOf(host: string): string {
  if (isIP(host) !== 6 || host.includes('.')) return host;
  const [address = ''] = host.split('%');
  const [before = '', after = ''] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [first, last] = [groups(before), groups(after)];
  const all = [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last];
  return `${all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

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
    const name = sourceOf(host);
    const source = this.#sources.get(name) ?? { tokens: this.#perSource, atMs: nowMs };
    // Set anew, so that the source that was silent longest is the first one forgotten.
    this.#sources.delete(name);
    if (this.#sources.size >= transportLimits.maxSources) {
      const oldest = this.#sources.keys().next();
      if (!oldest.done) this.#sources.delete(oldest.value);
    }
    this.#sources.set(name, source);
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
