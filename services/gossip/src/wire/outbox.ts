/**
 * What goes to each peer: control messages first, then bundles, as far as the peer's credit goes. Bundles wait per
 * origin and only while they are in force, so a slow peer costs bounded memory and gets what is fresh
 * (docs/PROTOCOL.md 7.4).
 */
import type { Context } from '../context.js';
import { limits } from '../limits.js';
import type { Peer } from '../membership/peers.js';
import { bytesOf, type HeldBundle, type Origin } from '../store/origin.js';
import { encodeMessage, passageOverheadBytes, pushOverheadBytes } from './codec.js';
import type { Message, Passage, Push } from './message.js';

export class Outbox {
  readonly #context: Context;
  readonly #dirty = new Set<Peer>();
  /** Before this none of them is due. */
  #earliestMs = Number.POSITIVE_INFINITY;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Messages that may be lost go as a datagram when they fit; what must arrive goes as a stream. */
  send(peer: Peer, message: Message, delivery: 'reliable' | 'best-effort' = 'reliable'): void {
    const bytes = encodeMessage(message, this.#context.memory);
    const channel = delivery === 'best-effort' && bytes.length <= peer.maxDatagramBytes ? 'datagram' : 'stream';
    if (peer.waiting.length >= limits.maxWaitingMessages) {
      this.#context.limitReached('maxWaitingMessages');
      return;
    }
    peer.waiting.push({ channel, bytes });
    this.#context.emit({ type: 'message-counted', direction: 'sent', kind: message.type, bytes: bytes.length, records: message.type === 'push' ? message.passages.length : 0 });
    this.#drain(peer);
  }

  /** Queues a bundle for a peer; what it supersedes is dropped from the queue. */
  push(peer: Peer, origin: Origin, held: HeldBundle): void {
    const queued = peer.queue.get(origin);
    if (queued === undefined) {
      peer.queue.set(origin, [held]);
    } else {
      const rest = queued.filter((other) => other.kinds.length > 0 && other !== held);
      peer.queuedBytes -= bytesOf(queued) - bytesOf(rest);
      rest.push(held);
      peer.queue.set(origin, rest);
    }
    peer.queuedBytes += held.bundle.bytes.length;
    this.#mark(peer);
  }

  /** `count` messages left: credit returns. */
  sent(peer: Peer, count: number): void {
    peer.outstanding = Math.max(0, peer.outstanding - count);
    if (peer.waiting.length > 0) this.#drain(peer);
    if (peer.queue.size > 0) this.#mark(peer);
  }

  #mark(peer: Peer): void {
    this.#dirty.add(peer);
    this.#earliestMs = Math.min(this.#earliestMs, peer.flushedAtMs + limits.batchMs);
  }

  forget(peer: Peer): void {
    this.#dirty.delete(peer);
    peer.queue.clear();
    peer.waiting.length = 0;
  }

  /** At the end of each step: peers that were quiet get theirs at once, busy ones share messages for a moment. */
  flush(): void {
    const { nowMs, timers } = this.#context;
    if (nowMs >= this.#earliestMs) {
      this.#earliestMs = Number.POSITIVE_INFINITY;
      for (const peer of this.#dirty) {
        const dueMs = peer.flushedAtMs + limits.batchMs;
        if (nowMs < dueMs) {
          this.#earliestMs = Math.min(this.#earliestMs, dueMs);
          continue;
        }
        this.#dirty.delete(peer);
        this.#flushPeer(peer);
      }
    }
    if (this.#earliestMs !== Number.POSITIVE_INFINITY) timers.atLatest('flush', this.#earliestMs);
  }

  /** Whether everything handed in for this peer has left. */
  isEmpty(peer: Peer): boolean {
    return peer.waiting.length === 0 && peer.queue.size === 0 && peer.outstanding === 0;
  }

  #drain(peer: Peer): void {
    let taken = 0;
    while (taken < peer.waiting.length && peer.outstanding < limits.maxOutstandingMessages) {
      const { channel, bytes } = peer.waiting[taken] as { channel: 'datagram' | 'stream'; bytes: Uint8Array };
      taken += 1;
      peer.outstanding += 1;
      this.#context.emit({ type: 'send', connection: peer.connection, channel, bytes });
    }
    if (taken > 0) peer.waiting.splice(0, taken);
  }

  #flushPeer(peer: Peer): void {
    peer.flushedAtMs = this.#context.nowMs;
    while (peer.queue.size > 0 && peer.waiting.length === 0 && peer.outstanding < limits.maxOutstandingMessages) {
      const room = peer.queuedBytes > limits.datagramBacklogBytes ? limits.streamBatchBytes : peer.maxDatagramBytes;
      const passages = this.#take(peer, room);
      if (passages.length > 0) this.send(peer, { type: 'push', path: 'eager', passages }, room > peer.maxDatagramBytes ? 'reliable' : 'best-effort');
    }
  }

  /** Takes what fits from the queue; a bundle that fits in no datagram goes alone. */
  #take(peer: Peer, room: number): Passage[] {
    const passages: Passage[] = [];
    let bytes = pushOverheadBytes;
    for (const [origin, queued] of peer.queue) {
      for (let held = queued[0]; held !== undefined; held = queued[0]) {
        const cost = held.bundle.bytes.length + passageOverheadBytes;
        if (passages.length > 0 && bytes + cost > room) return passages;
        queued.shift();
        peer.queuedBytes -= held.bundle.bytes.length;
        if (held.kinds.length === 0) continue;
        passages.push(this.passage(peer, held));
        bytes += cost;
      }
      peer.queue.delete(origin);
      if (bytes > room) break;
    }
    return passages;
  }

  /** The age grows by the time spent here and by half a round trip; no more hops are counted than a byte must hold (docs/PROTOCOL.md 7.6). */
  passage(peer: Peer, held: HeldBundle): Passage {
    return { hops: Math.min(held.hops + 1, limits.maxHops), ageMs: this.#context.nowMs - held.madeAtMs + peer.roundTripMs / 2, bytes: held.bundle.bytes };
  }

  /** Answers outside the tree: in as few messages as fit, reliable. Returns the bytes handed out. */
  answer(peer: Peer, path: Push['path'], helds: readonly HeldBundle[]): number {
    let passages: Passage[] = [];
    let bytes = 0;
    let total = 0;
    const finish = () => {
      if (passages.length > 0) this.send(peer, { type: 'push', path, passages });
      total += bytes;
      passages = [];
      bytes = 0;
    };
    for (const held of helds) {
      const cost = held.bundle.bytes.length + passageOverheadBytes;
      if (bytes + cost > limits.streamBatchBytes) finish();
      passages.push(this.passage(peer, held));
      bytes += cost;
    }
    finish();
    return total;
  }
}
