/**
 * Whom to be connected with (docs/PROTOCOL.md section 6): a small random set, a few more than needed at most, found by
 * discovery and by random walks; and now and then somebody else, so that halves of a split network find each other again.
 */
import type { Context } from '../context.js';
import type { Address } from '../input.js';
import { limits } from '../limits.js';
import { between, choose, pick } from '../random.js';
import type { Join } from '../wire/message.js';
import type { Outbox } from '../wire/outbox.js';
import { AddressBook } from './address-book.js';
import { type Connections, closeCodes } from './connections.js';
import type { Peer } from './peers.js';

/** Connections sought by a network of `members`, this node included (docs/PROTOCOL.md 6.1). */
export function targetDegree(members: number, connections: { readonly type: 'ratio'; readonly ratio: number } | { readonly type: 'logarithmic' }): number {
  const others = Math.max(1, members - 1);
  const sought = connections.type === 'ratio' ? Math.ceil(connections.ratio * others) : Math.ceil(Math.log2(members)) + 1;
  return Math.min(others, Math.max(2, sought), limits.maxTargetConnections);
}

export class Overlay {
  readonly #context: Context;
  readonly #outbox: Outbox;
  readonly #connections: Connections;
  readonly addresses: AddressBook;
  #discoverAtMs = 0;
  #discoverWaitMs: number = limits.discoverHurryMs;
  /** When a known address is tried next although there are peers enough: while somebody is missed, and otherwise. */
  #healAtMs = 0;
  #rotateAtMs = 0;
  /** Connections that lasted: when there is none any more, this node was cut off. */
  #hadPeers = false;
  #joinAtMs = 0;

  constructor(context: Context, outbox: Outbox, connections: Connections) {
    this.#context = context;
    this.#outbox = outbox;
    this.#connections = connections;
    this.addresses = new AddressBook(context);
  }

  start(): void {
    this.#healAtMs = this.#context.nowMs + limits.healIntervalMs;
    this.#rotateAtMs = this.#healAtMs;
    this.look();
  }

  discovered(addresses: readonly Address[]): void {
    this.addresses.discovered(addresses);
    this.#fill();
  }

  /** A dialled connection is through TLS. Each end judges the other only now, so it has failed until it lasts. */
  opened(address: Address): void {
    this.addresses.failed(address);
  }

  dialFailed(address: Address, reason: string): void {
    this.#context.emit({ type: 'dial-failed', address, reason });
    this.addresses.failed(address);
    this.#fill();
  }

  down(peer: Peer): void {
    // By then the other end had this node for a peer too, or would have closed (PROTOCOL 7.2).
    if (this.#context.nowMs - peer.openedAtMs >= limits.handshakeDeadlineMs) {
      this.#hadPeers = true;
      this.addresses.lasted(peer.address);
    }
    if (peer.id !== null) this.addresses.remember(peer.address, peer.id);
    if (this.#context.peers.up().length === 0) {
      this.#discoverWaitMs = limits.discoverHurryMs;
      this.#discoverAtMs = Math.min(this.#discoverAtMs, this.#context.nowMs + limits.discoverHurryMs);
    }
    this.#context.timers.atLatest('overlay', this.#context.nowMs + between(this.#context.config.random, 0, limits.overlayIntervalMs / 4));
  }

