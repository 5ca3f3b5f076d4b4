/**
 * Where this node may dial: what discovery hands it, and a few addresses of former peers. Addresses never travel from
 * here but in a join of their owner (docs/PROTOCOL.md 6.2, 6.3); both sets are bounded.
 */
import type { Context } from '../context.js';
import type { Address, NodeId } from '../input.js';
import { limits } from '../limits.js';
import { putLast } from '../put-last.js';
import { between, choose, pick } from '../random.js';

interface Entry {
  /** Dials since one led to a connection that lasted. */
  failures: number;
  /** Failed lately until then, and that of a former peer until then. */
  failedUntilMs: number;
  formerUntilMs: number;
}

/** What is left out of a choice: what failed lately and former peers; when there is nobody else, what failed lately; or nothing. */
export type Patience = 'patient' | 'alone' | 'impatient';

const untried = { failures: 0, failedUntilMs: 0, formerUntilMs: 0 } as const;

export class AddressBook {
  readonly #context: Context;
  readonly #discovered = new Map<Address, Entry>();
  readonly #learned = new Map<Address, Entry & { readonly of: NodeId }>();
  readonly #dialling = new Set<Address>();
  /** Those that turned out to be this node itself, by the word of who was reached there: believed until then, on the monotonic clock. */
  readonly #own = new Map<Address, number>();

  constructor(context: Context) {
    this.#context = context;
    if (context.config.advertise !== null) this.#own.set(context.config.advertise, Number.POSITIVE_INFINITY);
  }

  get dialling(): number {
    return this.#dialling.size;
  }

  /** Addresses known, the own not counted. */
  get size(): number {
    return [...this.#discovered.keys()].filter((address) => !this.isOwn(address)).length + this.#learned.size;
  }

  /** Discovery answered: what it no longer names is forgotten. */
  discovered(addresses: readonly Address[]): void {
    const fresh = [...new Set(addresses)];
    const kept = choose(this.#context.config.random, fresh, limits.maxDiscoveredAddresses);
    // An answer of nothing is a failure of discovery, not news that everybody is gone.
    if (kept.length === 0) return;
    for (const address of [...this.#discovered.keys()]) if (!kept.includes(address)) this.#discovered.delete(address);
    for (const address of kept) {
      this.#learned.delete(address);
      if (!this.#discovered.has(address)) this.#discovered.set(address, { ...untried });
    }
  }

  /** The address of a former peer: kept in place of the one that it had before, else of the oldest such. */
  remember(address: Address, of: NodeId): void {
    const entry = this.#entry(address) ?? { ...untried };
    entry.formerUntilMs = this.#context.nowMs + limits.redialAfterMs;
    if (this.#discovered.has(address) || this.isOwn(address)) return;
    // One node that comes from many addresses takes one place, so it cannot push the others out.
    for (const [former, learned] of this.#learned) if (learned.of === of) this.#learned.delete(former);
    putLast(this.#learned, address, { ...entry, of }, limits.maxLearnedAddresses);
  }

  isOwn(address: Address): boolean {
    return (this.#own.get(address) ?? Number.NEGATIVE_INFINITY) > this.#context.nowMs;
  }

  dial(address: Address): void {
    this.#dialling.add(address);
    this.#context.emit({ type: 'dial', address });
  }

  isDialling(address: Address): boolean {
    return this.#dialling.has(address);
  }

  /** A dial of it came to nothing, or to a connection that has not lasted so far. */
  failed(address: Address): void {
    this.#dialling.delete(address);
    const entry = this.#entry(address);
    if (entry === undefined) return;
    entry.failures += 1;
    const backoffMs = Math.min(limits.maxDialBackoffMs, limits.dialBackoffMs * 2 ** (entry.failures - 1));
    entry.failedUntilMs = this.#context.nowMs + backoffMs * between(this.#context.config.random, 0.75, 1.25);
  }

  /** A connection with it lasted. */
  lasted(address: Address): void {
    const entry = this.#entry(address);
    if (entry === undefined) return;
    entry.failures = 0;
    entry.failedUntilMs = 0;
  }

  /** It led to this node itself, or to one that says so, which proves nothing: not again for a while. */
  markOwn(address: Address): void {
    this.#dialling.delete(address);
    this.#discovered.delete(address);
    this.#learned.delete(address);
    if (this.#own.get(address) === Number.POSITIVE_INFINITY) return;
    this.#own.delete(address);
    const oldest = [...this.#own].find(([, untilMs]) => untilMs !== Number.POSITIVE_INFINITY);
    if (oldest !== undefined && this.#own.size >= limits.maxDiscoveredAddresses) this.#own.delete(oldest[0]);
    this.#own.set(address, this.#context.nowMs + limits.ownAddressMs);
  }

  /** A random address to try: of those not connected, not the own, not being dialled, and not left out for now. */
  next(connected: ReadonlySet<Address>, patience: Patience): Address | undefined {
    const open = [...this.#discovered, ...this.#learned].filter(([address, entry]) => !connected.has(address) && !this.isOwn(address) && !this.#dialling.has(address) && !this.#isLeftOut(entry, patience));
    return pick(this.#context.config.random, open)?.[0];
  }

  #isLeftOut({ failedUntilMs, formerUntilMs }: Entry, patience: Patience): boolean {
    const { nowMs } = this.#context;
    return (patience !== 'impatient' && failedUntilMs > nowMs) || (patience === 'patient' && formerUntilMs > nowMs);
  }

  #entry(address: Address): Entry | undefined {
    return this.#discovered.get(address) ?? this.#learned.get(address);
  }
}
