/** One run of a plan: the world, those who watch it, and the passing of time in rounds of a second. */
import { type Address, choose, limits, type Random, seededRandom } from '@starling/gossip';
import { Checks } from './checks.js';
import { Health } from './health.js';
import { type MaliceName, maliceOf } from './malice.js';
import { calmLinks } from './network.js';
import type { Plan } from './plan.js';
import { Quality } from './quality.js';
import { Reputation } from './reputation.js';
import type { SimulatedNode } from './simulated-node.js';
import { isHonest, Views } from './views.js';
import { World } from './world.js';

/** One anti-entropy round of every node, milliseconds; checks are made as often. */
const roundMs = limits.antiEntropyIntervalMs;
/** From so many nodes on, links have a latency of 5 ms and more, and virtual time passes in longer ticks. */
const largeNetwork = 500;
const largeTickMs = 10;
/** The last so many seconds a sample may still be on its way. */
const tailSeconds = 3;
/** Addresses that discovery answers with, unless a plan says otherwise. */
const discoveredAddresses = 8;

export interface RunOptions {
  readonly plan: Plan;
  readonly seed: number;
  readonly nodes: number;
  readonly seconds: number;
  /** Called after each round, with the virtual time. */
  readonly onRound?: (nowMs: number) => void;
}

export class Run {
  readonly options: RunOptions;
  readonly world: World;
  readonly views: Views;
  readonly quality: Quality;
  readonly health: Health;
  readonly checks: Checks;
  readonly reputation: Reputation;
  /** For the choices of the plan, apart from those of the network. */
  readonly random: Random;
  /** Seconds of virtual time and the share of honest nodes that agree with the truth. */
  readonly agreement: [number, number][] = [];
  /** What only this plan measures. */
  readonly figures: Record<string, number | null> = {};

  constructor(options: RunOptions) {
    this.options = options;
    this.random = seededRandom(options.seed ^ 0x5eed);
    this.world = new World({ seed: options.seed, connections: { type: 'logarithmic' }, sampleIntervalMs: options.plan.sampleIntervalMs ?? 1_000, metrics: options.plan.metrics ?? 30, tickMs: options.nodes < largeNetwork ? 1 : largeTickMs });
    if (options.nodes >= largeNetwork) this.world.wiring.faults = { ...calmLinks, leastLatencyMs: 5, tailLatencyMs: 5 };
    this.views = new Views(this.world);
    this.quality = new Quality(this.world, this.views);
    this.health = new Health(this.world);
    this.checks = new Checks(this.world, this.views, this.health);
    this.reputation = new Reputation(this.world, this.checks);
    for (const watcher of [this.views, this.quality, this.health, this.checks, this.reputation]) this.world.watch(watcher);
    this.world.discovery = (node) => this.someAddresses(node, discoveredAddresses);
  }

  /** Addresses of random machines, as a name service with many entries answers. */
  someAddresses(node: SimulatedNode, count: number): Address[] {
    const { nodes } = this.world;
    const found = new Set<Address>();
    for (let i = 0; i < 3 * count && found.size < count; i++) {
      const other = nodes[Math.floor(this.random() * nodes.length)] as SimulatedNode;
      if (other !== node) found.add(other.address);
    }
    return [...found];
  }

  /** Adds nodes and starts them at random within the time given. */
  populate(count: number, withinSeconds: number, role: 'sampling' | 'silent' = 'sampling'): SimulatedNode[] {
    const added = Array.from({ length: count }, () => this.world.add(role));
    for (const node of added) this.world.at(this.world.nowMs + this.random() * withinSeconds * 1_000, () => this.world.start(node));
    return added;
  }

  /** Virtual time passes, round by round. */
  advance(seconds: number): void {
    const endMs = this.world.nowMs + seconds * 1_000;
    while (this.world.nowMs < endMs && !this.checks.isHopeless) {
      this.world.run(Math.min(endMs, this.world.nowMs + roundMs));
      this.agreement.push([Math.round(this.world.nowMs / 100) / 10, Math.round(1_000 * this.views.agreement()) / 1_000]);
      this.checks.round();
      this.options.onRound?.(this.world.nowMs);
    }
  }

  /** These misbehave, each in its own way. To be called before they start. */
  corrupt(nodes: readonly SimulatedNode[], names: readonly MaliceName[]): void {
    nodes.forEach((node, i) => {
      node.malice = maliceOf(names[i % names.length] as MaliceName);
      this.views.ignore(node.key.id);
    });
  }

  /** Begins to count what the figures are made of. */
  measure(): void {
    this.quality.begin();
    this.health.begin();
  }

  /** The whole time of the plan: warms up, then measures; samples of the last seconds count no more, what is on its way may arrive. */
  observe(warmUpSeconds: number): void {
    this.advance(warmUpSeconds);
    this.measure();
    this.advance(this.options.seconds - warmUpSeconds - tailSeconds);
    this.quality.endBirths();
    this.advance(tailSeconds);
  }

  /** Lets rounds pass until all agree; a failure when that takes more than so many. Returns the seconds that it took. */
  converge(rounds: number): number | null {
    const startMs = this.world.nowMs;
    for (let round = 0; round < rounds && !this.checks.isHopeless; round++) {
      this.advance(roundMs / 1_000);
      if (this.views.agreement() === 1) return (this.world.nowMs - startMs) / 1_000;
    }
    this.checks.fail(`not converged after ${rounds} rounds: ${this.#disagreement()}`);
    return null;
  }

  #disagreement(): string {
    this.views.refresh();
    const wrong = this.world.nodes.filter((node) => isHonest(node) && !this.views.agrees(node));
    const first = wrong[0];
    if (first === undefined) return 'nobody';
    const { missing, surplus } = this.views.differences(first);
    const some = (ids: readonly string[]) => `${ids.length}${ids.length > 0 ? ` (${ids.slice(0, 3).map((id) => this.#nameOf(id)).join(', ')})` : ''}`;
    return `${wrong.length} nodes disagree; node ${first.index} misses ${some(missing)} and wrongly believes in ${some(surplus)}, peers ${first.engine?.statistics().peers ?? 0}`;
  }

  #nameOf(id: string): string {
    const node = this.world.nodes.find((other) => other.key.id === id);
    return node === undefined ? id.slice(0, 8) : `node ${node.index}`;
  }

  honest(): SimulatedNode[] {
    return this.world.nodes.filter(isHonest);
  }

  /** A random part of these. */
  some<T>(items: readonly T[], count: number): T[] {
    return choose(this.random, items, count);
  }

  /** Nobody may hold of a node what it said longer ago than this. */
  checkFreshness(mostMs: number): void {
    const stale = this.quality.stale(mostMs);
    if (stale > 0) this.checks.fail(`${stale} of all pairs of nodes know what was said more than ${mostMs} ms ago and nothing newer`);
  }
}
