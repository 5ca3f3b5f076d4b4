/**
 * Every metric of a node, in one place. Counters are fed by the core's events; what is a state of the moment is read
 * when it is scraped, so that it cannot drift. No node id and no peer is a label (see network-exposition.ts for those).
 */
import type { Counts, Peer } from '@starling/contract';
import { type Event, refusalReasons, reportedLimits } from '@starling/gossip';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { declareTransportCounters } from './transport-metrics.js';

/** What is read at a scrape. */
export interface MetricsSources {
  readonly version: string;
  readonly counts: () => Counts;
  readonly peers: () => readonly Pick<Peer, 'push'>[];
  /** By name, since the start. */
  readonly transportCounters: () => Readonly<Record<string, number>>;
  /** Null while there is no transport. */
  readonly transportLevels: () => { readonly connections: number; readonly halfOpen: number; readonly receiveBufferBytes: number } | null;
  /** When the leaf of this node and everything above it is valid, milliseconds since 1970; null while it has none. */
  readonly certificate: () => { readonly notBeforeMs: number; readonly notAfterMs: number } | null;
  readonly sampleIntervalSeconds: () => number;
  /** Streams of the API that are open. */
  readonly streams: () => number;
  /** Since the start. */
  readonly logLinesDropped: () => number;
}

export interface Metrics {
  readonly registry: Registry;
  /** To be called for every event of the core. */
  onEvent(event: Event): void;
}

const ageBucketsS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];
const hopBuckets = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 64];

export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  // Under their usual names, by which the dashboards of others find them.
  collectDefaultMetrics({ register: registry });
  declareStates(registry, sources);
  const counters = declareCounters(registry);
  startAtZero(counters);
  return { registry, onEvent: (event) => count(counters, event) };
}

function declareStates(registry: Registry, sources: MetricsSources): void {
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[], read: (set: (value: number, labels: Record<Label, string>) => void) => void) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        // A reset leaves a gauge without labels at 0, which would be told where nothing is known.
        if (labelNames.length === 0) this.remove();
        read((value, labels) => this.set(labels, value));
      },
    });
  gauge('starling_members', 'Nodes known, by the state in which this node holds them', ['state'], (set) => {
    for (const [state, nodes] of Object.entries(sources.counts())) set(nodes, { state });
  });
  gauge('starling_peers', 'Connections that carry gossip, by their side of the broadcast tree', ['push'], (set) => {
    const peers = sources.peers();
    for (const push of ['eager', 'lazy'] as const) set(peers.filter((peer) => peer.push === push).length, { push });
  });
  gauge('starling_certificate_not_before_timestamp_seconds', 'When the certificate of this node, with those above it, becomes valid, seconds since 1970; absent without one', [], (set) => {
    const certificate = sources.certificate();
    if (certificate !== null) set(certificate.notBeforeMs / 1_000, {});
  });
  gauge('starling_certificate_not_after_timestamp_seconds', 'When the certificate of this node, or one above it, expires, seconds since 1970; absent without one', [], (set) => {
    const certificate = sources.certificate();
    if (certificate !== null) set(certificate.notAfterMs / 1_000, {});
  });
  gauge('starling_sample_interval_seconds', 'Seconds between two samples at this size of the network', [], (set) => set(sources.sampleIntervalSeconds(), {}));
  gauge('starling_transport_connections', 'Connections of the transport, by whether the other side is authenticated', ['phase'], (set) => {
    const levels = sources.transportLevels();
    if (levels === null) return;
    set(levels.halfOpen, { phase: 'half-open' });
    set(levels.connections - levels.halfOpen, { phase: 'dialled-or-open' });
  });
  gauge('starling_transport_receive_buffer_bytes', 'Receive buffer that the kernel gave the socket, bytes', [], (set) => {
    const levels = sources.transportLevels();
    if (levels !== null) set(levels.receiveBufferBytes, {});
  });
  gauge('starling_api_streams', 'Streams of the API that are open', [], (set) => set(sources.streams(), {}));
  gauge('starling_build_info', 'Always 1; the version of this node is the label', ['version'], (set) => set(1, { version: sources.version }));
  new Counter({
    name: 'starling_log_lines_dropped_total',
    help: 'Lines of the log that were dropped because their reader stalled or has gone',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(sources.logLinesDropped());
    },
  });
  declareTransportCounters(registry, sources.transportCounters);
}

type Counters = ReturnType<typeof declareCounters>;

