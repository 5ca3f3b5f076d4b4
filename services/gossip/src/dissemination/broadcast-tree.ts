/**
 * The ways on which news travel (docs/PROTOCOL.md 7.5), after "Epidemic Broadcast Trees" (Leitão, Pereira, Rodrigues
 * 2007) with a tree for each origin, so that no node carries more than its share: the first news of an origin flood; a
 * link that brings again what is known is pruned for this origin, and from then on only announces it; what was announced
 * and does not come is fetched, and the link carries this origin again.
 */
import type { Context } from '../context.js';
import { limits } from '../limits.js';
import type { Peer } from '../membership/peers.js';
import type { MemberState } from '../output.js';
import type { Arrival } from '../record/check.js';
import { kinds } from '../record/kinds.js';
import { toHex } from '../record/node-id.js';
import { type HeldBundle, noPeers, type Origin } from '../store/origin.js';
import type { Announcement, Rumor } from '../wire/message.js';
import type { Outbox } from '../wire/outbox.js';

/** Bytes of an announce message that are not announcements, and of one of them at most. */
const announceOverheadBytes = 1;
const rumorBytes = 8 + 8 + 5 + 1;

/** A peer that has what we have not, by its own word. */
interface Announcer {
  readonly peer: Peer;
  rumor: Rumor;
}

/** An origin of which others have more: the first of them is asked when the time has come, the next if that brought nothing. */
interface Missing {
  announcers: Announcer[];
  dueMs: number;
}

export class BroadcastTree {
  readonly #context: Context;
  readonly #outbox: Outbox;
  /** Merged since the last announcement. */
  readonly #fresh = new Set<Origin>();
  readonly #missing = new Map<string, Missing>();
  /** Origins that a peer brought once too often, until the prune goes out. */
  readonly #surplus = new Map<Peer, Origin[]>();
  #nextAnnounced = 0;

  constructor(context: Context, outbox: Outbox) {
    this.#context = context;
    this.#outbox = outbox;
  }

  /** Passes on what was merged. `before`: how its origin was judged until now; null when it was unknown. */
  spread(origin: Origin, held: HeldBundle, arrival: Arrival, before: MemberState | null): void {
    if (arrival.path === 'own' && held.bundle.has(kinds.farewell)) return this.#spreadToAll(origin, held);
    // The whole store of a new peer is no news to others; what is new of whom we know may be, by whatever way it came.
    if (before === null && arrival.path === 'anti-entropy' && arrival.via?.catchUp) return;
    const { peers, timers, nowMs } = this.#context;
    // It may have gone while the signature was checked.
    const via = arrival.via?.phase === 'up' ? arrival.via : null;
    // Unknown, or given up and here again: most of the network lacks it as we did, and every link may be its way.
    if (before === null || before === 'failed') for (const peer of peers.up()) this.#carry(peer, origin);
    if (via !== null) {
      this.#spare(via, origin);
      if (arrival.path !== 'anti-entropy') origin.parent = via;
    }
    for (const peer of origin.eager) if (peer !== via) this.#outbox.push(peer, origin, held);
    if (origin.eager.length + (via === null ? 0 : 1) >= peers.up().length) return;
    this.#fresh.add(origin);
    timers.atLatest('announce', nowMs + limits.announceIntervalMs);
  }

  /** The last word of this node: to everybody. */
  #spreadToAll(origin: Origin, held: HeldBundle): void {
    for (const peer of this.#context.peers.up()) this.#outbox.push(peer, origin, held);
  }

  /** Who has nobody else gets everything at once; others are told of it, and fetch what does not reach them sooner. */
  raise(peer: Peer): void {
    const { origins, peers } = this.#context;
    const isOnly = peer.hello?.peers === 0 || peers.up().length === 1;
    for (const origin of origins.all()) if (isOnly || origin.isSelf) this.#carry(peer, origin);
  }

  lower(peer: Peer): void {
    this.#surplus.delete(peer);
    this.#awaitNothingOf(peer);
    for (const origin of this.#context.origins.all()) {
      if (origin.parent === peer) origin.parent = null;
      if (origin.eager.includes(peer)) origin.eager = without(origin.eager, peer);
    }
  }

