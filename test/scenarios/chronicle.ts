/** What happened on the stage, kept until somebody asks, and what each node knows by its own events. */
import type { Bundle, Channel, Event, MemberState } from '@starling/gossip';
import type { Link, SimulatedNode } from '../simulator/src/simulated-node.js';
import type { Watcher } from '../simulator/src/watcher.js';

export interface Happened {
  readonly atMs: number;
  readonly node: SimulatedNode;
  readonly event: Event;
}

export interface Spoken {
  readonly atMs: number;
  readonly from: SimulatedNode;
  readonly to: SimulatedNode;
  readonly channel: Channel;
  readonly bytes: Uint8Array;
}

export type Merged = Extract<Event, { type: 'record-merged' }>;
export type PeerUp = Extract<Event, { type: 'peer-up' }>;

/** One node's knowledge in its present life. */
export interface Knowledge {
  readonly members: Map<string, MemberState>;
  /** The newest of each origin. */
  readonly records: Map<string, Merged>;
  readonly peers: Map<number, PeerUp>;
  views: Extract<Event, { type: 'views-compared' }> | null;
}

export class Chronicle implements Watcher {
  readonly #now: () => number;
  readonly #knowledge = new Map<SimulatedNode, Knowledge>();
  #events: Happened[] = [];
  #messages: Spoken[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  onEvent(node: SimulatedNode, event: Event): void {
    if (event.type === 'message-counted') return;
    this.#events.push({ atMs: this.#now(), node, event });
    this.#learn(this.of(node), event);
  }

  onSend(node: SimulatedNode, link: Link, channel: Channel, bytes: Uint8Array): void {
    const to = link.ends[0] === node ? link.ends[1] : link.ends[0];
    this.#messages.push({ atMs: this.#now(), from: node, to, channel, bytes });
  }

  onLife(node: SimulatedNode, change: 'started' | 'crashed' | 'leaving' | 'departed'): void {
    if (change === 'started') this.#knowledge.delete(node);
  }

  of(node: SimulatedNode): Knowledge {
    let known = this.#knowledge.get(node);
    if (known === undefined) {
      known = { members: new Map(), records: new Map(), peers: new Map(), views: null };
      this.#knowledge.set(node, known);
    }
    return known;
  }

  /** The events of these nodes since they were last asked for. */
  takeEvents(nodes: readonly SimulatedNode[]): Happened[] {
    const taken = this.#events.filter(({ node }) => nodes.includes(node));
    this.#events = this.#events.filter(({ node }) => !nodes.includes(node));
    return taken;
  }

  /** All messages since they were last asked for. */
  takeMessages(): Spoken[] {
    return this.#messages.splice(0);
  }

  #learn(known: Knowledge, event: Event): void {
    switch (event.type) {
      case 'record-merged':
        if (isNewer(event.bundle, known.records.get(event.origin)?.bundle)) known.records.set(event.origin, event);
        return;
      case 'member-changed':
        known.members.set(event.origin, event.state);
        return;
      case 'member-forgotten':
        known.members.delete(event.origin);
        known.records.delete(event.origin);
        return;
      case 'peer-up':
        known.peers.set(event.connection, event);
        return;
      case 'peer-down':
        known.peers.delete(event.connection);
        return;
      case 'views-compared':
        known.views = event;
        return;
      default:
        return;
    }
  }
}

function isNewer(bundle: Bundle, than: Bundle | undefined): boolean {
  if (than === undefined || bundle.incarnation !== than.incarnation) return bundle.incarnation > (than?.incarnation ?? 0);
  return bundle.sequence > than.sequence;
}
