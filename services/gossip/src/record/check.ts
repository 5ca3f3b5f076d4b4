/** A bundle on its way in, and those of which something is being checked: nothing is checked twice at the same time. */
import type { NodeId } from '../input.js';
import type { Peer } from '../membership/peers.js';
import { type ReadBundle, wordOfSignature } from './bundle.js';
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

  constructor(arrival: Arrival, bundle: ReadBundle, nowMs: number) {
    this.arrival = arrival;
    this.bundle = bundle;
    this.arrivedAtMs = nowMs;
    this.id = bundle.origin;
  }
}

export class Checks {
  #size = 0;
  /** By four bytes of their signatures; of two that are alike in them the later one, so that the other may be checked twice. */
  readonly #bySignature = new Map<number, Check>();

  get size(): number {
    return this.#size;
  }

  /** Whether a bundle of these bytes is among them. */
  has(bytes: Uint8Array): boolean {
    const check = this.#bySignature.get(wordOfSignature(bytes));
    return check !== undefined && equalBytes(check.bundle.bytes, bytes);
  }

  begin(check: Check): void {
    this.#size += 1;
    this.#bySignature.set(wordOfSignature(check.bundle.bytes), check);
    if (check.arrival.via !== null) check.arrival.via.allowance.pendingVerifications += 1;
  }

  end(check: Check): void {
    this.#size -= 1;
    if (check.arrival.via !== null) check.arrival.via.allowance.pendingVerifications -= 1;
    const key = wordOfSignature(check.bundle.bytes);
    if (this.#bySignature.get(key) === check) this.#bySignature.delete(key);
  }
}
