/** A bundle on its way in, and those of which something is being checked: nothing is checked twice at the same time. */
import type { NodeId, RequestId } from '../input.js';
import type { Peer } from '../membership/peers.js';
import { type ReadBundle, signatureBytes } from './bundle.js';
import { equalBytes } from './node-id.js';

export interface Arrival {
  readonly bytes: Uint8Array;
  /** Null for our own. */
  readonly via: Peer | null;
  readonly hops: number;
  readonly ageMs: number;
  readonly path: 'own' | 'eager' | 'graft' | 'anti-entropy';
}

export class Check {
  readonly arrival: Arrival;
  readonly bundle: ReadBundle;
  readonly arrivedAtMs: number;
  readonly id: NodeId;
  /** The one that is being judged with it. */
  credential: Uint8Array | null = null;
  /** The next of those whose signatures begin alike. */
  next: Check | null = null;

  constructor(arrival: Arrival, bundle: ReadBundle, nowMs: number) {
    this.arrival = arrival;
    this.bundle = bundle;
    this.arrivedAtMs = nowMs;
    this.id = bundle.origin;
  }
}

const buckets = 64;

export class Checks {
  readonly #asked = new Map<RequestId, Check>();
  /** All of them by some bits of their signatures, in chains. */
  readonly #chains: (Check | null)[] = Array.from({ length: buckets }, () => null);

  /** Of them, those that wait for an answer. */
  get size(): number {
    return this.#asked.size;
  }

  /** Whether a bundle of these bytes is among them. */
  has(bytes: Uint8Array): boolean {
    for (let check = this.#chains[bucketOf(bytes)] ?? null; check !== null; check = check.next) if (equalBytes(check.bundle.bytes, bytes)) return true;
    return false;
  }

  begin(check: Check): void {
    const bucket = bucketOf(check.bundle.bytes);
    check.next = this.#chains[bucket] ?? null;
    this.#chains[bucket] = check;
    if (check.arrival.via !== null) check.arrival.via.pendingVerifications += 1;
  }

  ask(request: RequestId, check: Check): RequestId {
    this.#asked.set(request, check);
    return request;
  }

  answered(request: RequestId): Check | undefined {
    const check = this.#asked.get(request);
    this.#asked.delete(request);
    return check;
  }

  end(check: Check): void {
    if (check.arrival.via !== null) check.arrival.via.pendingVerifications -= 1;
    const bucket = bucketOf(check.bundle.bytes);
    let before = this.#chains[bucket] ?? null;
    if (before === check) {
      this.#chains[bucket] = check.next;
      return;
    }
    while (before !== null && before.next !== check) before = before.next;
    if (before !== null) before.next = check.next;
  }
}

function bucketOf(bundle: Uint8Array): number {
  return (bundle[bundle.length - signatureBytes] as number) % buckets;
}
