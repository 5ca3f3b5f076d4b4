/**
 * The core under virtual time: nodes, links and clocks in one thread, one event after the other. The same plan and seed
 * give the same run, byte for byte.
 */
import { type Address, type ConnectionId, createEngine, type Engine, type Event, type Input, type Output, type Random, seededRandom } from '@starling/gossip';
import { EventHeap } from './event-heap.js';
import { arrivals, calmLinks, type LinkFaults } from './network.js';
import { cluster, clusterTag, type ToyKey, toyCredential, toyCredentialFacts, toyKey, toySign, toyVerify } from './toy-crypto.js';

export const maxDatagramBytes = 1_306;
/** A dial to an address where nobody answers fails after so long, milliseconds. */
const dialDeadlineMs = 4_000;
/** A connection over which nothing comes is closed after so long, milliseconds. */
const idleMs = 15_000;
/** Wall time when virtual time begins, milliseconds since 1970. */
const epochMs = 1_790_000_000_000;

export interface WorldOptions {
  readonly seed: number;
  readonly connections: { readonly type: 'ratio'; readonly ratio: number } | { readonly type: 'logarithmic' };
  readonly sampleIntervalMs?: number;
  readonly metrics?: number;
  /** Addresses that discovery answers with. */
  readonly discovery?: (node: SimulatedNode) => readonly Address[];
  /** Sees every event of every node. */
  readonly onEvent?: (node: SimulatedNode, event: Event) => void;
  /** Sees every output that is sent; for malicious nodes and for measuring. */
  readonly onSend?: (node: SimulatedNode, bytes: Uint8Array) => void;
}

interface Link {
  readonly id: ConnectionId;
  readonly ends: readonly [SimulatedNode, SimulatedNode];
  readonly ids: readonly [ConnectionId, ConnectionId];
  open: boolean;
}

/** What a node keeps over a crash: its disk. */
export interface Disk {
  incarnation: number;
}

export interface SimulatedNode {
  readonly index: number;
  readonly key: ToyKey;
  readonly address: Address;
  readonly disk: Disk;
  readonly links: Map<ConnectionId, Link>;
  engine: Engine | null;
  /** Lives begun so far: what was meant for an earlier one does not reach a later one. */
  life: number;
  samples: boolean;
  pausedUntilMs: number;
  pausedAtMs: number;
  /** Added to the wall clock, milliseconds. */
  clockOffsetMs: number;
  wakeupAtMs: number;
}

