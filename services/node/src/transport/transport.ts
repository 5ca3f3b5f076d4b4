/**
 * The port that the driver speaks to. Its one adapter is QUIC: the simulator drives cores without a transport, and tests of
 * the transport use real sockets (docs/decisions/no-memory-transport.md).
 */
import type { Address, Channel, ConnectionId, PeerCertificate } from '@starling/gossip';

/** What a transport tells its owner. Calls come from the event loop, never from inside a call of the owner. */
export interface TransportListener {
  /** Authenticated by TLS on both sides as far as this end can know (the other may still refuse us). */
  onOpened(opened: {
    connection: ConnectionId;
    direction: 'dialled' | 'accepted';
    address: Address;
    localFingerprint: Uint8Array;
    peer: PeerCertificate;
    maxDatagramBytes: number;
  }): void;
  /** The dial of this connection did not succeed; no `onClosed` follows. */
  onDialFailed(connection: ConnectionId, address: Address, reason: string): void;
  /** After `onOpened`, exactly once. */
  onClosed(connection: ConnectionId, reason: string): void;
  /** `bytes` belong to the receiver from now on. */
  onMessage(connection: ConnectionId, channel: Channel, bytes: Uint8Array): void;
  /** So many messages left this machine, or were dropped as datagrams may be. */
  onSent(connection: ConnectionId, count: number): void;
}

export interface ConnectionStatistics {
  /** Whole milliseconds, 0 for less than one; null when it was not measured. */
  readonly roundTripMs: number | null;
  readonly packetsSent: number;
  readonly packetsLost: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** How it stands now. */
export interface TransportLevels {
  /** Of any phase. */
  readonly connections: number;
  /** Accepted, and not yet authenticated. */
  readonly halfOpen: number;
  /** What the kernel gave of the receive buffer that was asked for. */
  readonly receiveBufferBytes: number;
}

export interface Transport {
  /** Where it listens, IP literal and port. */
  readonly address: Address;
  /** Starts a connection; the outcome arrives as `onOpened` or `onDialFailed`. */
  dial(address: Address): ConnectionId;
  /** Takes a message of at most `maxDatagramBytes` (datagram) or `limits.maxMessageBytes` (stream); unknown connections are ignored. */
  send(connection: ConnectionId, channel: Channel, bytes: Uint8Array): void;
  close(connection: ConnectionId, code: number, reason: string): void;
  /** Null when the connection is gone. */
  statistics(connection: ConnectionId): ConnectionStatistics | null;
  /** Counters by name since the start (packets dropped by reason, handshakes refused by reason, and so on). */
  counters(): Readonly<Record<string, number>>;
  levels(): TransportLevels;
  /** Closes everything, in at most 300 ms. */
  shutdown(): Promise<void>;
}

/** Certificates as the transport needs them; read anew for every connection, so that a reload needs no restart. */
export interface TransportCredentials {
  /** PEM of the leaf, then its intermediates. */
  readonly chainPem: string;
  /** PKCS#8 PEM. */
  readonly keyPem: string;
  /** PEM of every trusted root. */
  readonly rootsPem: string;
}
