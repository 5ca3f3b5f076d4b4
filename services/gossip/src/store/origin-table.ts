/**
 * Every origin that this node holds something of, found by the bytes of its id without building text, and kept in the
 * order of the ids for digests. Bounded; the forgotten leave a tombstone, so that they do not come back by accident.
 */
import type { NodeId } from '../input.js';
import { limits } from '../limits.js';
import { putLast } from '../put-last.js';
import { fromHex, nodeIdBytes, toHex, word } from '../record/node-id.js';
import { type HeldBundle, type HeldCredential, Origin } from './origin.js';

export interface Tombstone {
  /** What is not beyond this is admitted no more. */
  readonly incarnation: number;
  readonly sequence: number;
  /** For the news of an origin that was only out of reach: it says its credential now and then, not with every record. */
  readonly credential: Uint8Array;
  /** Its last word, for the origin itself when it comes back from an old disk. */
  readonly newest: HeldBundle | null;
  /** Forgotten then, on the monotonic clock. */
  readonly atMs: number;
}

export class OriginTable {
  readonly #self: NodeId;
  /** By the first four bytes of the id; a second origin of the same four is rare but must work: they form a chain. */
  readonly #byHash = new Map<number, Origin>();
  readonly #byId = new Map<NodeId, Origin>();
  readonly #ordered: Origin[] = [];
  readonly #tombstones = new Map<NodeId, Tombstone>();
  /** Of the tombstones, by the first 16 digits of the id. */
  readonly #tombstonePrefixes = new Map<string, NodeId>();

  /** `self`: the id of this node. */
  constructor(self: NodeId) {
    this.#self = self;
  }

  get size(): number {
    return this.#ordered.length;
  }

  get isFull(): boolean {
    return this.#ordered.length >= limits.maxOrigins;
  }

  get tombstones(): number {
    return this.#tombstones.size;
  }

  /** In the order of their ids. */
  all(): readonly Origin[] {
    return this.#ordered;
  }

  get(id: NodeId): Origin | undefined {
    return this.#byId.get(id);
  }

  /** The origin whose id stands in `bytes` at this place. */
  find(bytes: Uint8Array, at: number): Origin | undefined {
    let origin: Origin | null = this.#byHash.get(word(bytes, at) & hashMask) ?? null;
    while (origin !== null && !origin.isAt(bytes, at)) origin = origin.nextOfHash;
    return origin ?? undefined;
  }

  /** The first origin with these leading 8 bytes. */
  findByPrefix(prefix: Uint8Array): Origin | undefined {
    const word0 = word(prefix, 0);
    const word1 = word(prefix, 4);
    let origin: Origin | null = this.#byHash.get(word0 & hashMask) ?? null;
    while (origin !== null && (origin.word0 !== word0 || origin.word1 !== word1)) origin = origin.nextOfHash;
    return origin ?? undefined;
  }

  /** `credential`: what admits it. */
  add(id: NodeId, credential: HeldCredential): Origin {
    const bytes = fromHex(id) ?? new Uint8Array(nodeIdBytes);
    const origin = new Origin(id, bytes, credential, id === this.#self);
    const key = origin.word0 & hashMask;
    let last: Origin | null = this.#byHash.get(key) ?? null;
    while (last !== null && last.nextOfHash !== null) last = last.nextOfHash;
    if (last === null) this.#byHash.set(key, origin);
    else last.nextOfHash = origin;
    this.#byId.set(id, origin);
    this.#ordered.splice(this.firstAtLeast(bytes), 0, origin);
    return origin;
  }

  /** Drops the origin and keeps a tombstone of it (docs/PROTOCOL.md 8.6). */
  forget(origin: Origin, nowMs: number): void {
    const key = origin.word0 & hashMask;
    let before: Origin | null = this.#byHash.get(key) ?? null;
    if (before === origin) {
      if (origin.nextOfHash === null) this.#byHash.delete(key);
      else this.#byHash.set(key, origin.nextOfHash);
    } else {
      while (before !== null && before.nextOfHash !== origin) before = before.nextOfHash;
      if (before !== null) before.nextOfHash = origin.nextOfHash;
    }
    this.#byId.delete(origin.id);
    this.#ordered.splice(this.#ordered.indexOf(origin), 1);
    const { incarnation, equivocatedIncarnation, credential, held } = origin;
    // Of an incarnation that it was caught lying in nothing is believed any more, however late it comes.
    const sequence = equivocatedIncarnation === incarnation ? Number.MAX_SAFE_INTEGER : origin.sequence;
    const tombstone = { incarnation, sequence, credential: credential.bytes, newest: held[0] ?? null, atMs: nowMs };
    const gone = putLast(this.#tombstones, origin.id, tombstone, limits.maxTombstones);
    if (gone !== null) this.#tombstonePrefixes.delete(gone.slice(0, 16));
    this.#tombstonePrefixes.set(origin.id.slice(0, 16), origin.id);
  }

  /** What is remembered of a forgotten origin. */
  tombstone(id: NodeId, nowMs: number): Tombstone | undefined {
    const tombstone = this.#tombstones.get(id);
    if (tombstone !== undefined && nowMs - tombstone.atMs > limits.tombstoneMs) {
      this.#dropTombstone(id);
      return undefined;
    }
    return tombstone;
  }

  /** Whether what is announced by these leading 8 bytes of an id is no news of a forgotten origin. */
  isForgotten(prefix: Uint8Array, incarnation: number, sequence: number, nowMs: number): boolean {
    if (this.#tombstones.size === 0) return false;
    const id = this.#tombstonePrefixes.get(toHex(prefix));
    return id !== undefined && this.isDeparted(id, { incarnation, sequence }, nowMs);
  }

  /** Whether it was forgotten, and this is not beyond what was known of it then. */
  isDeparted(id: NodeId, { incarnation, sequence }: { readonly incarnation: number; readonly sequence: number }, nowMs: number): boolean {
    const tombstone = this.tombstone(id, nowMs);
    return tombstone !== undefined && (incarnation < tombstone.incarnation || (incarnation === tombstone.incarnation && sequence <= tombstone.sequence));
  }

  #dropTombstone(id: NodeId): void {
    this.#tombstones.delete(id);
    this.#tombstonePrefixes.delete(id.slice(0, 16));
  }

  /** Index of the first origin whose prefix is not below these 8 bytes. */
  firstAtLeast(prefix: Uint8Array): number {
    let low = 0;
    let high = this.#ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ordered[middle] as Origin).compareToPrefix(prefix) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** 30 bits of the first four bytes: a small integer, whose look-up is cheap. */
const hashMask = 0x3fffffff;