  /** Who is gone gives up its place, at once: who comes back takes no second one. */
  #awaitNothingOf(peer: Peer): void {
    if (peer.awaited === 0) return;
    for (const [key, missing] of this.#missing) {
      missing.announcers = missing.announcers.filter((announcer) => announcer.peer !== peer);
      if (missing.announcers.length === 0) this.#missing.delete(key);
    }
  }

  /** Nothing is carried of an origin that is no more. */
  forget(origin: Origin): void {
    this.#fresh.delete(origin);
    for (const peer of origin.eager) this.#spare(peer, origin);
    origin.parent = null;
  }

  /** A peer brought along the tree what was known: for this origin its link is one too many. */
  repeated(peer: Peer, origin: Origin): void {
    if (peer.phase !== 'up' || origin.parent === peer) return;
    this.#spare(peer, origin);
    if (origin.parent === null && !origin.isSelf) {
      origin.parent = peer;
      return;
    }
    this.#refuseFrom(peer, origin);
  }

  #refuseFrom(peer: Peer, origin: Origin): void {
    const surplus = this.#surplus.get(peer);
    if (surplus === undefined) this.#surplus.set(peer, [origin]);
    else if (surplus.length < limits.maxRequestedOrigins && !surplus.includes(origin)) surplus.push(origin);
    this.#context.timers.atLatest('prune', this.#context.nowMs + limits.pruneDelayMs);
  }

  prune(): void {
    for (const [peer, origins] of this.#surplus) this.#outbox.send(peer, { type: 'prune', prefixes: origins.map((origin) => origin.prefix) });
    this.#surplus.clear();
  }

  onPrune(peer: Peer, prefixes: readonly Uint8Array[]): void {
    for (const prefix of prefixes) {
      const origin = this.#context.origins.findByPrefix(prefix);
      if (origin !== undefined) this.#spare(peer, origin);
    }
  }

  /** The other side wants this link to carry these origins. What it lacks of them is answered by the repair of the store. */
  onGraft(peer: Peer, wanted: readonly Announcement[]): void {
    for (const { prefix } of wanted) {
      const origin = this.#context.origins.findByPrefix(prefix);
      if (origin === undefined) continue;
      // It had been our way to this origin, and has none itself.
      if (origin.parent === peer) origin.parent = null;
      this.#carry(peer, origin);
    }
  }

  /** Notes what a peer has and we have not; it comes along the tree, or is fetched. */
  onAnnounce(peer: Peer, rumors: readonly Rumor[]): void {
    const { origins, nowMs, timers } = this.#context;
    const shorter: Uint8Array[] = [];
    for (const rumor of rumors) {
      const { prefix, incarnation, sequence } = rumor;
      const origin = origins.findByPrefix(prefix);
      if (origin !== undefined ? !origin.isNews(incarnation, sequence) : origins.isForgotten(prefix, incarnation, sequence, nowMs)) {
        if (origin !== undefined && this.#isShorter(peer, origin, rumor)) shorter.push(this.#adopt(peer, origin));
        continue;
      }
      const key = toHex(prefix);
      const missing = this.#missing.get(key);
      if (missing !== undefined) {
        // Who stands in line stands once, with what it announced last.
        const own = missing.announcers.find((announcer) => announcer.peer === peer);
        if (own !== undefined) own.rumor = rumor;
        if (own !== undefined || missing.announcers.length >= limits.maxAnnouncers) continue;
      }
      if (peer.awaited >= limits.maxPeerMissing || (missing === undefined && this.#missing.size >= limits.maxMissing)) {
        this.#context.limitReached(peer.awaited >= limits.maxPeerMissing ? 'maxPeerMissing' : 'maxMissing');
        break;
      }
      peer.awaited += 1;
      if (missing !== undefined) missing.announcers.push({ peer, rumor });
      else this.#missing.set(key, { announcers: [{ peer, rumor }], dueMs: nowMs + limits.graftDelayMs });
      timers.atLatest('graft', nowMs + limits.graftDelayMs);
    }
    if (shorter.length > 0) this.graft(peer, shorter);
  }

  /** The same bundle came to the other over fewer connections, so that it would be worth to have it from there. Never one of our own descendants: it has more. */
  #isShorter(peer: Peer, origin: Origin, rumor: Rumor): boolean {
    if (origin.parent === null || origin.parent === peer || origin.incarnation !== rumor.incarnation || origin.sequence !== rumor.sequence) return false;
    return rumor.hops + 1 + limits.worthwhileHops <= origin.hops;
  }

  /** Makes this peer the one to bring the origin's news. The other goes on until this one was first: an announcement alone cuts no way. */
  #adopt(peer: Peer, origin: Origin): Uint8Array {
    origin.parent = peer;
    this.#spare(peer, origin);
    return origin.prefix;
  }

  /** Fetches what was announced and did not come, from one announcer after the other. */
  fetchMissing(): void {
    const { nowMs, timers } = this.#context;
    const wanted = new Map<Peer, Uint8Array[]>();
    for (const [key, missing] of this.#missing) {
      if (missing.dueMs <= nowMs) {
        const asked = this.#nextToAsk(missing);
        if (asked !== null) collect(wanted, asked);
        if (missing.announcers.length === 0) {
          this.#missing.delete(key);
          continue;
        }
        missing.dueMs = nowMs + limits.graftDelayMs;
      }
      timers.atLatest('graft', missing.dueMs);
    }
    for (const [peer, prefixes] of wanted) this.graft(peer, prefixes);
  }

  /** The first that has more than we hold; it and those before it are no longer waited for. */
  #nextToAsk({ announcers }: Missing): Announcer | null {
    for (let announcer = announcers.shift(); announcer !== undefined; announcer = announcers.shift()) {
      const { peer, rumor } = announcer;
      peer.awaited -= 1;
      const origin = this.#context.origins.findByPrefix(rumor.prefix);
      if (origin === undefined || origin.isNews(rumor.incarnation, rumor.sequence)) return announcer;
    }
    return null;
  }

  /** The peer holds what is lacking to judge this origin; not more often than the interval allows. */
  ask(peer: Peer, prefix: Uint8Array): void {
    if (this.#context.nowMs - peer.allowance.askedAtMs < limits.askIntervalMs) return;
    peer.allowance.askedAtMs = this.#context.nowMs;
    this.graft(peer, [prefix]);
  }

  /** Asks a peer to carry these origins from now on, and for what it holds of them beyond what we hold; in as many messages as it takes. */
  graft(peer: Peer, prefixes: readonly Uint8Array[]): void {
    const { origins } = this.#context;
    for (let from = 0; from < prefixes.length; from += limits.maxRequestedOrigins) {
      const wanted = prefixes.slice(from, from + limits.maxRequestedOrigins).map((prefix) => {
        const origin = origins.findByPrefix(prefix);
        return { prefix, incarnation: origin?.incarnation ?? 0, sequence: origin?.sequence ?? 0 };
      });
      this.#outbox.send(peer, { type: 'graft', wanted });
    }
  }

  /** Tells a few peers, in turn, what is new here that they do not get from here. */
  announce(): void {
    const peers = this.#context.peers.up();
    for (let i = 0; i < Math.min(limits.announcePeers, peers.length); i++) {
      this.#nextAnnounced = (this.#nextAnnounced + 1) % peers.length;
      this.#announceTo(peers[this.#nextAnnounced] as Peer);
    }
    this.#fresh.clear();
  }

  #announceTo(peer: Peer): void {
    const most = Math.max(1, Math.floor((peer.maxDatagramBytes - announceOverheadBytes) / rumorBytes));
    let rumors: Rumor[] = [];
    for (const origin of this.#fresh) {
      if (origin.parent === peer || origin.sequence === 0 || origin.eager.includes(peer)) continue;
      rumors.push({ prefix: origin.prefix, incarnation: origin.incarnation, sequence: origin.sequence, hops: origin.hops });
      if (rumors.length < most) continue;
      this.#outbox.send(peer, { type: 'announce', rumors }, 'best-effort');
      rumors = [];
    }
    if (rumors.length > 0) this.#outbox.send(peer, { type: 'announce', rumors }, 'best-effort');
  }

  #carry(peer: Peer, origin: Origin): void {
    if (origin.eager.includes(peer)) return;
    origin.eager = [...origin.eager, peer];
    peer.carried += 1;
    if (peer.carried === 1) this.#context.emit({ type: 'peer-push-changed', connection: peer.connection, peer: peer.id ?? '', push: 'eager' });
  }

  #spare(peer: Peer, origin: Origin): void {
    if (!origin.eager.includes(peer)) return;
    origin.eager = without(origin.eager, peer);
    peer.carried -= 1;
    if (peer.carried === 0) this.#context.emit({ type: 'peer-push-changed', connection: peer.connection, peer: peer.id ?? '', push: 'lazy' });
  }
}

function collect(wanted: Map<Peer, Uint8Array[]>, { peer, rumor }: Announcer): void {
  const prefixes = wanted.get(peer);
  if (prefixes === undefined) wanted.set(peer, [rumor.prefix]);
  else prefixes.push(rumor.prefix);
}

function without(peers: readonly Peer[], peer: Peer): readonly Peer[] {
  return peers.length === 1 ? noPeers : peers.filter((other) => other !== peer);
}
