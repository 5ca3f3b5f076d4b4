/**
 * The network as this node sees it: a fold of the core's events, and the answers of the contract read from it. It has
 * no timer and decides nothing; ages and durations come from the monotonic clock, time stamps for people from the other.
 */
import type { Absence, Agreement, AsOf, Counts, Node, NodeDetail, Peer, RecordAnswer, TimelineEvent } from '@starling/contract';
import { type ConnectionId, type Event, type NodeId, type Now, type RefusalReason, limits } from '@starling/gossip';
import type { ChangeListener } from '../change-listener.js';
import { type ConnectionFigures, PeerList } from './peer-list.js';
import { SeenNode } from './seen-node.js';
import { Timeline, printableReason } from './timeline.js';

export interface NetworkViewParts {
  readonly self: NodeId;
  /** What this node calls itself, until its own first record says so. */
  readonly name: string;
  readonly clock: { now(): Now };
  /** Stretched as the core stretches it, milliseconds. */
  readonly sampleIntervalMs: () => number;
  /** Null for a connection that the transport no longer knows. */
  readonly connectionFigures: (connection: ConnectionId) => ConnectionFigures | null;
  /** Why the pod with this uid is absent; null while nothing is known. */
  readonly absenceOf?: (podUid: string) => KnownAbsence | null;
}

interface KnownAbsence {
  readonly reason: Absence['reason'];
  /** Wall clock, milliseconds. */
  readonly sinceMs: number;
}

/** By which a node says that it runs in a pod; the chart sets it. A name would not do: the next pod bears it too. */
const podUidLabel = 'k8s.pod.uid';

/** Refusals that say something about somebody; the others are the daily life of a gossip network (docs/PROTOCOL.md section 5). */
const quietRefusals: ReadonlySet<RefusalReason> = new Set<RefusalReason>(['superseded', 'departed', 'credential-missing', 'overloaded', 'too-old']);

type MergedEvent = Extract<Event, { type: 'record-merged' }>;
type RefusedEvent = Extract<Event, { type: 'record-refused' }>;
type CredentialEvent = Extract<Event, { type: 'credential-admitted' }>;
type MemberEvent = Extract<Event, { type: 'member-changed' }>;

export class NetworkView {
  readonly #parts: NetworkViewParts;
  readonly #nodes = new Map<NodeId, SeenNode>();
  readonly #peers = new PeerList();
  readonly #timeline: Timeline;
  readonly #listeners = new Set<ChangeListener>();
  readonly #refused: Record<string, number> = {};
  #agreement: Agreement = { agreeing: 0, total: 0, views: 0 };