  /** A join that a peer passes on or begins: walks on, and whoever it ends at dials (docs/PROTOCOL.md 6.7). */
  onJoin(peer: Peer, join: Join): void {
    const { nowMs, config, peers } = this.#context;
    if (!peer.allowance.joins.take(1, nowMs)) return this.#context.limitReached('maxJoinsPerMinute');
    if (this.addresses.isOwn(join.address) || !isAddress(join.address)) return;
    const others = peers.up().filter((other) => other !== peer && other.address !== join.address);
    const next = pick(config.random, others);
    const steps = Math.min(join.steps, limits.joinSteps);
    if (steps > 0 && next !== undefined) {
      this.#outbox.send(next, { type: 'join', steps: steps - 1, address: join.address });
      return;
    }
    if (this.#connected().has(join.address) || this.addresses.isDialling(join.address) || this.addresses.dialling >= limits.maxJoinDials) return;
    this.addresses.dial(join.address);
  }

  /** Looks after the set of connections. */
  look(): void {
    const { nowMs, timers, config } = this.#context;
    timers.set('overlay', nowMs + limits.overlayIntervalMs * between(config.random, 0.8, 1.2));
    this.#discover();
    this.#fill();
    this.#join();
    this.#shed();
    this.#heal();
  }

  get target(): number {
    return targetDegree(Math.max(this.#context.present, Math.min(this.addresses.size + 1, limits.maxDiscoveredAddresses)), this.#context.config.connections);
  }

  get #missing(): number {
    return this.target - this.#context.peers.size - this.addresses.dialling;
  }

  #connected(): Set<Address> {
    return new Set([...this.#context.peers.all()].map((peer) => peer.address));
  }

  /** Dials while connections are wanting (docs/PROTOCOL.md 6.4). */
  #fill(): void {
    const connected = this.#connected();
    for (let wanted = Math.min(this.#missing, limits.maxDials - this.addresses.dialling); wanted > 0; wanted--) {
      const address = this.addresses.next(connected, this.#context.peers.size === 0 ? 'alone' : 'patient');
      if (address === undefined) return;
      this.addresses.dial(address);
    }
  }

  /** Asks discovery, for ever (docs/PROTOCOL.md 6.5). */
  #discover(): void {
    const { nowMs, peers } = this.#context;
    if (nowMs < this.#discoverAtMs) return;
    this.#context.emit({ type: 'discover' });
    const hurry = peers.up().length < this.target;
    this.#discoverAtMs = nowMs + (hurry ? this.#discoverWaitMs : limits.discoverIntervalMs);
    this.#discoverWaitMs = hurry ? Math.min(limits.discoverIntervalMs, this.#discoverWaitMs * 2) : limits.discoverHurryMs;
  }

  /** Known addresses do not suffice: random walks end at nodes that dial us (docs/PROTOCOL.md 6.6). */
  #join(): void {
    const { nowMs, config, peers } = this.#context;
    if (config.advertise === null || nowMs < this.#joinAtMs || this.#missing <= 0) return;
    if (this.addresses.next(this.#connected(), 'patient') !== undefined) return;
    for (const peer of choose(config.random, peers.up(), Math.min(this.#missing, limits.maxDials))) {
      this.#outbox.send(peer, { type: 'join', steps: limits.joinSteps, address: config.advertise });
    }
    this.#joinAtMs = nowMs + between(config.random, 1, 3) * limits.overlayIntervalMs;
  }

  /** More connections than wanted: some go, a share at a time, and not before they had the time to find others (docs/PROTOCOL.md 6.8). */
  #shed(): void {
    const { nowMs, config, peers } = this.#context;
    const surplus = peers.up().length - this.target - limits.surplusConnections;
    if (surplus <= 0) return;
    const patienceMs = surplus > this.target ? limits.crowdedAfterMs : limits.surplusAfterMs;
    const old = peers.up().filter((peer) => nowMs - peer.openedAtMs >= patienceMs);
    for (const peer of choose(config.random, old, Math.ceil(surplus / 4))) this.#connections.close(peer, closeCodes.surplus, 'more connections than wanted');
  }

  /** Tries a known address, whatever became of it lately: sooner while somebody is missed (docs/PROTOCOL.md 6.9). */
  #heal(): void {
    const { nowMs, config } = this.#context;
    if (nowMs < this.#healAtMs || this.addresses.dialling >= limits.maxDials) return;
    if (nowMs < this.#rotateAtMs && !this.#missesSomebody()) return;
    const share = between(config.random, 0.75, 1.25);
    this.#healAtMs = nowMs + limits.healIntervalMs * share;
    this.#rotateAtMs = nowMs + limits.rotateIntervalMs * share;
    const address = this.addresses.next(this.#connected(), 'impatient');
    if (address !== undefined) this.addresses.dial(address);
  }

  /** A member is suspect or failed, or all peers are lost. */
  #missesSomebody(): boolean {
    const { peers, origins } = this.#context;
    return (this.#hadPeers && peers.up().length === 0) || origins.all().some((origin) => origin.state === 'failed' || origin.state === 'suspect');
  }
}

/** An IP literal and a port, as far as the core can tell; the transport judges the rest. */
function isAddress(text: string): boolean {
  return /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]{2,45}\]):\d{1,5}$/.test(text);
}
