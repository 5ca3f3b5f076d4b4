/**
 * Repair by comparison (docs/PROTOCOL.md section 9): about once a second with one random peer, a digest of what is held of
 * a stretch of the id space goes out; what the other lacks comes back, and what the other wants is asked for. It mends
 * whatever the tree did not bring: losses, partitions, late joiners.
 */
import { Budget } from '../budget.js';
import type { Context } from '../context.js';
import { limits } from '../limits.js';
import type { Peer } from '../membership/peers.js';
import { between, pick, randomBytes } from '../random.js';
import { compareBytes, toHex } from '../record/node-id.js';
import { fingerprintOf } from '../store/fingerprint.js';
import { bytesOf, type HeldBundle, type Origin } from '../store/origin.js';
import type { OriginTable } from '../store/origin-table.js';
import { prefixBytes } from '../wire/codec.js';
import type { Announcement, Digest, DigestEntry, Request } from '../wire/message.js';
import type { Outbox } from '../wire/outbox.js';

const first = new Uint8Array(prefixBytes);
const last = new Uint8Array(prefixBytes).fill(0xff);

type RoomLimit = 'maxAnswerBytes' | 'antiEntropyPeerBytesPerSecond' | 'antiEntropyBytesPerSecond';

export class AntiEntropy {
  readonly #context: Context;
  readonly #outbox: Outbox;
  readonly #total: Budget;
  /** Where the next digest of the usual rounds begins. */
  #cursor: Uint8Array = first;

  constructor(context: Context, outbox: Outbox) {
    this.#context = context;
    this.#outbox = outbox;
    this.#total = new Budget(limits.antiEntropyBytesPerSecond, limits.antiEntropyBytesPerSecond, 0);
  }

  start(): void {
    this.#schedule();
  }

