/** What a node holds of one origin. */
import type { NodeId } from '../input.js';
import type { Peer } from '../membership/peers.js';
import type { MemberState } from '../output.js';
import type { Bundle } from '../record/bundle.js';
import type { CredentialFacts } from '../record/credential.js';
import { kinds } from '../record/kinds.js';

/** A bundle in force, and how it came. */
export interface HeldBundle {
  readonly bundle: Bundle;
  readonly hops: number;
  /** Age on arrival, milliseconds. */
  readonly ageMs: number;
  readonly receivedAtMs: number;
  /** How many of its records are in force; 0 once it is superseded. */
  recordsInForce: number;
}

/** The bundle in force for each kind. Few kinds are in use: to look through them is quicker than to hash. */
export class KindTable {
  readonly #kinds: number[] = [];
  readonly #helds: HeldBundle[] = [];

  get size(): number {
    return this.#kinds.length;
  }

  get(kind: number): HeldBundle | undefined {
    const at = this.#kinds.indexOf(kind);
    return at === -1 ? undefined : this.#helds[at];
  }

  has(kind: number): boolean {
    return this.#kinds.includes(kind);
  }

  set(kind: number, held: HeldBundle): void {
    const at = this.#kinds.indexOf(kind);
    if (at !== -1) {
      this.#helds[at] = held;
      return;
    }
    this.#kinds.push(kind);
    this.#helds.push(held);
  }

  clear(): void {
    this.#kinds.length = 0;
    this.#helds.length = 0;
  }
}

export class Origin {
  readonly id: NodeId;
  readonly idBytes: Uint8Array;
  /** First 8 bytes of the id: enough to name an origin between peers. */
  readonly prefix: Uint8Array;
  /** The same as two words. */
  readonly prefixHigh: number;
  readonly prefixLow: number;
  /** The next of those whose ids begin alike. */
  nextOfHash: Origin | null = null;
  /** Its part in a view (docs/PROTOCOL.md section 10): bytes 8 to 11 and 12 to 15 of the id, as two numbers of 32 bits. */
  readonly viewHigh: number;
  readonly viewLow: number;
  /** Order of the newest bundle merged. */
  incarnation = 0;
  sequence = 0;
  /** Connections that it crossed. */
  hops = 0;
  /** In force, newest first. */
  readonly held: HeldBundle[] = [];
  readonly byKind = new KindTable();
  /** Over what is in force except samples; equal sets give equal numbers (docs/PROTOCOL.md 9.2). */
  fingerprint = 0;
  /** View digest of its newest sample as a number (48 of its 64 bits); -1 when it has said none. */
  viewKey = -1;
  credential: { readonly bytes: Uint8Array; readonly facts: CredentialFacts } | null = null;
  /** Incarnation in which two contents under one sequence were proven; 0 when never. */
  equivocatedIncarnation = 0;

  /** How far what was checked of it has used up its rate, on our monotonic clock (docs/PROTOCOL.md 5.10). */
  spentUntilMs = 0;

  /** The peer that brings its news first; null for this node itself, and while none does. */
  parent: Peer | null = null;
  /** Those to whom its news are pushed as they come. */
  readonly eager: Peer[] = [];

  state: MemberState = 'alive';
  stateSinceMs = 0;
  /** When its newest bundle was made, on our monotonic clock, by its age on arrival. */
  heardAtMs = 0;
  /** When its last bundle arrived; 0 before the second one counts for the detector. */
  arrivedAtMs = 0;
  /** Arrival statistics of samples, milliseconds (docs/PROTOCOL.md 8.2). */
  meanIntervalMs = 0;
  varianceMs2 = 0;
  /** Judged again at this time. */
  deadlineMs = Number.POSITIVE_INFINITY;

  constructor(id: NodeId, idBytes: Uint8Array) {
    this.id = id;
    this.idBytes = idBytes.slice();
    this.prefix = this.idBytes.subarray(0, 8);
    this.prefixHigh = word(this.idBytes, 0);
    this.prefixLow = word(this.idBytes, 4);
    const view = new DataView(this.idBytes.buffer, this.idBytes.byteOffset);
    this.viewHigh = view.getInt32(8);
    this.viewLow = view.getInt32(12);
  }

  /** Ordered by (incarnation, sequence): is this newer than everything merged? */
  isNews(incarnation: number, sequence: number): boolean {
    return incarnation > this.incarnation || (incarnation === this.incarnation && sequence > this.sequence);
  }

  holding(sequence: number): HeldBundle | undefined {
    for (const held of this.held) if (held.bundle.sequence === sequence) return held;
    return undefined;
  }

  get isPresent(): boolean {
    return this.state === 'alive' || this.state === 'suspect';
  }

  /** Every record in force, of whatever bundle. */
  payload(kind: number): Uint8Array | undefined {
    const held = this.byKind.get(kind);
    if (held !== undefined) for (const record of held.bundle.records) if (record.kind === kind) return record.payload;
    return undefined;
  }

  get samples(): boolean {
    return this.byKind.has(kinds.sample);
  }
}

/** Four bytes as a number of 32 bits. */
export function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}
