/** The simulated network of one scenario: its nodes by name, who reaches whom, and what was written by hand. */
import type { Address } from '@starling/gossip';
import { calmLinks } from '../simulator/src/network.js';
import type { SimulatedNode } from '../simulator/src/simulated-node.js';
import { clusterTag } from '../simulator/src/toy-crypto.js';
import { engineOf, type WorldOptions } from '../simulator/src/process.js';
import { World } from '../simulator/src/world.js';
import { Chronicle } from './chronicle.js';

/** A power of two, so that virtual time stays exact; small, so that commands take place at one moment of the transcript. */
const tickMs = 1 / 1_024;
/** What is due at the very end of a run is part of it. */
const marginMs = 8 * tickMs;
const sampleIntervalMs = 1_000;
const defaultLatencyMs = 10;
const names = 'abcdefghijklmnopqrstuvwxyz';

export class Stage {
  readonly letters = new Map<string, Uint8Array>();
  seed: number | null = null;
  connections: WorldOptions['connections'] = { type: 'ratio', ratio: 1 };
  #world: World | null = null;
  #chronicle: Chronicle | null = null;
  readonly #ids = new Map<string, string>();
  readonly #known = new Map<SimulatedNode, Set<Address>>();
  readonly #cuts = new Set<string>();
  /** Who is next to whom; null when everybody is next to everybody. */
  #neighbours: Set<string> | null = null;
  readonly #talking = new Set<SimulatedNode>();

  get world(): World {
    if (this.#world === null) throw new Error('there are no nodes yet: `nodes <number>` comes first');
    return this.#world;
  }

  get chronicle(): Chronicle {
    if (this.#chronicle === null) throw new Error('there are no nodes yet: `nodes <number>` comes first');
    return this.#chronicle;
  }

  build(size: number): void {
    if (this.#world !== null) throw new Error('there are nodes already: `add` brings more');
    if (this.seed === null) throw new Error('a scenario names its seed before its nodes');
    if (size < 1 || size > names.length) throw new Error(`1 to ${names.length} nodes have names`);
    const world = new World({ seed: this.seed, connections: this.connections, sampleIntervalMs, metrics: 1, tickMs });
    this.#world = world;
    this.setLatency(defaultLatencyMs);
    world.wiring.reaches = (from, to) => this.#reaches(from, to);
    world.discovery = (node) => [...(this.#known.get(node) ?? [])];
    this.#chronicle = new Chronicle(() => world.nowMs);
    world.watch(this.#chronicle);
    // As a transport would: it tells the round trip of each link, so that ages count the way.
    world.watch({
      onEvent: (node, event) => {
        if (event.type !== 'peer-up') return;
        const milliseconds = 2 * world.wiring.faults.leastLatencyMs;
        world.at(world.nowMs, () => world.give(node, { type: 'round-trip-measured', connection: event.connection, milliseconds }), node);
      },
    });
    for (let i = 0; i < size; i++) this.act(() => world.start(this.enrol()));
  }

  /** One more machine, switched off. Silent for the simulator: here it speaks when the scenario says so. */
  enrol(): SimulatedNode {
    const node = this.world.add('silent');
    this.noteKey(node);
    return node;
  }

  /** A machine has a new key: in transcripts it goes by the name of the machine, with a stroke for each former key. */
  noteKey(node: SimulatedNode): void {
    let name = this.nameOf(node);
    while ([...this.#ids.values()].includes(name)) name += "'";
    this.#ids.set(node.key.id, name);
  }

  setLatency(milliseconds: number): void {
    this.world.wiring.faults = { ...calmLinks, leastLatencyMs: milliseconds, tailLatencyMs: 0 };
  }

  node(name: string): SimulatedNode {
    const node = name.length === 1 ? this.world.nodes[names.indexOf(name)] : undefined;
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  running(node: SimulatedNode): SimulatedNode {
    if (!node.isRunning) throw new Error(`${this.nameOf(node)} does not run`);
    return node;
  }

  nameOf(node: SimulatedNode): string {
    return names[node.index] as string;
  }

  /** By the key, or its first 8 bytes. */
  nameOfId(id: string): string {
    for (const [known, name] of this.#ids) if (known.startsWith(id)) return name;
    return 'unknown';
  }

  nameOfAddress(address: Address): string {
    const node = this.world.byAddress.get(address);
    return node === undefined ? address : this.nameOf(node);
  }

  /** Does something now, and lets what it sets off in the same instant happen. */
  act(what: () => void): void {
    const { world } = this;
    world.at(world.nowMs, what);
    world.run(world.nowMs + tickMs);
  }

  run(milliseconds: number): void {
    this.world.run(Math.round(this.world.nowMs) + milliseconds + marginMs);
  }

  /** The discovery of one node names the other from now on. */
  introduce(from: SimulatedNode, to: SimulatedNode): void {
    const known = this.#known.get(from) ?? new Set();
    this.#known.set(from, known.add(to.address));
    this.act(() => this.world.give(from, { type: 'discovered', addresses: [...known] }));
  }

  /** Only those who stand beside one another reach each other. */
  line(nodes: readonly SimulatedNode[]): void {
    this.#neighbours ??= new Set();
    for (const [i, node] of nodes.entries()) {
      const next = nodes[i + 1];
      if (next === undefined) continue;
      this.#neighbours.add(way(node, next)).add(way(next, node));
    }
    for (const [i, node] of nodes.entries()) {
      const next = nodes[i + 1];
      if (next !== undefined) this.introduce(node, next);
    }
  }

  /** What one sends does not reach the other. */
  cut(from: SimulatedNode, to: SimulatedNode): void {
    this.#cuts.add(way(from, to));
  }

  heal(): void {
    this.#cuts.clear();
  }

  /** Messages are under way for so long as far as the node knows: no credit returns. */
  choke(node: SimulatedNode, milliseconds: number): void {
    node.uplinkFreeAtMs = this.world.nowMs + milliseconds;
  }

  /** Says farewell and ends. */
  leave(node: SimulatedNode): void {
    this.act(() => this.world.leave(this.running(node)));
  }

  /** Measures now, and says so. */
  say(node: SimulatedNode, value: number): void {
    this.act(() => this.world.give(this.running(node), { type: 'sampled', values: [value] }));
  }

  /** Says every second how many seconds have passed. */
  talk(node: SimulatedNode): void {
    if (this.#talking.has(node)) throw new Error(`${this.nameOf(node)} talks already`);
    this.#talking.add(node);
    const { world } = this;
    const speak = (): void => {
      if (!this.#talking.has(node)) return;
      if (node.isRunning && !node.leaving && world.nowMs >= node.pausedUntilMs) world.give(node, { type: 'sampled', values: [Math.floor(world.nowMs / 1_000)] });
      world.at(Math.round(world.nowMs) + sampleIntervalMs, speak, node);
    };
    this.act(speak);
  }

  hush(node: SimulatedNode): void {
    if (!this.#talking.delete(node)) throw new Error(`${this.nameOf(node)} does not talk`);
  }

  /** A node like the others, but for the cluster that it belongs to. */
  startForeign(node: SimulatedNode): void {
    this.act(() => {
      this.world.start(node);
      node.engine = engineOf(node, this.world.options, { clusterTag: clusterTag.map((byte) => byte + 1) });
      this.world.give(node, { type: 'started' });
    });
  }

  #reaches(from: SimulatedNode, to: SimulatedNode): boolean {
    return (this.#neighbours === null || this.#neighbours.has(way(from, to))) && !this.#cuts.has(way(from, to));
  }
}

function way(from: SimulatedNode, to: SimulatedNode): string {
  return `${from.index}>${to.index}`;
}
