/**
 * Which links carry bundles at once and which only announce them (docs/PROTOCOL.md 7.5), after "Epidemic Broadcast Trees"
 * (Leitão, Pereira, Rodrigues 2007) with one tree for all origins: a link that brings what is known already turns lazy at
 * both ends, an announcement whose bundle does not come turns it eager again.
 */
import type { Context } from '../context.js';
import { limits } from '../limits.js';
import type { Peer } from '../membership/peers.js';
import { between } from '../random.js';
import { toHex } from '../record/node-id.js';
import type { Arrival } from '../record/admission.js';
import type { HeldBundle, Origin } from '../store/origin.js';
import type { Announcement } from '../wire/message.js';
import type { Outbox } from '../wire/outbox.js';

/** Bytes of an announce message that are not announcements, and of one announcement at most. */
const announceOverheadBytes = 1;
const announcementBytes = 8 + 8 + 5;

/** A bundle that a peer has and we have not. */
interface Missing {
  readonly announcement: Announcement;
  readonly from: Peer;
  readonly dueMs: number;
}

export class BroadcastTree {
  readonly #context: Context;
  readonly #outbox: Outbox;
  /** Merged since the last announcement, and by whom each was brought. */
  readonly #fresh = new Map<Origin, Peer | null>();
  readonly #missing = new Map<string, Missing>();
  #nextLazy = 0;
  #mayPruneAtMs = 0;

  constructor(context: Context, outbox: Outbox) {
    this.#context = context;
    this.#outbox = outbox;
  }

  /** Passes on what was merged. */
  spread(origin: Origin, held: HeldBundle, arrival: Arrival): void {
    const peers = this.#context.peers.up();
    let lazy = false;
    for (const peer of peers) {
      if (peer === arrival.via) continue;
      if (peer.push === 'eager') this.#outbox.push(peer, origin, held);
      else lazy = true;
    }
    if (!lazy) return;
    this.#fresh.set(origin, arrival.via);
    this.#context.timers.atLatest('announce', this.#context.nowMs + limits.announceIntervalMs);
  }

  /** The last word of this node: to everybody, whatever the side of the link. */
  spreadToAll(origin: Origin, held: HeldBundle): void {
    for (const peer of this.#context.peers.up()) this.#outbox.push(peer, origin, held);
  }

  /** A peer brought along the tree what was known: its link is one too many. */
  repeated(peer: Peer): void {
    const { nowMs, config, peers } = this.#context;
    if (peer.push === 'lazy' || peer.phase !== 'up' || nowMs < peer.heldEagerUntilMs || nowMs < this.#mayPruneAtMs) return;
    if (peers.up().filter((other) => other.push === 'eager').length <= 1) return;
    // Both ends of several links that prune at once would cut the tree: one after the other, at random distance.
    this.#mayPruneAtMs = nowMs + between(config.random, limits.pruneIntervalMs, 2 * limits.pruneIntervalMs);
    this.#outbox.send(peer, { type: 'prune' });
    this.#turn(peer, 'lazy');
  }

  onPrune(peer: Peer): void {
    if (this.#context.nowMs >= peer.heldEagerUntilMs) this.#turn(peer, 'lazy');
  }

  /** The other side wants this link eager. What it asked for is answered by the repair of the store. */
  onGraft(peer: Peer): void {
    this.#hold(peer);
  }

  /** Notes what a peer has and we have not; it comes along the tree, or is fetched. */
  onAnnounce(peer: Peer, announcements: readonly Announcement[]): void {
    const { origins, nowMs, timers } = this.#context;
    for (const announcement of announcements) {
      const { prefix, incarnation, sequence } = announcement;
      const origin = origins.findByPrefix(prefix);
      if (origin !== undefined ? !origin.isNews(incarnation, sequence) : origins.isForgotten(prefix, incarnation, sequence, nowMs)) continue;
      const key = toHex(prefix);
      if (this.#missing.has(key)) continue;
      if (this.#missing.size >= limits.maxMissing) {
        this.#context.limitReached('maxMissing');
        return;
      }
      const dueMs = nowMs + limits.graftDelayMs;
      this.#missing.set(key, { announcement, from: peer, dueMs });
      timers.atLatest('graft', dueMs);
    }
  }

  /** Fetches what was announced and did not come. */
  fetchMissing(): void {
    const { origins, nowMs, timers } = this.#context;
    const wanted = new Map<Peer, Uint8Array[]>();
    for (const [key, missing] of this.#missing) {
      if (missing.dueMs > nowMs) {
        timers.atLatest('graft', missing.dueMs);
        continue;
      }
      this.#missing.delete(key);
      const { prefix, incarnation, sequence } = missing.announcement;
      const origin = origins.findByPrefix(prefix);
      if (missing.from.phase !== 'up' || (origin !== undefined && !origin.isNews(incarnation, sequence))) continue;
      const prefixes = wanted.get(missing.from);
      if (prefixes === undefined) wanted.set(missing.from, [prefix]);
      else if (prefixes.length < limits.maxRequestedOrigins) prefixes.push(prefix);
    }
    for (const [peer, prefixes] of wanted) this.graft(peer, prefixes);
  }

  /** Makes a link eager and asks for what is in force of these origins. */
  graft(peer: Peer, prefixes: readonly Uint8Array[]): void {
    this.#hold(peer);
    this.#outbox.send(peer, { type: 'graft', prefixes });
  }

  /** Tells a few lazy peers, in turn, what is new here. */
  announce(): void {
    const lazy = this.#context.peers.up().filter((peer) => peer.push === 'lazy');
    for (let i = 0; i < Math.min(limits.announcePeers, lazy.length); i++) {
      const peer = lazy[this.#nextLazy % lazy.length] as Peer;
      this.#nextLazy += 1;
      this.#announceTo(peer);
    }
    this.#fresh.clear();
  }

  #announceTo(peer: Peer): void {
    const most = Math.max(1, Math.floor((peer.maxDatagramBytes - announceOverheadBytes) / announcementBytes));
    let announcements: Announcement[] = [];
    for (const [origin, via] of this.#fresh) {
      if (via === peer || origin.sequence === 0) continue;
      announcements.push({ prefix: origin.prefix, incarnation: origin.incarnation, sequence: origin.sequence });
      if (announcements.length < most) continue;
      this.#outbox.send(peer, { type: 'announce', announcements }, 'best-effort');
      announcements = [];
    }
    if (announcements.length > 0) this.#outbox.send(peer, { type: 'announce', announcements }, 'best-effort');
  }

  #hold(peer: Peer): void {
    peer.heldEagerUntilMs = this.#context.nowMs + limits.graftHoldMs;
    this.#turn(peer, 'eager');
  }

  #turn(peer: Peer, push: 'eager' | 'lazy'): void {
    if (peer.push === push) return;
    peer.push = push;
    this.#context.emit({ type: 'peer-push-changed', connection: peer.connection, peer: peer.id ?? '', push });
  }
}