export class World {
  readonly options: WorldOptions;
  readonly random: Random;
  readonly nodes: SimulatedNode[] = [];
  readonly byAddress = new Map<Address, SimulatedNode>();
  links: LinkFaults = { ...calmLinks };
  nowMs = 0;
  /** Whether what this node sends reaches that one; partitions are made of it. */
  reaches: (from: SimulatedNode, to: SimulatedNode) => boolean = () => true;
  readonly #heap = new EventHeap<() => void>();
  #connections = 0;
  steps = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.random = seededRandom(options.seed);
  }

  add(samples = true): SimulatedNode {
    const index = this.nodes.length;
    const key = toyKey(this.options.seed, index);
    const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:9740`;
    const node: SimulatedNode = { index, key, address, disk: { incarnation: 0 }, links: new Map(), engine: null, life: 0, samples, pausedUntilMs: 0, pausedAtMs: 0, clockOffsetMs: 0, wakeupAtMs: Number.POSITIVE_INFINITY };
    this.nodes.push(node);
    this.byAddress.set(address, node);
    return node;
  }

  start(node: SimulatedNode): void {
    node.life += 1;
    node.disk.incarnation += 1;
    node.pausedUntilMs = 0;
    const metrics = Array.from({ length: this.options.metrics ?? 30 }, (_, i) => ({ name: `m${i}`, unit: '1', type: 'gauge' as const, exponent: -3 }));
    node.engine = createEngine({
      cluster,
      clusterTag,
      self: node.key.id,
      incarnation: node.disk.incarnation,
      credential: toyCredential(node.key),
      descriptor: { name: `node-${node.index}`, version: 'sim', labels: {}, metrics },
      advertise: node.address,
      sampleIntervalMs: this.options.sampleIntervalMs ?? 1_000,
      connections: this.options.connections,
      random: seededRandom((this.options.seed * 7_919 + node.index * 104_729 + node.life) >>> 0),
    });
    this.give(node, { type: 'started' });
    const { life } = node;
    if (node.samples) this.at(this.nowMs + this.random() * (this.options.sampleIntervalMs ?? 1_000), () => this.#sample(node, life));
  }

  /** The process is gone between two instructions. */
  crash(node: SimulatedNode): void {
    node.engine = null;
    node.life += 1;
    node.wakeupAtMs = Number.POSITIVE_INFINITY;
    for (const link of node.links.values()) {
      const other = link.ends[0] === node ? link.ends[1] : link.ends[0];
      link.open = false;
      this.at(this.nowMs + idleMs, () => this.#drop(other, link, 'idle'));
    }
    node.links.clear();
  }

  /** Says farewell and ends. */
  leave(node: SimulatedNode): void {
    this.give(node, { type: 'leaving' });
  }

  /** The process does not run until then; what comes meanwhile waits. */
  pause(node: SimulatedNode, milliseconds: number): void {
    node.pausedAtMs = this.nowMs;
    node.pausedUntilMs = this.nowMs + milliseconds;
    this.at(node.pausedUntilMs, () => this.give(node, { type: 'stalled', milliseconds }));
  }

  at(atMs: number, act: () => void): void {
    this.#heap.push(atMs, act);
  }

  run(untilMs: number): void {
    while (this.#heap.nextMs <= untilMs) {
      this.nowMs = this.#heap.nextMs;
      this.#heap.pop()?.();
    }
    this.nowMs = untilMs;
  }

  give(node: SimulatedNode, input: Input): void {
    if (node.engine === null) return;
    if (this.nowMs < node.pausedUntilMs && input.type !== 'stalled') {
      const { life } = node;
      this.at(node.pausedUntilMs, () => node.life === life && this.give(node, input));
      return;
    }
    this.steps += 1;
    const now = { monotonicMs: this.nowMs, wallMs: epochMs + this.nowMs + node.clockOffsetMs };
    const outputs = node.engine.step(input, now);
    for (let i = 0; i < outputs.length; i++) this.#carryOut(node, outputs[i] as Output);
    this.#arm(node);
  }

  #arm(node: SimulatedNode): void {
    const next = node.engine?.nextWakeup();
    if (next === null || next === undefined || node.wakeupAtMs <= next.atMs) return;
    const atMs = Math.max(next.atMs, this.nowMs);
    node.wakeupAtMs = atMs;
    const { life } = node;
    this.at(atMs, () => {
      if (node.life !== life || node.wakeupAtMs !== atMs) return;
      node.wakeupAtMs = Number.POSITIVE_INFINITY;
      this.give(node, { type: 'wake-up' });
    });
  }

  #sample(node: SimulatedNode, life: number): void {
    if (node.life !== life || node.engine === null) return;
    const count = this.options.metrics ?? 30;
    const values = Array.from({ length: count }, (_, i) => Math.round(this.nowMs + i) / 1_000);
    this.give(node, { type: 'sampled', values });
    if (node.engine === null) return;
    this.at(this.nowMs + node.engine.sampleIntervalMs() * (0.9 + 0.2 * this.random()), () => this.#sample(node, life));
  }

  #carryOut(node: SimulatedNode, output: Output): void {
    switch (output.type) {
      case 'dial':
        return this.#dial(node, output.address);
      case 'close':
        return this.#close(node, output.connection, output.reason);
      case 'send':
        return this.#send(node, output.connection, output.channel, output.bytes);
      case 'sign':
        return this.#answer(node, { type: 'signed', request: output.request, signature: toySign(node.key.publicKey, output.message) });
      case 'verify-signature':
        return this.#answer(node, { type: 'signature-verified', request: output.request, valid: toyVerify(output.publicKey, output.message, output.signature) });
      case 'verify-credential': {
        const facts = toyCredentialFacts(output.credential);
        return this.#answer(node, { type: 'credential-verified', request: output.request, result: facts === null ? { admitted: false, reason: 'untrusted-chain' } : { admitted: true, facts } });
      }
      case 'discover': {
        const addresses = this.options.discovery?.(node) ?? [];
        return this.#answer(node, { type: 'discovered', addresses });
      }
      case 'persist-incarnation':
        node.disk.incarnation = output.incarnation;
        return;
      case 'departed':
        return this.#depart(node);
      default:
        this.options.onEvent?.(node, output);
    }
  }

  /** Answers of the shell come in the same instant, after the step that asked. */
  #answer(node: SimulatedNode, input: Input): void {
    const { life } = node;
    this.at(this.nowMs, () => node.life === life && this.give(node, input));
  }

  #dial(node: SimulatedNode, address: Address): void {
    const target = this.byAddress.get(address);
    const { life } = node;
    const delayMs = 2 * this.links.leastLatencyMs + 2 * this.links.tailLatencyMs;
    if (target === undefined || target.engine === null || target === node || !this.reaches(node, target) || !this.reaches(target, node)) {
      this.at(this.nowMs + dialDeadlineMs, () => node.life === life && this.give(node, { type: 'dial-failed', address, reason: 'no answer' }));
      return;
    }
    const targetLife = target.life;
    this.at(this.nowMs + delayMs, () => {
      if (node.life !== life || target.life !== targetLife) {
        if (node.life === life) this.give(node, { type: 'dial-failed', address, reason: 'no answer' });
        return;
      }
      this.#connect(node, target);
    });
  }

  #connect(dialler: SimulatedNode, acceptor: SimulatedNode): void {
    this.#connections += 2;
    const link: Link = { id: this.#connections, ends: [dialler, acceptor], ids: [this.#connections - 1, this.#connections], open: true };
    dialler.links.set(link.ids[0], link);
    acceptor.links.set(link.ids[1], link);
    const peerOf = (other: SimulatedNode) => ({ fingerprint: other.key.leaf, uri: `spiffe://${cluster}/node/${other.key.id}` });
    this.give(dialler, { type: 'connection-opened', connection: link.ids[0], direction: 'dialled', address: acceptor.address, localFingerprint: dialler.key.leaf, peer: peerOf(acceptor), maxDatagramBytes });
    this.give(acceptor, { type: 'connection-opened', connection: link.ids[1], direction: 'accepted', address: dialler.address, localFingerprint: acceptor.key.leaf, peer: peerOf(dialler), maxDatagramBytes });
  }

  #send(node: SimulatedNode, connection: ConnectionId, channel: 'datagram' | 'stream', bytes: Uint8Array): void {
    this.#answer(node, { type: 'messages-sent', connection, count: 1 });
    const link = node.links.get(connection);
    if (link === undefined || !link.open) return;
    this.options.onSend?.(node, bytes);
    const end = link.ends[0] === node ? 1 : 0;
    const target = link.ends[end];
    if (!this.reaches(node, target)) return this.#idle(link);
    for (const delayMs of arrivals(this.links, channel, this.random)) {
      this.at(this.nowMs + delayMs, () => {
        if (!target.links.has(link.ids[end])) return;
        this.give(target, { type: 'message-received', connection: link.ids[end], channel, bytes });
      });
    }
  }

  /** A link on which something could not get through dies of it, unless the way is open again by then. */
  #idle(link: Link): void {
    if (!link.open) return;
    link.open = false;
    this.at(this.nowMs + idleMs, () => {
      const [a, b] = link.ends;
      if (this.reaches(a, b) && this.reaches(b, a) && a.links.has(link.ids[0]) && b.links.has(link.ids[1])) {
        link.open = true;
        return;
      }
      this.#drop(a, link, 'idle');
      this.#drop(b, link, 'idle');
    });
  }

  #close(node: SimulatedNode, connection: ConnectionId, reason: string): void {
    const link = node.links.get(connection);
    if (link === undefined) return;
    node.links.delete(connection);
    const other = link.ends[0] === node ? link.ends[1] : link.ends[0];
    link.open = false;
    this.at(this.nowMs + this.links.leastLatencyMs, () => this.#drop(other, link, reason));
  }

  #drop(node: SimulatedNode, link: Link, reason: string): void {
    const connection = link.ends[0] === node ? link.ids[0] : link.ids[1];
    if (!node.links.delete(connection)) return;
    this.give(node, { type: 'connection-closed', connection, reason });
  }

  #depart(node: SimulatedNode): void {
    for (const connection of [...node.links.keys()]) this.#close(node, connection, 'leaving');
    node.engine = null;
    node.life += 1;
  }
}
