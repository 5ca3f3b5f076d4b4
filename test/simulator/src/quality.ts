/** How well the protocol did its work: counted from what the nodes report and from what went over the wire. */
import { type Channel, type Event, kinds } from '@starling/gossip';
import { Histogram } from './histogram.js';
import { kindOf } from './parcels.js';
import type { Link, SimulatedNode } from './simulated-node.js';
import type { Views } from './views.js';
import type { Watcher } from './watcher.js';
import type { World } from './world.js';

/** One sample on its way. */
interface Spread {
  readonly bornMs: number;
  readonly expected: number;
  delivered: number;
}

export class Quality implements Watcher {
  readonly #world: World;
  readonly #views: Views;
  /** By number of the origin, then by sequence; of its last incarnation. */
  readonly #spreads: { incarnation: number; bySequence: (Spread | undefined)[] }[] = [];
  /** By node and origin: when what it holds was said. */
  readonly #newest: number[][] = [];
  readonly hops = new Histogram(64);
  readonly to99Ms = new Histogram(60_000);
  readonly to100Ms = new Histogram(60_000);
  /** Bundles merged from others in the whole run, and since measuring began. */
  merges = 0;
  deliveries = 0;
  repeats = 0;
  /** Samples counted, the deliveries expected of them and made. */
  samples = 0;
  expected = 0;
  delivered = 0;
  complete = 0;
  readonly bytesByKind = new Map<string, number>();
  refusals = new Map<string, number>();
  limitsReached = new Map<string, number>();
  #sinceMs = Number.POSITIVE_INFINITY;
  #untilMs = Number.POSITIVE_INFINITY;
  #running = 0;
  #nodeMs = 0;
  #countedAtMs = 0;

  constructor(world: World, views: Views) {
    this.#world = world;
    this.#views = views;
  }

  /** Counts from now on. */
  begin(): void {
    this.#sinceMs = this.#world.nowMs;
    this.#countedAtMs = this.#world.nowMs;
  }

  /** Samples made later are on their way still when the run ends. */
  endBirths(): void {
    this.#untilMs = this.#world.nowMs;
  }

  get nodeHours(): number {
    this.#count();
    return this.#nodeMs / 3_600_000;
  }

  onLife(_node: SimulatedNode, change: 'started' | 'crashed' | 'leaving' | 'departed'): void {
    this.#count();
    if (change === 'started') this.#running += 1;
    else if (change !== 'leaving') this.#running -= 1;
  }

  #count(): void {
    const { nowMs } = this.#world;
    if (nowMs <= this.#sinceMs) return;
    this.#nodeMs += (nowMs - this.#countedAtMs) * this.#running;
    this.#countedAtMs = nowMs;
  }

  onSend(_node: SimulatedNode, _link: Link, _channel: Channel, bytes: Uint8Array): void {
    if (this.#world.nowMs < this.#sinceMs) return;
    const kind = kindOf(bytes);
    this.bytesByKind.set(kind, (this.bytesByKind.get(kind) ?? 0) + bytes.length);
  }

  onEvent(node: SimulatedNode, event: Event): void {
    switch (event.type) {
      case 'record-merged':
        if (event.path === 'own') this.#born(event);
        else this.#arrived(node, event);
        return;
      case 'record-repeated':
        if (this.#world.nowMs >= this.#sinceMs) this.repeats += 1;
        return;
      case 'record-refused':
        if (node.malice === null) increase(this.refusals, event.reason);
        return;
      case 'limit-reached':
        if (node.malice === null) increase(this.limitsReached, event.limit);
        return;
      default:
    }
  }

  /** Pairs of node and origin where the node holds nothing that the origin said within this time, milliseconds. */
  stale(mostMs: number): number {
    const running = this.#world.nodes.filter((node) => node.isRunning && node.malice === null);
    let stale = 0;
    for (const origin of running) {
      if (origin.role === 'silent') continue;
      const number = this.#views.numberOf(origin.key.id);
      for (const node of running) if (node !== origin && this.#world.nowMs - (this.#newest[node.index]?.[number] ?? 0) > mostMs) stale += 1;
    }
    return stale;
  }

  #born(event: Extract<Event, { type: 'record-merged' }>): void {
    const number = this.#views.numberOf(event.origin);
    const { incarnation, sequence } = event.bundle;
    const { nowMs } = this.#world;
    let spreads = this.#spreads[number];
    if (spreads === undefined || spreads.incarnation !== incarnation) {
      spreads = { incarnation, bySequence: [] };
      this.#spreads[number] = spreads;
    }
    if (nowMs < this.#sinceMs || nowMs >= this.#untilMs || !event.kinds.includes(kinds.sample)) return;
    const spread = { bornMs: nowMs, expected: this.#running - 1, delivered: 0 };
    spreads.bySequence[sequence] = spread;
    this.samples += 1;
    this.expected += spread.expected;
  }

  #arrived(node: SimulatedNode, event: Extract<Event, { type: 'record-merged' }>): void {
    this.merges += 1;
    if (this.#world.nowMs >= this.#sinceMs) {
      this.deliveries += 1;
      this.hops.add(event.hops);
    }
    const number = this.#views.numberOf(event.origin);
    (this.#newest[node.index] ??= [])[number] = this.#world.nowMs - event.ageMs;
    const spreads = this.#spreads[number];
    if (spreads === undefined || spreads.incarnation !== event.bundle.incarnation) return;
    const spread = spreads.bySequence[event.bundle.sequence];
    if (spread === undefined) return;
    spread.delivered += 1;
    this.delivered += 1;
    if (spread.delivered === Math.ceil(0.99 * spread.expected)) this.to99Ms.add(this.#world.nowMs - spread.bornMs);
    if (spread.delivered !== spread.expected) return;
    this.complete += 1;
    this.to100Ms.add(this.#world.nowMs - spread.bornMs);
    spreads.bySequence[event.bundle.sequence] = undefined;
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
