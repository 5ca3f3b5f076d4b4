/** The recent past of the network, in sentences for a person. */
import type { Absence, TimelineEvent } from '@starling/contract';
import type { Event, MemberState, NodeId, Now, RefusalReason } from '@starling/gossip';

export const timelineLimits = {
  /** Events remembered; the oldest go first. */
  maxEvents: 500,
  /** Refusals of one kind become one event in so long, milliseconds: a flood must not wash away the past. */
  refusalIntervalMs: 10_000,
  /** Characters of a reason that came from elsewhere. */
  maxReasonCharacters: 120,
} as const;

/** Told apart in the timeline: a closed list, so that nobody can add kinds to it from outside. */
export type RefusalKind = RefusalReason | 'connection' | 'certificate';

interface RefusalTally {
  toldAtMs: number;
  untold: number;
}

export class Timeline {
  readonly #events: TimelineEvent[] = [];
  readonly #refusals = new Map<RefusalKind, RefusalTally>();
  readonly #nameOf: (id: NodeId) => string | null;
  readonly #onEvent: (event: TimelineEvent) => void;

  /** `nameOf` is null for a node that is not known; `onEvent` hears of every event that is added. */
  constructor(nameOf: (id: NodeId) => string | null, onEvent: (event: TimelineEvent) => void) {
    this.#nameOf = nameOf;
    this.#onEvent = onEvent;
  }

  /** Oldest first. */
  get events(): TimelineEvent[] {
    return [...this.#events];
  }

  add(type: TimelineEvent['type'], node: NodeId | null, text: string, now: Now): void {
    const event: TimelineEvent = { type, node, name: node === null ? null : this.#nameOf(node), time: new Date(now.wallMs).toISOString(), text };
    this.#events.push(event);
    if (this.#events.length > timelineLimits.maxEvents) this.#events.shift();
    this.#onEvent(event);
  }

  /** `absence` is the reason that the platform gives for it; null when it gives none. */
  addStateChange(change: Extract<Event, { type: 'member-changed' }>, absence: Absence['reason'] | null, now: Now): void {
    const [type, text] = stateSentence(this.nameFor(change.origin), change.state, change.previous);
    this.add(type, change.origin, absence === null ? text : `${text} ${platformWords(absence)}`, now);
  }

  /** The reason came after the change of state, or is another one now. */
  addAbsence(node: NodeId, absence: Absence['reason'], now: Now): void {
    this.add('absence', node, `${this.nameFor(node)} is away. ${platformWords(absence)}`, now);
  }

  /** Of those of a kind that follow soon after one only the number is told, with the next. */
  addRefusal(kind: RefusalKind, node: NodeId | null, text: string, now: Now): void {
    const tally = this.#refusals.get(kind) ?? { toldAtMs: Number.NEGATIVE_INFINITY, untold: 0 };
    this.#refusals.set(kind, tally);
    if (now.monotonicMs - tally.toldAtMs < timelineLimits.refusalIntervalMs) {
      tally.untold += 1;
      return;
    }
    const rest = tally.untold === 0 ? '' : ` (and ${tally.untold} more of this kind before)`;
    tally.toldAtMs = now.monotonicMs;
    tally.untold = 0;
    this.add(kind === 'certificate' ? 'certificate' : 'refused', node, `${text}${rest}.`, now);
  }

  nameFor(id: NodeId): string {
    return this.#nameOf(id) ?? id.slice(0, 8);
  }
}

function stateSentence(name: string, state: MemberState, previous: MemberState | null): [TimelineEvent['type'], string] {
  switch (state) {
    case 'alive':
      if (previous === null) return ['joined', `${name} joined.`];
      if (previous === 'left') return ['joined', `${name} came back after it had left.`];
      return ['recovered', `${name} is heard from again.`];
    case 'suspect':
      return ['suspect', `${name} has been silent for longer than usual.`];
    case 'failed':
      return ['failed', `${name} failed: nothing was heard from it any more.`];
    case 'left':
      return ['left', `${name} left on purpose.`];
  }
}

function platformWords(absence: Absence['reason']): string {
  return `Kubernetes says: ${absence.replaceAll('-', ' ')}.`;
}

/** A reason that a peer may have worded: printable ASCII of bounded length. */
export function printableReason(reason: string): string {
  return reason.slice(0, timelineLimits.maxReasonCharacters).replace(/[^\x20-\x7e]/g, '?');
}
