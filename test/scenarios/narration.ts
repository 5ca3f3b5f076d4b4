/** Events, messages and records as lines of a transcript. */
import { type Bundle, decodeBundle, decodeSample, type Event, kinds, toHex } from '@starling/gossip';
import { decodeMessage } from '../../services/gossip/src/wire/codec.js';
import type { Announcement, Message } from '../../services/gossip/src/wire/message.js';
import type { Happened, Merged, Spoken } from './chronicle.js';
import type { Stage } from './stage.js';

/** Samples of the simulator count in thousandths. */
const perUnit = 1_000;

export const messageKinds = ['hello', 'proof', 'push', 'announce', 'graft', 'prune', 'digest', 'request', 'join'] as const;

/** Those shown unless a scenario asks for others. */
export const tellingEvents = [
  'record-merged', 'record-refused', 'equivocation-proven', 'leaf-reused', 'member-changed', 'member-forgotten', 'own-identity-conflict', 'peer-up', 'peer-down', 'peer-refused', 'limit-reached',
] as const satisfies readonly Event['type'][];
export const eventKinds = [...tellingEvents, 'record-repeated', 'credential-admitted', 'peer-push-changed', 'anti-entropy-ended', 'views-compared'] as const satisfies readonly Event['type'][];

export class Narration {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  event({ atMs, node, event }: Happened): string {
    return `${clock(atMs)} ${this.#stage.nameOf(node)}: ${event.type} ${this.#about(event)}`.trimEnd();
  }

  message({ atMs, from, to, channel, bytes }: Spoken): string {
    const message = decodeMessage(bytes);
    const what = message === null ? 'no message' : `${message.type} ${this.#said(message)}`.trimEnd();
    return `${clock(atMs)} ${this.#stage.nameOf(from)} -> ${this.#stage.nameOf(to)}: ${what} (${channel})`;
  }

  /** `b 1/4 = 7`: origin, incarnation and sequence, and what it measured. */
  bundle(bundle: Bundle): string {
    const records = bundle.records.map(({ kind, payload }) => {
      if (kind === kinds.farewell) return ' farewell';
      const value = kind === kinds.sample ? decodeSample(payload)?.multiples[0] : undefined;
      return value === undefined ? '' : ` = ${value / perUnit}`;
    });
    return `${this.#name(bundle.origin)} ${bundle.incarnation}/${bundle.sequence}${records.join('')}`;
  }

  merged({ bundle, path, via, hops, ageMs }: Merged): string {
    if (via === null) return `${this.bundle(bundle)}, own`;
    return `${this.bundle(bundle)}, ${path} from ${this.#name(via)}, ${count(hops, 'hop')}, ${Math.floor(ageMs)} ms old`;
  }

  #name(id: string): string {
    return this.#stage.nameOfId(id);
  }

  #about(event: Event): string {
    switch (event.type) {
      case 'record-merged':
        return this.merged(event);
      case 'record-refused':
        return `${event.reason} (${event.verdict}), of ${event.origin === null ? 'nobody' : this.#name(event.origin)} from ${event.via === null ? 'itself' : this.#name(event.via)}`;
      case 'record-repeated':
        return `of ${this.#name(event.origin)} from ${this.#name(event.via)}`;
      case 'equivocation-proven':
        return `${this.#bytes(event.first)} and ${this.#bytes(event.second)}`;
      case 'leaf-reused':
        return `${this.#name(event.first)} and ${this.#name(event.second)}`;
      case 'credential-admitted':
      case 'member-forgotten':
        return this.#name(event.origin);
      case 'member-changed':
        return `${this.#name(event.origin)} ${event.previous === null ? '' : `${event.previous} -> `}${event.state}, incarnation ${event.incarnation}`;
      case 'own-identity-conflict':
        return `${event.incarnation}/${event.sequence}${event.repeated ? ', again too soon' : ''}`;
      case 'dial-failed':
        return `${event.address}: ${event.reason}`;
      case 'peer-up':
        return `${this.#name(event.peer)}, ${event.direction}`;
      case 'peer-down':
      case 'peer-refused':
        return `${event.peer === null ? 'somebody' : this.#name(event.peer)}: ${event.reason}`;
      case 'peer-push-changed':
        return `${this.#name(event.peer)} ${event.push}`;
      case 'limit-reached':
        return event.limit;
      case 'anti-entropy-ended':
        return `with ${this.#name(event.peer)}: ${event.received} received, ${event.sent} sent`;
      case 'views-compared':
        return `${event.agreeing} of ${event.total} agree, ${count(event.views, 'view')}`;
      case 'message-counted':
        return `${event.kind} ${event.direction}`;
    }
  }

  #said(message: Message): string {
    switch (message.type) {
      case 'push':
        return `${message.path}: ${message.passages.map(({ bytes }) => this.#bytes(bytes)).join(', ')}`;
      case 'announce':
        return message.rumors.map((rumor) => `${this.#announced(rumor)} over ${count(rumor.hops, 'hop')}`).join(', ');
      case 'graft':
        return message.wanted.map((wanted) => this.#announced(wanted)).join(', ');
      case 'prune':
        return message.prefixes.map((prefix) => this.#prefix(prefix)).join(', ');
      case 'digest':
        return message.entries.map((entry) => this.#announced(entry)).join(', ');
      case 'request':
        return message.prefixes.map((prefix) => this.#prefix(prefix)).join(', ');
      case 'join':
        return `of ${this.#stage.nameOfAddress(message.address)}, ${count(message.steps, 'step')} left`;
      case 'hello':
        return `of ${this.#name(toHex(message.nodeId))} ${message.incarnation}`;
      case 'proof':
        return '';
    }
  }

  #announced({ prefix, incarnation, sequence }: Announcement): string {
    return `${this.#prefix(prefix)} ${incarnation}/${sequence}`;
  }

  #prefix(prefix: Uint8Array): string {
    return this.#name(toHex(prefix));
  }

  #bytes(bytes: Uint8Array): string {
    const decoding = decodeBundle(bytes);
    return decoding.ok ? this.bundle(decoding.bundle) : decoding.reason;
  }
}

export function clock(atMs: number): string {
  return `${(Math.floor(atMs) / 1_000).toFixed(3)}s`;
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`;
}
