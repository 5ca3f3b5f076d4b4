/**
 * What the transport counts, as metrics: each of one thing in one unit. The transport counts by name (`packets_dropped_full`); a name is here either
 * as a whole, or as a beginning whose rest is the label. One that is not here is a failure, and counted as such under its name.
 */
import { Counter, type Registry } from 'prom-client';

interface Family {
  readonly name: string;
  readonly help: string;
  /** Null for a metric of one series. */
  readonly label: string | null;
  /** Names of the transport, and the values of the label. They are told from the start, as 0. */
  readonly wholes: Readonly<Record<string, string>>;
  /** Beginning of names of the transport. */
  readonly beginning: string | null;
}

const families: readonly Family[] = [
  { name: 'starling_transport_packets_total', help: 'Packets (UDP), by direction', label: 'direction', wholes: { packets_received: 'received', packets_sent: 'sent' }, beginning: null },
  { name: 'starling_transport_bytes_total', help: 'Bytes in these packets, by direction', label: 'direction', wholes: { bytes_received: 'received', bytes_sent: 'sent' }, beginning: null },
  { name: 'starling_transport_packets_dropped_total', help: 'Packets that were received and dropped, by reason', label: 'reason', wholes: {}, beginning: 'packets_dropped_' },
  { name: 'starling_transport_retries_sent_total', help: 'Strangers that were asked to prove their address', label: null, wholes: { retries_sent: '' }, beginning: null },
  { name: 'starling_transport_connections_total', help: 'Connections that were begun, by who began them', label: 'direction', wholes: { dials: 'dialled', accepts: 'accepted' }, beginning: null },
  { name: 'starling_transport_handshakes_total', help: 'Handshakes (TLS) that ended, by how', label: 'result', wholes: { handshakes: 'completed', handshakes_failed: 'failed' }, beginning: null },
  { name: 'starling_transport_handshakes_late_total', help: 'Of the handshakes that failed, those that took too long', label: null, wholes: { handshakes_late: '' }, beginning: null },
  { name: 'starling_transport_handshakes_displaced_total', help: 'Of the handshakes that failed, those that made room for a newer one', label: null, wholes: { handshakes_displaced: '' }, beginning: null },
  { name: 'starling_transport_peers_refused_total', help: 'Of the handshakes that failed, those that this node ended for the certificate of the other side, by reason', label: 'reason', wholes: {}, beginning: 'peers_refused_' },
  { name: 'starling_transport_datagrams_dropped_total', help: 'Messages in datagrams that were dropped instead of being sent, by reason', label: 'reason', wholes: {}, beginning: 'datagrams_dropped_' },
];

/** `read`: by name, since the start. */
export function declareTransportCounters(registry: Registry, read: () => Readonly<Record<string, number>>): void {
  for (const family of families) {
    declare(registry, family, () => ({ ...Object.fromEntries(Object.values(family.wholes).map((value) => [value, 0])), ...countsOf(read(), (name) => labelIn(family, name)) }));
  }
  const failures = { name: 'starling_transport_failures_total', help: 'What failed at the socket or in the QUIC library, by what it was', label: 'failure' };
  declare(registry, failures, () => countsOf(read(), (name) => (families.some((family) => labelIn(family, name) !== null) ? null : name)));
}

function declare(registry: Registry, { name, help, label }: Pick<Family, 'name' | 'help' | 'label'>, counts: () => Readonly<Record<string, number>>): void {
  new Counter({
    name,
    help,
    labelNames: label === null ? [] : [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, count] of Object.entries(counts())) this.inc(label === null ? {} : { [label]: value }, count);
    },
  });
}

/** By the value of the label. */
function countsOf(all: Readonly<Record<string, number>>, labelOf: (name: string) => string | null): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(all).flatMap(([name, count]) => {
    const label = labelOf(name);
    return label === null ? [] : [[label, count]];
  }));
}

/** Null for what is counted elsewhere. */
function labelIn({ wholes, beginning }: Family, name: string): string | null {
  return wholes[name] ?? (beginning !== null && name.startsWith(beginning) ? name.slice(beginning.length) : null);
}
