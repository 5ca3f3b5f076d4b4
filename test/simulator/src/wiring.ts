/** Connections between simulated nodes as QUIC would behave: dials, streams that are sent again, links that die of silence. */
import type { Address, Channel, ConnectionId } from '@starling/gossip';
import { arrival, calmLinks, echo, type LinkFaults, maxDatagramBytes, retransmissionMs } from './network.js';
import type { Link, SimulatedNode } from './simulated-node.js';
import { cluster } from './toy-crypto.js';
import type { World } from './world.js';

/** A dial to an address where nobody answers fails after so long, milliseconds. */
const dialDeadlineMs = 4_000;
/** A connection over which nothing comes is closed after so long, milliseconds. */
const idleMs = 15_000;
/** A close is heard so much later than the last message before it: beyond the tick in which that one is delivered, milliseconds. */
const afterLastMs = 20;
/** A datagram that would wait longer than this for the uplink is dropped, milliseconds. */
const uplinkPatienceMs = 500;

export class Wiring {
  readonly #world: World;
  faults: LinkFaults = { ...calmLinks };
  /** Whether what this node sends reaches that one; partitions are made of it. Null: everybody reaches everybody. */
  reaches: ((from: SimulatedNode, to: SimulatedNode) => boolean) | null = null;
  #connections = 0;

  constructor(world: World) {
    this.#world = world;
  }

  #isReached(from: SimulatedNode, to: SimulatedNode): boolean {
    return this.reaches === null || this.reaches(from, to);
  }

  dial(node: SimulatedNode, address: Address): void {
    const { nowMs } = this.#world;
    const target = this.#world.byAddress.get(address);
    const { life } = node;
    node.dialling += 1;
    const fail = () => {
      if (node.life !== life) return;
      node.dialling -= 1;
      this.#world.give(node, { type: 'dial-failed', address, reason: 'no answer' });
    };
    if (target === undefined || !target.isRunning || target === node || !this.#isReached(node, target) || !this.#isReached(target, node)) {
      this.#world.at(nowMs + dialDeadlineMs, fail);
      return;
    }
    const targetLife = target.life;
    const roundTripsMs = 2 * (arrival(this.faults, 'stream', this.#world.random) + arrival(this.faults, 'stream', this.#world.random));
    this.#world.at(Math.max(nowMs + roundTripsMs, target.pausedUntilMs), () => {
      if (node.life !== life) return;
      if (target.life !== targetLife) return fail();
      node.dialling -= 1;
      this.#connect(node, target);
    });
  }

  #connect(dialler: SimulatedNode, acceptor: SimulatedNode): void {
    this.#connections += 2;
    const link: Link = { ends: [dialler, acceptor], ids: [this.#connections - 1, this.#connections], blockedAtMs: Number.POSITIVE_INFINITY, outstanding: [0, 0], lastArrivalMs: [0, 0] };
    dialler.links.set(link.ids[0], link);
    acceptor.links.set(link.ids[1], link);
    const certificateOf = (node: SimulatedNode) => ({ fingerprint: node.key.leaf, uri: `spiffe://${cluster}/node/${node.key.id}` });
    this.#world.give(dialler, { type: 'connection-opened', connection: link.ids[0], direction: 'dialled', address: acceptor.address, localFingerprint: dialler.key.leaf, peer: certificateOf(acceptor), maxDatagramBytes });
    this.#world.give(acceptor, { type: 'connection-opened', connection: link.ids[1], direction: 'accepted', address: dialler.address, localFingerprint: acceptor.key.leaf, peer: certificateOf(dialler), maxDatagramBytes });
  }

  /** What the uplink has no room for waits, or is dropped when it is a datagram. */
  send(node: SimulatedNode, connection: ConnectionId, channel: Channel, bytes: Uint8Array): void {
    const { nowMs, random } = this.#world;
    const link = node.links.get(connection);
    if (link === undefined) return;
    const end = link.ends[0] === node ? 1 : 0;
    let leavesAtMs = nowMs;
    if (node.bytesPerSecond !== Number.POSITIVE_INFINITY) {
      if (channel === 'datagram' && node.uplinkFreeAtMs > nowMs + uplinkPatienceMs) return;
      node.uplinkFreeAtMs = Math.max(nowMs, node.uplinkFreeAtMs) + (bytes.length / node.bytesPerSecond) * 1_000;
      leavesAtMs = node.uplinkFreeAtMs;
    }
    const delayMs = arrival(this.faults, channel, random);
    if (delayMs !== Number.POSITIVE_INFINITY) {
      link.lastArrivalMs[end] = Math.max(link.lastArrivalMs[end], leavesAtMs + delayMs);
      this.#world.deliver(leavesAtMs + delayMs, link, end, channel, bytes);
    }
    const echoMs = echo(this.faults, channel, random);
    if (echoMs !== Number.POSITIVE_INFINITY) this.#world.deliver(leavesAtMs + echoMs, link, end, channel, bytes);
  }

  /** Whether what travels on the link gets through now; otherwise a stream is tried again, and the link may die of it. */
  passes(link: Link, end: 0 | 1, channel: Channel, bytes: Uint8Array): boolean {
    const from = link.ends[1 - end] as SimulatedNode;
    if (this.#isReached(from, link.ends[end])) return true;
    const { nowMs } = this.#world;
    if (channel === 'stream' && link.ends[end].links.has(link.ids[end])) this.#world.deliver(nowMs + 8 * retransmissionMs, link, end, channel, bytes);
    if (link.blockedAtMs === Number.POSITIVE_INFINITY) {
      link.blockedAtMs = nowMs;
      this.#world.at(nowMs + idleMs, () => this.#expire(link));
    }
    return false;
  }

  #expire(link: Link): void {
    link.blockedAtMs = Number.POSITIVE_INFINITY;
    const [a, b] = link.ends;
    if (this.#isReached(a, b) && this.#isReached(b, a)) return;
    this.drop(a, link, 'idle');
    this.drop(b, link, 'idle');
  }

  /** The other side hears of it after what was on its way to it. */
  close(node: SimulatedNode, connection: ConnectionId, reason: string): void {
    const link = node.links.get(connection);
    if (link === undefined) return;
    node.links.delete(connection);
    const other = link.ends[0] === node ? link.ends[1] : link.ends[0];
    const isHeard = this.#isReached(node, other);
    const { nowMs } = this.#world;
    const end = link.ends[0] === node ? 1 : 0;
    this.#world.at(isHeard ? Math.max(nowMs + this.faults.leastLatencyMs, link.lastArrivalMs[end] + afterLastMs) : nowMs + idleMs, () => this.drop(other, link, isHeard ? reason : 'idle'));
  }

  /** The process of this node is gone: the others notice by the silence. */
  abandon(node: SimulatedNode): void {
    for (const link of node.links.values()) {
      const other = link.ends[0] === node ? link.ends[1] : link.ends[0];
      this.#world.at(this.#world.nowMs + idleMs, () => this.drop(other, link, 'idle'));
    }
    node.links.clear();
  }

  drop(node: SimulatedNode, link: Link, reason: string): void {
    const connection = link.ends[0] === node ? link.ids[0] : link.ids[1];
    if (!node.links.delete(connection)) return;
    this.#world.give(node, { type: 'connection-closed', connection, reason });
  }
}