  /** Passes over the whole store with a new peer, from a random place on, so that several peers bring different parts (docs/PROTOCOL.md 9.6). */
  raise(peer: Peer): void {
    const start = randomBytes(this.#context.config.random, prefixBytes);
    peer.catchUp = { start, next: start, wrapped: false, continued: 0 };
    this.#goOn(peer);
  }

  /** With one random peer, and with those with which a pass was held up (docs/PROTOCOL.md 9.1). */
  round(): void {
    this.#schedule();
    const peers = this.#context.peers.up();
    for (const peer of peers) {
      if (peer.catchUp === null) continue;
      peer.catchUp.continued = 0;
      this.#goOn(peer);
    }
    const peer = pick(this.#context.config.random, peers);
    if (peer === undefined || peer.catchUp !== null || this.#isWaiting(peer)) return;
    const to = this.#endOf(this.#cursor, last);
    this.#ask(peer, this.#cursor, to);
    this.#cursor = compareBytes(to, last) === 0 ? first : following(to);
  }

  /** Answers a digest: what the other lacks, as far as its budget goes, and in the end what we lack (docs/PROTOCOL.md 9.3, 9.4). */
  onDigest(peer: Peer, digest: Digest): void {
    if (compareBytes(digest.from, digest.to) > 0 || !isOrdered(digest)) return;
    const prefixes: Uint8Array[] = [];
    const helds: HeldBundle[] = [];
    let room = this.#room(peer).bytes;
    let continueAt: Uint8Array | null = null;
    for (const { origin, entry } of pairs(this.#context.origins, digest)) {
      const lacked = origin === undefined ? this.#lastWordTo(peer, entry) : this.#lackedBy(origin, entry);
      room -= bytesOf(lacked);
      if (origin !== undefined && room < 0) {
        continueAt = origin.prefix;
        break;
      }
      helds.push(...lacked);
      if (entry !== undefined && this.#wants(origin, entry)) prefixes.push(entry.prefix);
    }
    this.#answer(peer, helds);
    this.#outbox.send(peer, { type: 'request', prefixes, continueAt });
  }

  /** The end of an exchange that we began: sends what was asked for, and goes on where the other stopped. */
  onRequest(peer: Peer, request: Request): void {
    const sent = this.#answerWanted(peer, request.prefixes.map((prefix) => ({ prefix, incarnation: 0, sequence: 0 })), 'anti-entropy');
    const { asked } = peer;
    peer.asked = null;
    this.#context.emit({ type: 'anti-entropy-ended', peer: peer.id ?? '', received: peer.repaired, sent });
    if (asked === null) return;
    if (request.continueAt !== null) this.#continue(peer, asked, request.continueAt);
    else if (peer.catchUp !== null) this.#advance(peer, asked.to);
  }

  /** The other stopped here for want of budget. */
  #continue(peer: Peer, asked: { readonly from: Uint8Array; readonly to: Uint8Array }, at: Uint8Array): void {
    const { catchUp } = peer;
    // Without progress, or after little, it has no budget left for now: the next round asks again.
    if (compareBytes(at, asked.from) <= 0 || compareBytes(at, asked.to) > 0) return;
    if (catchUp === null) {
      // Else what always fills the beginning of an answer would keep all behind it from being compared.
      this.#cursor = at.slice();
      return;
    }
    catchUp.next = at.slice();
    catchUp.continued += 1;
    if (catchUp.continued <= limits.maxContinuations) this.#goOn(peer);
  }

  /** Sends what a graft wants (docs/PROTOCOL.md 9.7). */
  answerGraft(peer: Peer, wanted: readonly Announcement[]): void {
    this.#answerWanted(peer, wanted, 'graft');
  }

  /** Sends what is in force of these origins beyond what the other holds, within its budget. Returns the number of bundles. */
  #answerWanted(peer: Peer, wanted: readonly Announcement[], path: 'graft' | 'anti-entropy'): number {
    const helds: HeldBundle[] = [];
    const { bytes, limit } = this.#room(peer);
    let room = bytes;
    for (const { prefix, incarnation, sequence } of wanted) {
      const origin = this.#context.origins.findByPrefix(prefix);
      if (origin === undefined) continue;
      const held = origin.incarnation === incarnation ? origin.held.filter((one) => one.bundle.sequence > sequence) : origin.held;
      room -= bytesOf(held);
      if (room < 0) {
        this.#context.limitReached(limit);
        break;
      }
      helds.push(...held);
    }
    this.#answer(peer, helds, path);
    return helds.length;
  }

  /** Who comes back from an old disk when it has been forgotten is heard by nobody, and has to learn from its later words to go beyond them (docs/PROTOCOL.md 8.5). */
  #lastWordTo(peer: Peer, entry: DigestEntry): readonly HeldBundle[] {
    if (peer.id === null || !peer.id.startsWith(toHex(entry.prefix)) || !this.#isForgotten(entry)) return [];
    const newest = this.#context.origins.tombstone(peer.id, this.#context.nowMs)?.newest ?? null;
    return newest === null ? [] : [newest];
  }

  /** What we hold and the other does not. A sample that is on its way along the tree anyway is left to it. */
  #lackedBy(origin: Origin, entry: DigestEntry | undefined): readonly HeldBundle[] {
    if (entry === undefined) return origin.isPresent ? origin.held : [];
    if (origin.incarnation < entry.incarnation) return [];
    if (origin.incarnation > entry.incarnation) return origin.held;
    if (fingerprintOf(origin) !== entry.fingerprint) return origin.held;
    if (origin.sequence <= entry.sequence || this.#isUnderway(origin)) return [];
    return origin.held.filter((held) => held.bundle.sequence > entry.sequence);
  }

  #isForgotten({ prefix, incarnation, sequence }: DigestEntry): boolean {
    return this.#context.origins.isForgotten(prefix, incarnation, sequence, this.#context.nowMs);
  }

  /** What the other holds and we do not, by the same rules. */
  #wants(origin: Origin | undefined, entry: DigestEntry): boolean {
    if (origin === undefined) return !this.#isForgotten(entry);
    if (entry.incarnation !== origin.incarnation) return entry.incarnation > origin.incarnation;
    if (entry.fingerprint !== fingerprintOf(origin)) return true;
    return entry.sequence > origin.sequence && !this.#isUnderway(origin);
  }

  #isUnderway(origin: Origin): boolean {
    return origin.hasSample && this.#context.nowMs - origin.heardAtMs < limits.underwayIntervals * this.#context.sampleIntervalMs;
  }

  #answer(peer: Peer, helds: readonly HeldBundle[], path: 'graft' | 'anti-entropy' = 'anti-entropy'): void {
    const bytes = this.#outbox.answer(peer, path, helds);
    const { nowMs } = this.#context;
    for (const budget of [this.#total, peer.allowance.repair]) budget.take(Math.min(bytes, budget.left(nowMs)), nowMs);
  }

  /** What one answer may hold now, and the bound that says so. */
  #room(peer: Peer): { readonly bytes: number; readonly limit: RoomLimit } {
    const { nowMs } = this.#context;
    const rooms: readonly [RoomLimit, number][] = [
      ['maxAnswerBytes', limits.maxAnswerBytes],
      ['antiEntropyPeerBytesPerSecond', peer.allowance.repair.left(nowMs)],
      ['antiEntropyBytesPerSecond', this.#total.left(nowMs)],
    ];
    const [limit, bytes] = rooms.reduce((least, room) => (room[1] < least[1] ? room : least));
    return { bytes, limit };
  }

  #goOn(peer: Peer): void {
    const { catchUp } = peer;
    if (catchUp === null || this.#isWaiting(peer)) return;
    const bound = catchUp.wrapped ? preceding(catchUp.start) : last;
    if (compareBytes(catchUp.next, bound) > 0) {
      peer.catchUp = null;
      return;
    }
    this.#ask(peer, catchUp.next, this.#endOf(catchUp.next, bound));
  }

  #advance(peer: Peer, answeredTo: Uint8Array): void {
    const { catchUp } = peer;
    if (catchUp === null) return;
    const atEnd = compareBytes(answeredTo, last) === 0;
    if (atEnd && !catchUp.wrapped && compareBytes(catchUp.start, first) > 0) {
      catchUp.wrapped = true;
      catchUp.next = first;
    } else if (atEnd || (catchUp.wrapped && compareBytes(answeredTo, preceding(catchUp.start)) >= 0)) {
      peer.catchUp = null;
      return;
    } else {
      catchUp.next = following(answeredTo);
    }
    this.#goOn(peer);
  }

