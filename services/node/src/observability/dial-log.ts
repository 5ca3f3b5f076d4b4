/** Warns with the reason when dialling fails and this node stays without any peer; each failure as such is in event-log.ts. */
import type { Event, Now } from '@starling/gossip';
import type { Log } from '@starling/program';

/** A node that has just started, or just lost its last peer, need not be told of, milliseconds. */
const patienceMs = 30_000;
/** Between two warnings, milliseconds. */
const warningIntervalMs = 60_000;

export class DialLog {
  readonly #log: Log;
  readonly #peers: () => number;
  #aloneSinceMs: number | null = null;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(log: Log, peers: () => number) {
    this.#log = log;
    this.#peers = peers;
  }

  /** To be called for every event of the core. */
  onEvent(event: Event, { monotonicMs }: Now): void {
    if (event.type === 'peer-up') this.#aloneSinceMs = null;
    if (event.type !== 'dial-failed' || this.#peers() > 0) return;
    const { address, reason } = event;
    this.#aloneSinceMs ??= monotonicMs;
    const aloneMs = monotonicMs - this.#aloneSinceMs;
    if (aloneMs < patienceMs || monotonicMs - this.#warnedAtMs < warningIntervalMs) return;
    this.#warnedAtMs = monotonicMs;
    this.#log.warn({ address, reason: inOwnWords(reason), aloneSeconds: Math.round(aloneMs / 1_000) }, 'This node has no peer, and dialling fails');
  }
}

/** What the other side gave as its reason is for the level debug; the number of a TLS alert is no text of its. */
function inOwnWords(reason: string): string {
  const closed = /^closed by the other side(: TLS alert \d{1,3})?/.exec(reason);
  if (closed === null) return reason;
  return closed[1] === undefined ? closed[0] : `${closed[0]} (it refuses the certificate of this node)`;
}
