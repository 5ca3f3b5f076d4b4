/**
 * Which event of the core is worth which level: error, this node cannot do its job; warn, a person may have to look;
 * info, a change that belongs in a timeline; debug, a deviation; trace, per record. What others worded (names, reasons of a
 * close) stays at debug and below; node ids are digits, and reasons of a refusal are the core's own words.
 */
import type { Event, NodeId, Now } from '@starling/gossip';
import type { Level, Log } from '@starling/program';

/** A warning of one kind is repeated at most once in so long, milliseconds; others of its kind are counted meanwhile. */
const warningIntervalMs = 60_000;

interface Line {
  readonly level: Level;
  readonly fields: object;
  readonly text: string;
  /** Throttled under this name; of a closed list, whatever others do. */
  readonly warning?: string;
}

export class EventLog {
  readonly #log: Log;
  readonly #absenceOf: (origin: NodeId) => string | null;
  readonly #warnings = new Map<string, { toldAtMs: number; untold: number }>();

  /** `absenceOf` gives the reason of our own list for which a node is away, null when none is known. */
  constructor(log: Log, absenceOf: (origin: NodeId) => string | null = () => null) {
    this.#log = log;
    this.#absenceOf = absenceOf;
  }

  /** To be called for every event of the core. */
  onEvent(event: Event, now: Now): void {
    if (isPerRecord(event) && !this.#log.isLevelEnabled('trace')) return;
    const line = this.#lineOf(event);
    if (line.warning === undefined) this.#log[line.level](line.fields, line.text);
    else this.#warn(line, line.warning, now);
    if (event.type === 'peer-down') this.#log.debug({ peer: event.peer, connection: event.connection, reason: event.reason }, 'Why the connection ended');
  }

  #lineOf(event: Event): Line {
    const line = lineOf(event);
    const absence = event.type === 'member-changed' && event.state !== 'alive' ? this.#absenceOf(event.origin) : null;
    return absence === null ? line : { ...line, fields: { ...line.fields, absence } };
  }

  #warn({ level, fields, text }: Line, kind: string, now: Now): void {
    const known = this.#warnings.get(kind);
    if (known !== undefined && now.monotonicMs - known.toldAtMs < warningIntervalMs) {
      known.untold += 1;
      return;
    }
    this.#warnings.set(kind, { toldAtMs: now.monotonicMs, untold: 0 });
    this.#log[level](known === undefined || known.untold === 0 ? fields : { ...fields, alsoBefore: known.untold }, text);
  }
}

/** The events of which there are thousands per second. */
function isPerRecord({ type }: Event): boolean {
  return type === 'record-merged' || type === 'record-repeated' || type === 'message-counted';
}

function lineOf(event: Event): Line {
  switch (event.type) {
    case 'record-merged':
      return { level: 'trace', fields: { origin: event.origin, incarnation: event.bundle.incarnation, sequence: event.bundle.sequence, via: event.via, hops: event.hops, path: event.path }, text: 'A record was merged' };
    case 'record-repeated':
      return { level: 'trace', fields: { origin: event.origin, via: event.via }, text: 'A record arrived again' };
    case 'message-counted':
      return { level: 'trace', fields: { direction: event.direction, kind: event.kind, bytes: event.bytes, records: event.records }, text: 'A message' };
    case 'record-refused':
      return { level: event.verdict === 'reject' ? 'debug' : 'trace', fields: { origin: event.origin, via: event.via, reason: event.reason }, text: 'A record was refused' };
    case 'equivocation-proven':
      return { level: 'warn', fields: { origin: event.origin }, text: 'A node signed two contents under one sequence: its key is used twice or by somebody else', warning: 'equivocation' };
    case 'leaf-reused':
      return { level: 'warn', fields: { first: event.first, second: event.second }, text: 'One leaf certificate was shown for two nodes: give each its own', warning: 'leaf-reused' };
    case 'credential-admitted':
      return { level: 'debug', fields: { origin: event.origin, uri: event.facts.uri, notAfter: new Date(event.facts.notAfterMs).toISOString() }, text: 'A credential was admitted' };
    case 'own-identity-conflict':
      return event.repeated
        ? { level: 'error', fields: { incarnation: event.incarnation, sequence: event.sequence }, text: 'Another process keeps using the key of this node: stop one of them', warning: 'own-identity repeated' }
        : { level: 'warn', fields: { incarnation: event.incarnation, sequence: event.sequence }, text: 'A record under the name of this node was met that it did not make: its disk was restored, or its key is used twice', warning: 'own-identity' };
    default:
      return changeLineOf(event);
  }
}

type ChangeEvent = Exclude<Event, { type: 'record-merged' | 'record-repeated' | 'record-refused' | 'message-counted' | 'equivocation-proven' | 'leaf-reused' | 'credential-admitted' | 'own-identity-conflict' }>;

function changeLineOf(event: ChangeEvent): Line {
  switch (event.type) {
    case 'member-changed':
      return { level: 'info', fields: { origin: event.origin, state: event.state, previous: event.previous, incarnation: event.incarnation }, text: event.previous === null ? 'A node joined' : `A node is ${event.state}` };
    case 'member-forgotten':
      return { level: 'info', fields: { origin: event.origin }, text: 'A node was forgotten' };
    case 'dial-failed':
      return { level: 'debug', fields: { address: event.address, reason: event.reason }, text: 'A dial failed' };
    case 'peer-up':
      return { level: 'info', fields: { peer: event.peer, connection: event.connection, direction: event.direction, address: event.address }, text: 'Connected to a peer' };
    case 'peer-down':
      return { level: 'info', fields: { peer: event.peer, connection: event.connection }, text: 'A peer is gone' };
    case 'peer-push-changed':
      return { level: 'debug', fields: { peer: event.peer, push: event.push }, text: 'A link of the broadcast tree changed sides' };
    case 'peer-refused':
      return { level: 'warn', fields: { peer: event.peer, connection: event.connection, reason: event.reason }, text: 'A connection was refused', warning: `peer ${event.reason}` };
    case 'limit-reached':
      return { level: 'warn', fields: { limit: event.limit }, text: 'A bound was reached and something was dropped for it (docs/PROTOCOL.md section 11)', warning: `limit ${event.limit}` };
    case 'anti-entropy-ended':
      return { level: event.received > 0 ? 'debug' : 'trace', fields: { peer: event.peer, received: event.received, sent: event.sent }, text: 'Anti-entropy with a peer ended' };
    case 'views-compared':
      return { level: 'trace', fields: { agreeing: event.agreeing, total: event.total, views: event.views }, text: 'Views were compared' };
  }
}