function declareCounters(registry: Registry) {
  const counter = <Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []) => new Counter({ name, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const histogram = (name: string, help: string, buckets: number[]) => new Histogram({ name, help, buckets, registers: [registry] });
  return {
    merged: counter('starling_records_merged_total', 'Bundles that were admitted and brought something new, by the way they came', ['path']),
    refused: counter('starling_records_refused_total', 'Bundles that were refused, by reason', ['reason']),
    repeated: counter('starling_records_repeated_total', 'Bundles that arrived again'),
    age: histogram('starling_record_age_seconds', 'Age of foreign bundles on arrival, seconds', ageBucketsS),
    hops: histogram('starling_record_hops', 'Connections that foreign bundles crossed', hopBuckets),
    messages: counter('starling_messages_total', 'Messages between peers, by direction and kind', ['direction', 'kind']),
    messageBytes: counter('starling_message_bytes_total', 'Bytes of the messages between peers, by direction and kind', ['direction', 'kind']),
    messageRecords: counter('starling_message_records_total', 'Bundles in the messages between peers, by direction and kind', ['direction', 'kind']),
    memberChanges: counter('starling_member_changes_total', 'Changes of state of nodes, by the new state', ['state']),
    forgotten: counter('starling_members_forgotten_total', 'Nodes that were forgotten'),
    peerChanges: counter('starling_peer_changes_total', 'Connections that became or ceased to be peers', ['change']),
    dialFailures: counter('starling_dial_failures_total', 'Dials that came to nothing'),
    peerRefusals: counter('starling_peers_refused_total', 'Connections that broke the protocol and were closed'),
    antiEntropy: counter('starling_anti_entropy_exchanges_total', 'Anti-entropy exchanges that ended'),
    antiEntropyRecords: counter('starling_anti_entropy_records_total', 'Bundles that anti-entropy moved, by direction', ['direction']),
    credentials: counter('starling_credentials_admitted_total', 'Credentials that were admitted or replaced'),
    equivocations: counter('starling_equivocations_total', 'Nodes that were proven to sign two contents under one sequence'),
    leafReuses: counter('starling_leaf_reuses_total', 'Leaf certificates that were shown for a second node'),
    identityConflicts: counter('starling_identity_conflicts_total', 'Records under the name of this node that it did not make'),
    limits: counter('starling_limits_reached_total', 'Times that a bound was reached and something was dropped for it', ['limit']),
    views: gauge('starling_views', 'Different settled views among the nodes alive'),
    viewNodes: gauge('starling_view_nodes', 'Nodes alive whose view was compared'),
    viewAgreeing: gauge('starling_view_agreeing_nodes', 'Of these, how many share the view of this node'),
  };
}

/** What appears only when it first happens has no rate for that first time, and an alert would sleep through it. */
function startAtZero(to: Counters): void {
  for (const path of ['own', 'eager', 'graft', 'anti-entropy']) to.merged.inc({ path }, 0);
  for (const reason of refusalReasons) to.refused.inc({ reason }, 0);
  for (const state of ['alive', 'suspect', 'failed', 'left']) to.memberChanges.inc({ state }, 0);
  for (const change of ['up', 'down', 'eager', 'lazy']) to.peerChanges.inc({ change }, 0);
  for (const direction of ['received', 'sent']) to.antiEntropyRecords.inc({ direction }, 0);
  for (const limit of reportedLimits) to.limits.inc({ limit }, 0);
}

function count(to: Counters, event: Event): void {
  switch (event.type) {
    case 'record-merged':
      to.merged.inc({ path: event.path });
      if (event.path === 'own') return;
      to.age.observe(event.ageMs / 1_000);
      return to.hops.observe(event.hops);
    case 'record-refused':
      return to.refused.inc({ reason: event.reason });
    case 'record-repeated':
      return to.repeated.inc();
    case 'message-counted': {
      const labels = { direction: event.direction, kind: event.kind };
      to.messages.inc(labels);
      to.messageBytes.inc(labels, event.bytes);
      return to.messageRecords.inc(labels, event.records);
    }
    case 'member-changed':
      return to.memberChanges.inc({ state: event.state });
    case 'member-forgotten':
      return to.forgotten.inc();
    case 'dial-failed':
      return to.dialFailures.inc();
    case 'peer-up':
      return to.peerChanges.inc({ change: 'up' });
    case 'peer-down':
      return to.peerChanges.inc({ change: 'down' });
    case 'peer-push-changed':
      return to.peerChanges.inc({ change: event.push });
    case 'peer-refused':
      return to.peerRefusals.inc();
    case 'anti-entropy-ended':
      to.antiEntropy.inc();
      to.antiEntropyRecords.inc({ direction: 'received' }, event.received);
      return to.antiEntropyRecords.inc({ direction: 'sent' }, event.sent);
    case 'credential-admitted':
      return to.credentials.inc();
    case 'equivocation-proven':
      return to.equivocations.inc();
    case 'leaf-reused':
      return to.leafReuses.inc();
    case 'own-identity-conflict':
      return to.identityConflicts.inc();
    case 'limit-reached':
      return to.limits.inc({ limit: event.limit });
    case 'views-compared':
      to.views.set(event.views);
      to.viewNodes.set(event.total);
      return to.viewAgreeing.set(event.agreeing);
  }
}
