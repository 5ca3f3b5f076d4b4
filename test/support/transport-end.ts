/** One end of a transport that keeps what it is told, for tests. */
import type { Channel, ConnectionId } from '@starling/gossip';
import type { Transport, TransportCredentials, TransportListener } from '../../services/node/src/transport/transport.js';
import { openQuicTransport, type QuicTransport } from '../../services/node/src/transport/quic-transport.js';
import type { IssuedLeaf, TestAuthority } from './authority.js';
import { eventually } from './eventually.js';

export type Opened = Parameters<TransportListener['onOpened']>[0];

export class RecordingListener implements TransportListener {
  readonly opened: Opened[] = [];
  readonly failed: { readonly address: string; readonly reason: string }[] = [];
  readonly closed: { readonly connection: ConnectionId; readonly reason: string }[] = [];
  readonly messages: { readonly connection: ConnectionId; readonly channel: Channel; readonly bytes: Uint8Array }[] = [];
  sent = 0;

  onOpened(opened: Opened): void {
    this.opened.push(opened);
  }
  onDialFailed(_connection: ConnectionId, address: string, reason: string): void {
    this.failed.push({ address, reason });
  }
  onClosed(connection: ConnectionId, reason: string): void {
    this.closed.push({ connection, reason });
  }
  onMessage(connection: ConnectionId, channel: Channel, bytes: Uint8Array): void {
    this.messages.push({ connection, channel, bytes });
  }
  onSent(_connection: ConnectionId, count: number): void {
    this.sent += count;
  }
}

export interface End<T extends Transport = Transport> {
  readonly transport: T;
  readonly heard: RecordingListener;
}

export const testCluster = 'test';

export function credentialsOf(leaf: IssuedLeaf, ...authorities: readonly TestAuthority[]): TransportCredentials {
  return { chainPem: leaf.cert, keyPem: leaf.key, rootsPem: authorities.map((authority) => authority.root).join('\n') };
}

let named = 0;

/** A leaf of the form for nodes, of a name of its own. */
export function leafUri(): string {
  named += 1;
  return `spiffe://${testCluster}/leaf/n${named}`;
}

/** A QUIC end on a free port of 127.0.0.1, or of another address of this machine. The credentials may be exchanged while it runs. */
export async function openEnd(credentials: TransportCredentials | (() => TransportCredentials), options: { endOfTrust?: (chain: readonly Uint8Array[]) => number | null; host?: string } = {}): Promise<End<QuicTransport>> {
  const heard = new RecordingListener();
  const transport = await openQuicTransport({
    host: options.host ?? '127.0.0.1',
    port: 0,
    cluster: testCluster,
    credentials: typeof credentials === 'function' ? credentials : () => credentials,
    endOfTrust: options.endOfTrust ?? (() => Number.POSITIVE_INFINITY),
    listener: heard,
  });
  return { transport, heard };
}

/** Dials and waits until both ends are open. */
export async function connect(from: End, to: End): Promise<{ readonly out: Opened; readonly in: Opened }> {
  const before = { out: from.heard.opened.length, in: to.heard.opened.length };
  from.transport.dial(to.transport.address);
  return eventually('both ends are open', () => {
    const [out, incoming] = [from.heard.opened[before.out], to.heard.opened[before.in]];
    return out !== undefined && incoming !== undefined ? { out, in: incoming } : undefined;
  });
}
