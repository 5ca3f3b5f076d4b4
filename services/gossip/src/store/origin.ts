/** What a node holds of one origin. */
import type { NodeId } from '../input.js';
import type { Peer } from '../membership/peers.js';
import type { MemberState } from '../output.js';
import type { ReadBundle } from '../record/bundle.js';
import type { CredentialFacts } from '../record/credential.js';
import { kinds } from '../record/kinds.js';
import { nodeIdBytes, word } from '../record/node-id.js';

/** A bundle in force, and how it came. */
export interface HeldBundle {
  readonly bundle: ReadBundle;
  readonly hops: number;
  /** When it was made, on our monotonic clock, by its age on arrival. */
  readonly madeAtMs: number;
  /** Those of its records that are in force, in increasing order of kind; none once it is superseded. */
  kinds: readonly number[];
}

export function bytesOf(helds: readonly HeldBundle[]): number {
  return helds.reduce((sum, { bundle }) => sum + bundle.bytes.length, 0);
}

/** A credential that was admitted, and what it says. */
export interface HeldCredential {
  readonly bytes: Uint8Array;
  readonly facts: CredentialFacts;
}

/** Most origins have nobody here to whom their news are pushed: they share this. */
export const noPeers: readonly Peer[] = [];
const wordBytes = 4;

/**
 * A network of thousands holds thousands of these at each node, and every bundle that arrives finds another one: the
 * fewer objects it is made of, the fewer fetches from memory a bundle costs.
 */
export class Origin {
  /** The next of those whose ids begin alike. */
  nextOfHash: Origin | null = null;
  /** The id in words of 32 bits, most significant byte first. */
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
  readonly word4: number;
  readonly word5: number;
  readonly word6: number;
  readonly word7: number;
  readonly id: NodeId;
  readonly isSelf: boolean;

  // Written by merge.ts.
  /** Order of the newest bundle merged. */
  incarnation = 0;
  sequence = 0;
  /** Connections that it crossed. */
  hops = 0;
  /** In force, newest first. */
  held: HeldBundle[] = [];

  // By admission.ts and vouching.ts.
  /** How far what was checked of it has used up its rate, on our monotonic clock (docs/PROTOCOL.md 5.10). */
  spentUntilMs = 0;
  /** Incarnation in which two contents under one sequence were proven; 0 when never. */
  equivocatedIncarnation = 0;
  /** In force (docs/PROTOCOL.md 5.8). */
  credential: HeldCredential;

  // By the failure detector, and by the view.
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
  /** View digest of its newest sample as a number (48 of its 64 bits); -1 when it has said none. */
  viewKey = -1;

  // By the tree.
  /** The peer that brings its news first; null for this node itself, and while none does. */
  parent: Peer | null = null;
  /** Those to whom its news are pushed as they come. Replaced, never changed: at most nodes it is empty. */
  eager: readonly Peer[] = noPeers;

  /** `idBytes`: the 32 bytes that `id` spells. */
  constructor(id: NodeId, idBytes: Uint8Array, credential: HeldCredential, isSelf: boolean) {
    this.id = id;
    this.credential = credential;
    this.isSelf = isSelf;
    this.word0 = word(idBytes, 0);
    this.word1 = word(idBytes, 4);
    this.word2 = word(idBytes, 8);
    this.word3 = word(idBytes, 12);
    this.word4 = word(idBytes, 16);
    this.word5 = word(idBytes, 20);
    this.word6 = word(idBytes, 24);
    this.word7 = word(idBytes, 28);
  }

  /** Whether its id stands in `bytes` at this place. */
  isAt(bytes: Uint8Array, at: number): boolean {
    return (
      bytes.length - at >= nodeIdBytes &&
      this.word0 === word(bytes, at) &&
      this.word1 === word(bytes, at + wordBytes) &&
      this.word2 === word(bytes, at + 2 * wordBytes) &&
      this.word3 === word(bytes, at + 3 * wordBytes) &&
      this.word4 === word(bytes, at + 4 * wordBytes) &&
      this.word5 === word(bytes, at + 5 * wordBytes) &&
      this.word6 === word(bytes, at + 6 * wordBytes) &&
      this.word7 === word(bytes, at + 7 * wordBytes)
    );
  }

  /** First 8 bytes of the id: enough to name an origin between peers. Made anew at each call. */
  get prefix(): Uint8Array {
    const prefix = new Uint8Array(2 * wordBytes);
    putWord(prefix, 0, this.word0);
    putWord(prefix, wordBytes, this.word1);
    return prefix;
  }

  /** The order of the prefixes as bytes: negative, zero or positive. */
  compareToPrefix(prefix: Uint8Array): number {
    return (this.word0 >>> 0) - (word(prefix, 0) >>> 0) || (this.word1 >>> 0) - (word(prefix, wordBytes) >>> 0);
  }

  /** Ordered by (incarnation, sequence): is this newer than everything merged? */
  isNews(incarnation: number, sequence: number): boolean {
    return incarnation > this.incarnation || (incarnation === this.incarnation && sequence > this.sequence);
  }

  /** What is held under this number of the present incarnation. */
  holding(sequence: number): HeldBundle | undefined {
    if (sequence > this.sequence) return undefined;
    for (const held of this.held) if (held.bundle.sequence === sequence) return held;
    return undefined;
  }

  /** The bundle in force for this kind. */
  inForce(kind: number): HeldBundle | undefined {
    for (const held of this.held) if (held.kinds.includes(kind)) return held;
    return undefined;
  }

  get isPresent(): boolean {
    return this.state === 'alive' || this.state === 'suspect';
  }

  get hasSample(): boolean {
    return this.inForce(kinds.sample) !== undefined;
  }
}

function putWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
