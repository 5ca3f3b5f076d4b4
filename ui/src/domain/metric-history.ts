/** The recent past of every metric of every node, in rings of fixed size: what the sparklines are drawn from. */
import type { KnownNode, NetworkView } from './network-view.js';

/** Points kept of one metric at most: five minutes at one record per second. */
export const maxPoints = 300;
/** Fewer than this make no line. */
const minPoints = 30;
/** Metrics kept of one node: as many as it can declare at once (docs/PROTOCOL.md section 11, limits.maxMetrics). */
export const maxColumns = 128;
/** Points kept of one metric over all nodes together. */
const budgetPoints = 90_000;

export interface Series {
  /** Page clock, milliseconds, increasing. */
  readonly timesMs: readonly number[];
  /** NaN where the node could not read it. */
  readonly values: readonly number[];
}

interface NodeRing {
  readonly timesMs: Float64Array;
  readonly columns: Map<string, Float32Array>;
  /** Points written since the beginning. */
  written: number;
  incarnation: number;
  sequence: number;
}

/** The points that each node may keep in a network of this size. */
export function pointsFor(nodeCount: number): number {
  return Math.min(maxPoints, Math.max(minPoints, Math.floor(budgetPoints / Math.max(1, nodeCount))));
}

export class MetricHistory {
  readonly #rings = new Map<string, NodeRing>();

  /** Takes the nodes that have a newer record than last time, and drops those that are gone. */
  append(view: NetworkView): void {
    const points = pointsFor(view.nodes.size);
    for (const known of view.nodes.values()) this.#appendNode(known, points);
    if (this.#rings.size === view.nodes.size) return;
    for (const id of this.#rings.keys()) if (!view.nodes.has(id)) this.#rings.delete(id);
  }

  clear(): void {
    this.#rings.clear();
  }

  #appendNode({ node, readAtMs }: KnownNode, points: number): void {
    let ring = this.#rings.get(node.id);
    if (ring === undefined) {
      ring = { timesMs: new Float64Array(points), columns: new Map(), written: 0, incarnation: 0, sequence: 0 };
      this.#rings.set(node.id, ring);
    }
    if (ring.incarnation === node.incarnation && ring.sequence === node.sequence) return;
    ring.incarnation = node.incarnation;
    ring.sequence = node.sequence;
    const size = ring.timesMs.length;
    const at = ring.written % size;
    ring.timesMs[at] = readAtMs - node.ageSeconds * 1_000;
    for (const column of ring.columns.values()) column[at] = Number.NaN;
    const values = Object.entries(node.values).slice(0, maxColumns);
    makeRoom(ring.columns, new Set(values.map(([name]) => name)));
    for (const [name, value] of values) {
      let column = ring.columns.get(name);
      if (column === undefined) ring.columns.set(name, (column = new Float32Array(size).fill(Number.NaN)));
      column[at] = value ?? Number.NaN;
    }
    ring.written++;
  }

  /** Names of the metrics that have points of this node. */
  metricsOf(id: string): string[] {
    return [...(this.#rings.get(id)?.columns.keys() ?? [])];
  }

  /** The points of one metric up to `untilMs`, oldest first; empty for what is unknown. */
  series(id: string, metric: string, untilMs: number = Number.POSITIVE_INFINITY): Series {
    const ring = this.#rings.get(id);
    const column = ring?.columns.get(metric);
    const timesMs: number[] = [];
    const values: number[] = [];
    if (ring === undefined || column === undefined) return { timesMs, values };
    const size = ring.timesMs.length;
    for (let i = Math.max(0, ring.written - size); i < ring.written; i++) {
      const time = ring.timesMs[i % size] as number;
      if (time > untilMs) break;
      timesMs.push(time);
      values.push(column[i % size] as number);
    }
    return { timesMs, values };
  }
}

/** A node that calls its metrics by new names again and again loses the past of those that it does not report any more. */
function makeRoom(columns: Map<string, Float32Array>, reported: ReadonlySet<string>): void {
  const fresh = [...reported].filter((name) => !columns.has(name)).length;
  if (columns.size + fresh <= maxColumns) return;
  for (const name of columns.keys()) if (!reported.has(name)) columns.delete(name);
}

/** Increase per second between the points of a counter; a fall is a restart, and no rate is known across it. */
export function rateOf(counter: Series): Series {
  const timesMs: number[] = [];
  const values: number[] = [];
  for (let i = 1; i < counter.timesMs.length; i++) {
    const seconds = ((counter.timesMs[i] as number) - (counter.timesMs[i - 1] as number)) / 1_000;
    const increase = (counter.values[i] as number) - (counter.values[i - 1] as number);
    if (seconds <= 0) continue;
    timesMs.push(counter.timesMs[i] as number);
    values.push(increase < 0 ? Number.NaN : increase / seconds);
  }
  return { timesMs, values };
}

/** The last value that is known, and null when none is. */
export function lastOf(series: Series): number | null {
  const value = series.values.findLast((candidate) => !Number.isNaN(candidate));
  return value ?? null;
}