  #isWaiting(peer: Peer): boolean {
    return peer.asked !== null && this.#context.nowMs - peer.asked.atMs < limits.answerDeadlineMs;
  }

  #ask(peer: Peer, from: Uint8Array, to: Uint8Array): void {
    const { origins, nowMs } = this.#context;
    const all = origins.all();
    const entries: DigestEntry[] = [];
    for (let i = origins.firstAtLeast(from); i < all.length; i++) {
      const origin = all[i] as Origin;
      if (origin.compareToPrefix(to) > 0) break;
      // Two ids of one prefix cost 2^32 tries; the second is left to the tree.
      if (entries.length > 0 && origin.compareToPrefix((entries[entries.length - 1] as DigestEntry).prefix) === 0) continue;
      entries.push({ prefix: origin.prefix, incarnation: origin.incarnation, sequence: origin.sequence, fingerprint: fingerprintOf(origin) });
    }
    peer.asked = { from, to, atMs: nowMs };
    peer.repaired = 0;
    this.#outbox.send(peer, { type: 'digest', from, to, entries });
  }

  /** The end of a digest that begins here, `bound` at the most. */
  #endOf(from: Uint8Array, bound: Uint8Array): Uint8Array {
    const { origins } = this.#context;
    const origin = origins.all()[origins.firstAtLeast(from) + limits.maxDigestEntries - 1];
    return origin === undefined || origin.compareToPrefix(bound) > 0 ? bound : origin.prefix;
  }

  #schedule(): void {
    const { config, timers, nowMs } = this.#context;
    timers.set('anti-entropy', nowMs + limits.antiEntropyIntervalMs * between(config.random, 0.8, 1.2));
  }
}

/** What two stores say of one origin; either may not know it. */
type Pair = { readonly origin: Origin; readonly entry: DigestEntry | undefined } | { readonly origin: undefined; readonly entry: DigestEntry };

/** The origins of the stretch beside what the digest says of them, in the order of the ids. */
function* pairs(origins: OriginTable, { from, to, entries }: Digest): Generator<Pair> {
  const all = origins.all();
  let at = 0;
  for (let i = origins.firstAtLeast(from); i < all.length; i++) {
    const origin = all[i] as Origin;
    if (origin.compareToPrefix(to) > 0) break;
    for (let entry = entries[at]; entry !== undefined && origin.compareToPrefix(entry.prefix) > 0; entry = entries[++at]) yield { origin: undefined, entry };
    const entry = entries[at];
    const isNamed = entry !== undefined && origin.compareToPrefix(entry.prefix) === 0;
    if (isNamed) at += 1;
    yield { origin, entry: isNamed ? entry : undefined };
  }
  for (const entry of entries.slice(at)) yield { origin: undefined, entry };
}

function isOrdered(digest: Digest): boolean {
  let previous: Uint8Array | null = null;
  for (const { prefix } of digest.entries) {
    if (compareBytes(prefix, digest.from) < 0 || compareBytes(prefix, digest.to) > 0) return false;
    if (previous !== null && compareBytes(previous, prefix) >= 0) return false;
    previous = prefix;
  }
  return true;
}

/** The prefix after this one, as a number of 64 bits; that after the last is the first. */
export function following(prefix: Uint8Array): Uint8Array {
  const next = prefix.slice();
  for (let i = prefixBytes - 1; i >= 0; i--) {
    next[i] = ((next[i] as number) + 1) & 0xff;
    if (next[i] !== 0) break;
  }
  return next;
}

function preceding(prefix: Uint8Array): Uint8Array {
  const previous = prefix.slice();
  for (let i = prefixBytes - 1; i >= 0; i--) {
    previous[i] = ((previous[i] as number) + 0xff) & 0xff;
    if (previous[i] !== 0xff) break;
  }
  return previous;
}