  constructor(parts: NetworkViewParts) {
    this.#parts = parts;
    this.#timeline = new Timeline(
      (id) => this.#nameOf(id),
      (event) => this.#tell((listener) => listener.onTimelineEvent(event)),
    );
  }

  /** To be called in order for every event of the core. */
  onEvent(event: Event, now: Now): void {
    switch (event.type) {
      case 'record-merged':
        return this.#onMerged(event, now);
      case 'record-refused':
        return this.#onRefused(event, now);
      case 'credential-admitted':
        return this.#onCredential(event, now);
      case 'member-changed':
        return this.#onMember(event, now);
      case 'member-forgotten':
        return this.#onForgotten(event.origin, now);
      case 'equivocation-proven':
        return this.#onEquivocation(event, now);
      case 'leaf-reused':
        return this.#timeline.addRefusal('certificate', event.second, `${this.#timeline.nameFor(event.second)} shows the certificate that ${this.#timeline.nameFor(event.first)} already uses: it is refused`, now);
      case 'own-identity-conflict':
        return this.#timeline.add('equivocation', this.#parts.self, 'Another process uses the key of this node, or its disk was restored: a record under its name was met that it did not make.', now);
      case 'peer-up':
      case 'peer-down':
      case 'peer-push-changed':
        return this.#onPeer(event, now);
      case 'peer-refused':
        return this.#timeline.addRefusal('connection', event.peer, `A connection ${event.peer === null ? '' : `of ${this.#timeline.nameFor(event.peer)} `}was refused: ${printableReason(event.reason)}`, now);
      case 'views-compared':
        this.#agreement = { agreeing: event.agreeing, total: event.total, views: event.views };
        return this.#tell((listener) => listener.onFiguresChanged({ refused: false }));
      case 'dial-failed':
      case 'record-repeated':
      case 'message-counted':
      case 'limit-reached':
      case 'anti-entropy-ended':
        return;
    }
  }

  /** To be called when `absenceOf` has another answer for this pod. Returns the nodes that are away for it. */
  onAbsence(podUid: string): { readonly node: NodeId; readonly reason: Absence['reason'] }[] {
    const now = this.#parts.clock.now();
    const concerned = [...this.#nodes.values()].filter((node) => node.state !== 'alive' && node.label(podUidLabel) === podUid);
    return concerned.flatMap((node) => {
      const absence = this.#absenceOf(node);
      if (absence !== null) this.#timeline.addAbsence(node.id, absence.reason, now);
      this.#tell((listener) => listener.onNodeChanged(node.id, { details: false }));
      return absence === null ? [] : [{ node: node.id, reason: absence.reason }];
    });
  }

  /** Returns the end of the subscription. */
  subscribe(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  asOf(): AsOf {
    return { node: this.#parts.self, name: this.#nameOf(this.#parts.self) ?? this.#parts.name, time: new Date(this.#parts.clock.now().wallMs).toISOString() };
  }

  sampleIntervalSeconds(): number {
    return this.#parts.sampleIntervalMs() / 1_000;
  }

  counts(): Counts {
    const counts = { alive: 0, suspect: 0, failed: 0, left: 0 };
    for (const node of this.#nodes.values()) counts[node.state] += 1;
    return counts;
  }

  agreement(): Agreement {
    return { ...this.#agreement };
  }

  /** Records refused since the start, by reason. */
  refused(): Readonly<Record<string, number>> {
    return { ...this.#refused };
  }

  nodes(): Node[] {
    const now = this.#parts.clock.now();
    return [...this.#nodes.values()].map((node) => node.brief(now, this.#absenceOf(node)));
  }

  /** Null for a node that is not known. */
  node(id: NodeId): Node | null {
    const node = this.#nodes.get(id);
    return node === undefined ? null : node.brief(this.#parts.clock.now(), this.#absenceOf(node));
  }

  /** Null for a node that is not known. */
  detail(id: NodeId): NodeDetail | null {
    const node = this.#nodes.get(id);
    return node === undefined ? null : node.detail(this.#parts.clock.now(), this.#absenceOf(node));
  }

  /** This node itself; also before its own first record. */
  self(): NodeDetail {
    const now = this.#parts.clock.now();
    const known = this.#nodes.get(this.#parts.self);
    if (known !== undefined) return known.detail(now, null);
    return { ...new SeenNode(this.#parts.self, now.monotonicMs).detail(now, null), name: this.#parts.name };
  }

  /** Null for a node that is not known. */
  proof(id: NodeId): Pick<RecordAnswer, 'bundles' | 'credential' | 'equivocation'> | null {
    return this.#nodes.get(id)?.proof() ?? null;
  }

  peers(): Peer[] {
    return this.#peers.list(this.#parts.clock.now(), (id) => this.#nameOf(id), this.#parts.connectionFigures);
  }

  /** The recent past, oldest first. */
  timeline(): TimelineEvent[] {
    return this.#timeline.events;
  }

  /** Undefined beyond the bound: the core keeps it too, so that only a fault there can reach it here. */
  #seen(id: NodeId, now: Now): SeenNode | undefined {
    const known = this.#nodes.get(id);
    if (known !== undefined || this.#nodes.size >= limits.maxOrigins) return known;
    const node = new SeenNode(id, now.monotonicMs);
    this.#nodes.set(id, node);
    return node;
  }

  #onMerged(event: MergedEvent, now: Now): void {
    const node = this.#seen(event.origin, now);
    if (node === undefined) return;
    const received = { bundle: event.bundle, hops: event.hops, via: event.via, ageMs: event.ageMs, mergedAtMs: now.monotonicMs };
    const change = node.merge(received, event.kinds, event.dropped);
    this.#tell((listener) => {
      listener.onNodeChanged(event.origin, change);
      listener.onRecordArrived({ origin: event.origin, via: event.via, hops: event.hops });
    });
  }

  #onRefused(event: RefusedEvent, now: Now): void {
    this.#refused[event.reason] = (this.#refused[event.reason] ?? 0) + 1;
    this.#tell((listener) => listener.onFiguresChanged({ refused: true }));
    if (quietRefusals.has(event.reason)) return;
    const whose = event.origin === null ? 'A record' : `A record of ${this.#timeline.nameFor(event.origin)}`;
    const from = event.via === null ? '' : ` that ${this.#timeline.nameFor(event.via)} passed on`;
    this.#timeline.addRefusal(event.reason, event.origin, `${whose}${from} was refused: ${event.reason}`, now);
  }

  #onCredential(event: CredentialEvent, now: Now): void {
    const node = this.#seen(event.origin, now);
    if (node === undefined) return;
    const renewed = node.facts !== null;
    node.facts = event.facts;
    node.credential = event.credential;
    if (renewed) this.#timeline.add('certificate', node.id, `${node.name} shows a new certificate, valid until ${new Date(event.facts.notAfterMs).toISOString()}.`, now);
    this.#tell((listener) => listener.onNodeChanged(node.id, { details: true }));
  }

  #onMember(event: MemberEvent, now: Now): void {
    const node = this.#seen(event.origin, now);
    if (node === undefined) return;
    node.state = event.state;
    node.stateSinceMs = now.monotonicMs;
    this.#timeline.addStateChange(event, this.#absenceOf(node)?.reason ?? null, now);
    this.#tell((listener) => listener.onNodeChanged(node.id, { details: false }));
  }

  #onForgotten(id: NodeId, now: Now): void {
    if (!this.#nodes.has(id)) return;
    this.#timeline.add('forgotten', id, `${this.#timeline.nameFor(id)} is forgotten.`, now);
    this.#nodes.delete(id);
    this.#tell((listener) => listener.onNodeForgotten(id));
  }

  #onEquivocation(event: Extract<Event, { type: 'equivocation-proven' }>, now: Now): void {
    const node = this.#nodes.get(event.origin);
    if (node === undefined) return;
    node.equivocation = { first: event.first, second: event.second };
    this.#timeline.add('equivocation', node.id, `${node.name} signed two different records under one number: its key is used twice or by somebody else.`, now);
    this.#tell((listener) => listener.onNodeChanged(node.id, { details: true }));
  }

  #onPeer(event: Extract<Event, { type: 'peer-up' | 'peer-down' | 'peer-push-changed' }>, now: Now): void {
    if (!this.#peers.onEvent(event, now)) return;
    const name = this.#timeline.nameFor(event.peer);
    if (event.type === 'peer-up') this.#timeline.add('peer-up', event.peer, `Connected to ${name}, ${event.direction === 'dialled' ? 'which this node dialled' : 'which dialled this node'}.`, now);
    if (event.type === 'peer-down') this.#timeline.add('peer-down', event.peer, `The connection to ${name} ended: ${printableReason(event.reason)}.`, now);
    this.#tell((listener) => listener.onPeersChanged());
  }

  /** Only of a node that is away: while it is heard, whatever the platform says is no reason for anything. */
  #absenceOf(node: SeenNode): Absence | null {
    if (node.state === 'alive') return null;
    const podUid = node.label(podUidLabel);
    const known = podUid === undefined ? null : (this.#parts.absenceOf?.(podUid) ?? null);
    return known === null ? null : { reason: known.reason, since: new Date(known.sinceMs).toISOString() };
  }

  #nameOf(id: NodeId): string | null {
    return this.#nodes.get(id)?.name ?? null;
  }

  #tell(what: (listener: ChangeListener) => void): void {
    for (const listener of this.#listeners) what(listener);
  }
}
