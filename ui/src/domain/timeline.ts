/** What happened, and how many records came per second, on one axis of time. */
import type { AsOf, TimelineEvent } from '@starling/contract';

export interface PlacedEvent {
  readonly event: TimelineEvent;
  /** By the clock of this page, milliseconds. */
  readonly atMs: number;
  /** Tells events apart in a list. */
  readonly key: number;
}

export interface Timeline {
  /** Oldest first. */
  readonly events: readonly PlacedEvent[];
  /** Records merged by second of the page clock. */
  readonly rates: ReadonlyMap<number, number>;
  readonly nextKey: number;
}

/** Events kept at most. */
export const maxEvents = 500;
/** How far back the strip goes, seconds. */
export const windowSeconds = 300;

export const emptyTimeline: Timeline = { events: [], rates: new Map(), nextKey: 0 };

/**
 * Event times are by the clock of the designated node, which may be off: what counts is how long before `asOf` they were.
 * A node that was looked from before tells a past of its own: hand in `emptyTimeline` with the first message of another.
 */
export function withEvents(timeline: Timeline, events: readonly TimelineEvent[], asOf: AsOf, readAtMs: number): Timeline {
  if (events.length === 0) return timeline;
  const nodeNowMs = Date.parse(asOf.time);
  const placed = events.map((event, i) => {
    const sinceMs = Math.max(0, nodeNowMs - Date.parse(event.time));
    // Further back than any clock can say is as far as it can.
    return { event, atMs: Math.max(0, readAtMs - (Number.isNaN(sinceMs) ? 0 : sinceMs)), key: timeline.nextKey + i };
  });
  return { ...timeline, events: [...timeline.events, ...placed].slice(-maxEvents), nextKey: timeline.nextKey + events.length };
}

export function withRecords(timeline: Timeline, records: number, readAtMs: number): Timeline {
  const second = Math.floor(readAtMs / 1_000);
  const rates = new Map<number, number>();
  for (const [at, count] of timeline.rates) if (at > second - windowSeconds - 1) rates.set(at, count);
  rates.set(second, (rates.get(second) ?? 0) + records);
  return { ...timeline, rates };
}

/** Records per second over the last ten whole seconds; null before the first. */
export function recentRate(timeline: Timeline, nowMs: number): number | null {
  const second = Math.floor(nowMs / 1_000);
  const known = [...timeline.rates.keys()].filter((at) => at < second && at >= second - 10);
  if (known.length === 0) return null;
  const first = Math.min(...known);
  const sum = known.reduce((total, at) => total + (timeline.rates.get(at) ?? 0), 0);
  return sum / (second - first);
}

/** What an event means for the network. */
export type Tone = 'critical' | 'warning' | 'good' | 'neutral';

/** How an event is weighed and drawn. */
export function toneOf(event: TimelineEvent): Tone {
  switch (event.type) {
    case 'failed':
    case 'equivocation':
      return 'critical';
    case 'suspect':
    case 'refused':
      return 'warning';
    case 'joined':
    case 'recovered':
      return 'good';
    case 'left':
    case 'forgotten':
    case 'certificate':
    case 'peer-up':
    case 'peer-down':
    case 'absence':
      return 'neutral';
  }
}

const weights: Readonly<Record<Tone, number>> = { neutral: 0, good: 1, warning: 2, critical: 3 };

/** The gravest last, where they cover what is drawn at the same place; those of one tone stay in their order. */
export function gravestLast(events: readonly PlacedEvent[]): PlacedEvent[] {
  return [...events].sort((a, b) => weights[toneOf(a.event)] - weights[toneOf(b.event)]);
}
