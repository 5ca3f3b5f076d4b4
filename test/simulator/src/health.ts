/** Who was suspected or given up, rightly or wrongly, and how long that took. */
import type { Event } from '@starling/gossip';
import { Histogram } from './histogram.js';
import type { SimulatedNode } from './simulated-node.js';
import type { Watcher } from './watcher.js';
import type { World } from './world.js';

export class Health implements Watcher {
  readonly #world: World;
  /** Processes that run under each identity. */
  readonly #running = new Map<string, Set<SimulatedNode>>();
  /** When the process of an identity ended without farewell. */
  readonly #crashedAtMs = new Map<string, number>();
  /** Wrongly given up, by observer and origin; until when it was put right. */
  readonly #wrongSinceMs = new Map<string, number>();
  readonly suspectedAfterMs = new Histogram(120_000);
  readonly failedAfterMs = new Histogram(120_000);
  readonly refutedAfterMs = new Histogram(600_000);
  falseSuspicions = 0;
  falseDeaths = 0;
  #counting = false;

  constructor(world: World) {
    this.#world = world;
  }

  begin(): void {
    this.#counting = true;
  }

  onLife(node: SimulatedNode, change: 'started' | 'crashed' | 'leaving' | 'departed'): void {
    const { id } = node.key;
    const running = this.#running.get(id) ?? new Set();
    this.#running.set(id, running);
    if (change === 'started') running.add(node);
    else running.delete(node);
    if (change === 'started') this.#crashedAtMs.delete(id);
    else if (change === 'crashed' && running.size === 0) this.#crashedAtMs.set(id, this.#world.nowMs);
    for (const pair of [...this.#wrongSinceMs.keys()]) if (pair.startsWith(`${node.index} `) || (change !== 'started' && pair.endsWith(id))) this.#wrongSinceMs.delete(pair);
  }

  onEvent(node: SimulatedNode, event: Event): void {
    if (event.type !== 'member-changed' || node.malice !== null) return;
    const pair = `${node.index} ${event.origin}`;
    if (event.state === 'alive') {
      const sinceMs = this.#wrongSinceMs.get(pair);
      if (sinceMs === undefined) return;
      this.#wrongSinceMs.delete(pair);
      this.refutedAfterMs.add(this.#world.nowMs - sinceMs);
      return;
    }
    if (event.state === 'left') return;
    const running = [...(this.#running.get(event.origin) ?? [])];
    if (running.some((origin) => origin.malice !== null)) return;
    if (running.length > 0) this.#accusedWrongly(pair, event.state);
    else this.#accusedRightly(event.origin, event.state);
  }

  #accusedWrongly(pair: string, state: 'suspect' | 'failed'): void {
    if (state === 'failed') this.#wrongSinceMs.set(pair, this.#world.nowMs);
    if (!this.#counting) return;
    if (state === 'suspect') this.falseSuspicions += 1;
    else this.falseDeaths += 1;
  }

  #accusedRightly(id: string, state: 'suspect' | 'failed'): void {
    const crashedAtMs = this.#crashedAtMs.get(id);
    if (crashedAtMs === undefined || !this.#counting) return;
    (state === 'suspect' ? this.suspectedAfterMs : this.failedAfterMs).add(this.#world.nowMs - crashedAtMs);
  }

  /** The pair that has been wrong for longest, and for how long, milliseconds. */
  longestWrong(): { readonly pair: string; readonly ms: number } | null {
    const first = this.#wrongSinceMs.entries().next();
    return first.done ? null : { pair: first.value[0], ms: this.#world.nowMs - first.value[1] };
  }

  /** What was wrong so far is excused: the network was in pieces. */
  excuse(): void {
    for (const pair of this.#wrongSinceMs.keys()) this.#wrongSinceMs.set(pair, this.#world.nowMs);
  }
}
