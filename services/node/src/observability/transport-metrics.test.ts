import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { declareTransportCounters } from './transport-metrics.js';

async function told(counters: Readonly<Record<string, number>>): Promise<string[]> {
  const registry = new Registry();
  declareTransportCounters(registry, () => counters);
  // Twice: what is read at a scrape must not add up.
  await registry.metrics();
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('what the transport counts', () => {
  it('is told in metrics of one unit each', async () => {
    expect(await told({
      packets_received: 7, packets_sent: 6, bytes_received: 700, bytes_sent: 600, packets_dropped_half_open: 2, 'peers_refused_untrusted-chain': 1, datagrams_dropped_queue: 3,
      retries_sent: 4, dials: 5, accepts: 8, handshakes: 9, handshakes_failed: 10, handshakes_late: 11, handshakes_displaced: 14, socket_send_failed_EPERM: 12, streams_broken_Done: 13,
    })).toEqual([
      'starling_transport_packets_total{direction="received"} 7', 'starling_transport_packets_total{direction="sent"} 6',
      'starling_transport_bytes_total{direction="received"} 700', 'starling_transport_bytes_total{direction="sent"} 600',
      'starling_transport_packets_dropped_total{reason="half_open"} 2',
      'starling_transport_retries_sent_total 4',
      'starling_transport_connections_total{direction="dialled"} 5', 'starling_transport_connections_total{direction="accepted"} 8',
      'starling_transport_handshakes_total{result="completed"} 9', 'starling_transport_handshakes_total{result="failed"} 10',
      'starling_transport_handshakes_late_total 11',
      'starling_transport_handshakes_displaced_total 14',
      'starling_transport_peers_refused_total{reason="untrusted-chain"} 1',
      'starling_transport_datagrams_dropped_total{reason="queue"} 3',
      'starling_transport_failures_total{failure="socket_send_failed_EPERM"} 12', 'starling_transport_failures_total{failure="streams_broken_Done"} 13',
    ]);
  });

  it('is told as 0 before there is a transport, where it is known what there will be', async () => {
    const lines = await told({});
    for (const line of ['starling_transport_packets_total{direction="sent"} 0', 'starling_transport_bytes_total{direction="received"} 0', 'starling_transport_handshakes_total{result="failed"} 0', 'starling_transport_retries_sent_total 0']) expect(lines).toContain(line);
  });
});
