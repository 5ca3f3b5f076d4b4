/** How much of what the page shows is of now: never said better than it is. */
import type { GatewayStatus } from '@starling/contract';
import { formatSpan, formatTimeOfDay } from './format.js';

/** The connection of the page to its gateway; `misunderstood`: given up for what came over it, and tried anew. */
export type Connection = 'connecting' | 'open' | 'reconnecting' | 'misunderstood';

export type Upstream = GatewayStatus['upstream'];

export interface LivenessFacts {
  readonly connection: Connection;
  readonly upstream: Upstream | null;
  /** Name of the node that the page looks from, as far as it is known. */
  readonly from: string;
  /** False when the gateway does not show this node, or no longer. */
  readonly isOffered: boolean;
  /** When the last change came, page clock; null before the first. */
  readonly lastChangeMs: number | null;
  readonly sampleIntervalSeconds: number;
  readonly nowMs: number;
}

export type LiveState = 'connecting' | 'live' | 'stale' | 'reconnecting' | 'away';

export interface Liveness {
  readonly state: LiveState;
  /** A few words for the top bar. */
  readonly text: string;
  /** What is going on, one or two sentences; null while there is nothing to worry about. */
  readonly detail: string | null;
}

/** The designated node says something about itself in each interval; two are missed before the page calls itself stale. */
export function staleAfterMs(sampleIntervalSeconds: number): number {
  return Math.max(2_500, 2_500 * sampleIntervalSeconds);
}

export function livenessOf(facts: LivenessFacts): Liveness {
  const { connection, upstream, from, lastChangeMs, nowMs } = facts;
  const silentMs = lastChangeMs === null ? null : nowMs - lastChangeMs;
  const shown = silentMs === null ? '' : ` What you see is ${formatSpan(silentMs / 1_000)} old.`;
  const isOld = silentMs === null || silentMs > staleAfterMs(facts.sampleIntervalSeconds);
  if (connection !== 'open' && !facts.isOffered) return { state: 'away', text: 'away', detail: `The gateway of this page does not offer ${from}.${shown}` };
  if (connection === 'misunderstood') return { state: 'reconnecting', text: 'reconnecting', detail: `${from} sent what this page cannot read; asking it again. If this stays, reload the page: it may be older than its network.${shown}` };
  if (connection === 'reconnecting') return { state: 'reconnecting', text: 'reconnecting', detail: isOld ? `The gateway of this page does not answer; trying again.${shown}` : null };
  if (upstream?.state === 'away') {
    const since = formatTimeOfDay(Date.parse(upstream.since));
    return { state: 'away', text: 'away', detail: silentMs === null ? `${from} did not answer: first missed at ${since}.` : `${from} does not answer since ${since}.${shown}` };
  }
  if (silentMs === null) return { state: 'connecting', text: 'connecting', detail: `Asking ${from} for its view.` };
  if (isOld) {
    return { state: 'stale', text: `stale ${formatSpan(silentMs / 1_000)}`, detail: `${from} sends nothing.${shown}` };
  }
  return { state: 'live', text: 'live', detail: null };
}
