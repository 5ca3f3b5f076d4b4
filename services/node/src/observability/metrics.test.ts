import type { Event } from '@starling/gossip';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Metrics, createMetrics } from './metrics.js';

const id = 'aa'.repeat(32);
let certificate: { notBeforeMs: number; notAfterMs: number } | null;
let counts: { alive: number; suspect: number; failed: number; left: number };
let metrics: Metrics;

beforeEach(() => {
  certificate = { notBeforeMs: 1_500, notAfterMs: 3_600_000 };
  counts = { alive: 3, suspect: 1, failed: 0, left: 0 };
  metrics = createMetrics({
    version: '1.2.3',
    counts: () => counts,
    peers: () => [{ push: 'eager' }, { push: 'eager' }, { push: 'lazy' }],
    transportCounters: () => ({ handshakes_failed: 4 }),
    transportLevels: () => ({ connections: 5, halfOpen: 1, receiveBufferBytes: 4_096 }),
    certificate: () => certificate,
    sampleIntervalSeconds: () => 1.5,
    streams: () => 2,
    logLinesDropped: () => 6,
  });
});

/** One event of every type. */
const events: Event[] = [
  { type: 'record-merged', origin: id, bundle: { origin: id, incarnation: 1, sequence: 1, timeMs: 0, lifetimeS: 1, records: [], bytes: new Uint8Array(0) }, kinds: [2], dropped: [], via: id, hops: 3, ageMs: 40, path: 'eager' },
  { type: 'record-refused', origin: id, via: id, verdict: 'reject', reason: 'signature-invalid' },
  { type: 'record-repeated', origin: id, via: id },
  { type: 'equivocation-proven', origin: id, first: new Uint8Array(0), second: new Uint8Array(0) },
  { type: 'leaf-reused', fingerprint: new Uint8Array(0), first: id, second: id },
  { type: 'credential-admitted', origin: id, credential: new Uint8Array(0), facts: { nodeId: id, cluster: 'c', leafFingerprint: new Uint8Array(0), leafContent: new Uint8Array(0), uri: '', binding: 'named', notBeforeMs: 0, notAfterMs: 0, rootFingerprint: new Uint8Array(0) } },
  { type: 'member-changed', origin: id, state: 'suspect', previous: 'alive', incarnation: 1 },
  { type: 'member-forgotten', origin: id },
  { type: 'own-identity-conflict', incarnation: 1, sequence: 1, repeated: false },
  { type: 'peer-up', connection: 1, peer: id, direction: 'dialled', address: '127.0.0.1:1' },
  { type: 'peer-down', connection: 1, peer: id, reason: '' },
  { type: 'peer-push-changed', connection: 1, peer: id, push: 'lazy' },
  { type: 'dial-failed', address: '127.0.0.1:1', reason: 'no answer' },
  { type: 'peer-refused', connection: 1, peer: null, reason: 'wrong cluster' },
  { type: 'message-counted', direction: 'sent', kind: 'push', bytes: 300, records: 2 },
  { type: 'limit-reached', limit: 'maxOrigins' },
  { type: 'anti-entropy-ended', peer: id, received: 3, sent: 5 },
  { type: 'views-compared', agreeing: 4, total: 5, views: 2 },
];

describe('the metrics', () => {
  it('count every kind of event', async () => {
    for (const event of events) metrics.onEvent(event);
    const text = await metrics.registry.metrics();
    for (const line of [
      'starling_records_merged_total{path="eager"} 1',
      'starling_records_refused_total{reason="signature-invalid"} 1',
      'starling_records_repeated_total 1',
      'starling_record_age_seconds_bucket{le="0.05"} 1',
      'starling_record_hops_sum 3',
      'starling_equivocations_total 1',
      'starling_leaf_reuses_total 1',
      'starling_credentials_admitted_total 1',
      'starling_member_changes_total{state="suspect"} 1',
      'starling_members_forgotten_total 1',
      'starling_identity_conflicts_total 1',
      'starling_peer_changes_total{change="up"} 1',
      'starling_peer_changes_total{change="down"} 1',
      'starling_peer_changes_total{change="lazy"} 1',
      'starling_peers_refused_total 1',
      'starling_messages_total{direction="sent",kind="push"} 1',
      'starling_message_bytes_total{direction="sent",kind="push"} 300',
      'starling_message_records_total{direction="sent",kind="push"} 2',
      'starling_limits_reached_total{limit="maxOrigins"} 1',
      'starling_anti_entropy_exchanges_total 1',
      'starling_anti_entropy_records_total{direction="received"} 3',
      'starling_anti_entropy_records_total{direction="sent"} 5',
      'starling_views 2',
      'starling_view_nodes 5',
      'starling_view_agreeing_nodes 4',
    ]) expect(text.split('\n')).toContain(line);
  });

  it('read what is a state when they are scraped', async () => {
    const before = (await metrics.registry.metrics()).split('\n');
    expect(before).toEqual(expect.arrayContaining([
      'starling_members{state="alive"} 3', 'starling_members{state="suspect"} 1', 'starling_peers{push="eager"} 2', 'starling_peers{push="lazy"} 1',
      'starling_certificate_not_before_timestamp_seconds 1.5', 'starling_certificate_not_after_timestamp_seconds 3600', 'starling_sample_interval_seconds 1.5', 'starling_api_streams 2', 'starling_build_info{version="1.2.3"} 1',
      'starling_transport_handshakes_total{result="failed"} 4', 'starling_log_lines_dropped_total 6',
    ]));
    counts = { alive: 0, suspect: 0, failed: 0, left: 4 };
    certificate = null;
    const after = (await metrics.registry.metrics()).split('\n');
    expect(after).toEqual(expect.arrayContaining(['starling_members{state="alive"} 0', 'starling_members{state="left"} 4', 'starling_transport_handshakes_total{result="failed"} 4']));
    expect(after.some((line) => line.startsWith('starling_certificate_'))).toBe(false);
  });

  it('are all named as the house names them, those of the process as everybody does, and carry no node id', async () => {
    for (const event of events) metrics.onEvent(event);
    const names = metrics.registry.getMetricsAsArray().map((metric) => metric.name);
    expect(names.filter((name) => !/^(?:starling|process|nodejs)_/.test(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['nodejs_eventloop_lag_seconds', 'process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_start_time_seconds']));
    expect(await metrics.registry.metrics()).not.toContain(id);
  });
});

describe('what has not happened yet', () => {
  it('is told as 0, so that its first time is a rise', async () => {
    const text = await metrics.registry.metrics();
    for (const line of ['starling_records_refused_total{reason="signature-invalid"} 0', 'starling_member_changes_total{state="failed"} 0', 'starling_limits_reached_total{limit="maxOrigins"} 0']) expect(text).toContain(line);
  });
});
