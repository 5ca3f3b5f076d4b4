/** How often strangers may cause work: token buckets per source and for all together, in bounded memory. */
import { isIP } from 'node:net';
import { Budget } from '@starling/gossip';
import { transportLimits } from './transport-limits.js';

/** What counts as one source: an IPv4 address, and of an IPv6 address the first 64 bits, since whoever has one has 2^64 (RFC 4291, 2.5.4). */
export function sourceOf(host: string): string {
  return networksOf(host).at(-1) ?? host;
}

/** The source, after the networks in which one owner may have many of them: an IPv6 site is given 48 to 56 bits (RFC 6177). Widest first. */
export function networksOf(host: string): readonly string[] {
  if (isIP(host) !== 6 || host.includes('.')) return [host];
  const [address = ''] = host.split('%');
  const [before = '', after = ''] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [first, last] = [groups(before), groups(after)];
  const all = [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last];
  const [a = 0, b = 0, c = 0, d = 0] = all.map((group) => Number.parseInt(group, 16));
  const network = (last: number, bits: number) => `${[a, b, c, last].map((group) => group.toString(16)).join(':')}::/${bits}`;
  return [network(0, 48), network(d & 0xff00, 56), network(d, 64)];
}

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
