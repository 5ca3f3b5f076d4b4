/**
 * QUIC behind the transport port: one UDP socket for dialling and accepting, packets routed by our own connection ids,
 * and each connection worked on once per turn of the event loop. Bytes of strangers cost a bounded amount of work and no
 * state before they have shown that they receive at their address.
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import type { Address, Channel, ConnectionId } from '@starling/gossip';
import { whoGivesWay } from '@starling/http';
import { formatHostPort } from '@starling/program';
import { parseAddress, type RemoteAddress } from './address.js';
import { closeCodes, ConnectionLoop } from './connection-loop.js';
import { Counters } from './counters.js';
import { ownLeafOf } from './identity-gate.js';
import { FrontDoor } from './front-door.js';
import { loadQuiche, type Quiche } from './native.js';
import { readPacket } from './packet.js';
import { freshConfig } from './quic-config.js';
import { QuicConnection } from './quic-connection.js';
import type { ConnectionStatistics, Transport, TransportCredentials, TransportLevels, TransportListener } from './transport.js';
import { transportLimits } from './transport-limits.js';

export interface QuicTransportOptions {
  /** IP literal and port to listen on; port 0 lets the system choose. */
  readonly host: string;
  readonly port: number;
  /** Peers of another cluster are refused. */
  readonly cluster: string;
  /** The set in force; asked for each new connection. */
  readonly credentials: () => TransportCredentials;
  /**
   * When the first certificate of a chain (DER, leaf first) ends, its root among them, milliseconds since 1970; null when it
   * leads to no trusted root. Asked of each peer, and again when the trust changed.
   */
  readonly endOfTrust: (chain: readonly Uint8Array[]) => number | null;
  readonly listener: TransportListener;
}

export interface QuicTransport extends Transport {
  /** Closes the connections whose certificates no longer lead to a trusted root; the others end with their chains of now. */
  recheckTrust(): void;
}

/** Resolves when the socket is bound. Rejects with the system's error when the port cannot be had. */
export async function openQuicTransport(options: QuicTransportOptions): Promise<QuicTransport> {
  const quiche = await loadQuiche();
  const family = isIP(options.host);
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    recvBufferSize: transportLimits.receiveBufferBytes,
    // Addresses are literals: nothing is ever looked up.
    lookup: (host, _options, answer) => answer(null, host, isIP(host)),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: options.host, port: options.port }, () => {
      socket.removeListener('error', reject);
      resolve();
    });
  });
  return new QuicSocket(quiche, socket, options);
}

/** Whether the library would take these credentials: what is returned throws what it has against them. Rejects when the library cannot be loaded. */
export async function openQuicTrial(): Promise<(credentials: TransportCredentials) => void> {
  const quiche = await loadQuiche();
  return (credentials) => void freshConfig(quiche, credentials);
}

class QuicSocket implements QuicTransport {
  readonly address: Address;
  readonly #quiche: Quiche;
  readonly #socket: Socket;
  readonly #options: QuicTransportOptions;
  readonly #local: RemoteAddress;
  readonly #receiveBufferBytes: number;
  readonly #counters = new Counters();
  readonly #door: FrontDoor;
  readonly #routes = new Map<string, QuicConnection>();
  readonly #loop: ConnectionLoop;
  #lastId = 0;
  /** No more dials and strangers; what is open is being closed. */
  #closed = false;
  #onEmpty: (() => void) | null = null;

  constructor(quiche: Quiche, socket: Socket, options: QuicTransportOptions) {
    this.#quiche = quiche;
    this.#socket = socket;
    this.#options = options;
    const bound = socket.address();
    this.#local = { host: bound.address, port: bound.port };
    this.#receiveBufferBytes = socket.getRecvBufferSize();
    this.address = formatHostPort(this.#local);
    this.#door = new FrontDoor(quiche);
    this.#loop = new ConnectionLoop({
      cluster: options.cluster,
      endOfTrust: options.endOfTrust,
      listener: options.listener,
      counters: this.#counters,
      transmit: (bytes, { remote }) => this.#transmit(bytes, remote.port, remote.host),
      onGone: (connection) => this.#onGone(connection),
    });
    socket.on('message', (bytes, from) => this.#onPacket(bytes, from));
    socket.on('error', () => this.#counters.add('socket_errors'));
  }

  dial(address: Address): ConnectionId {
    const id = this.#nextId();
    const fail = (reason: string) => {
      setImmediate(() => this.#closed || this.#options.listener.onDialFailed(id, address, reason));
      return id;
    };
    const remote = parseAddress(address);
    if (remote === null || isIP(remote.host) !== isIP(this.#local.host)) return fail(`${address} is no address that this socket reaches`);
    if (this.#closed || this.#loop.size >= transportLimits.maxConnections) return fail('no room for another connection');
    try {
      const credentials = this.#options.credentials();
      const source = randomBytes(transportLimits.connectionIdBytes);
      const native = this.#quiche.Connection.connect(null, source, this.#local, remote, freshConfig(this.#quiche, credentials));
      this.#add(new QuicConnection({ id, native, direction: 'dialled', remote, address, ownLeaf: ownLeafOf(credentials.chainPem), nowMs: performance.now(), counters: this.#counters }), source);
      this.#counters.add('dials');
    } catch (fault) {
      return fail((fault as Error).message);
    }
    return id;
  }

  send(connection: ConnectionId, channel: Channel, bytes: Uint8Array): void {
    const target = this.#loop.get(connection);
    if (target === undefined || target.phase !== 'open') return;
    if (target.enqueue(channel, bytes) === 'overflow') this.#loop.close(target, closeCodes.broken, 'too many messages wait');
    this.#loop.mark(target);
  }

  close(connection: ConnectionId, code: number, reason: string): void {
    const target = this.#loop.get(connection);
    if (target !== undefined) this.#loop.close(target, code, reason);
  }

  statistics(connection: ConnectionId): ConnectionStatistics | null {
    const target = this.#loop.get(connection);
    if (target === undefined || target.phase !== 'open') return null;
    const stats = target.native.stats();
    const path = target.native.pathStats()[0];
    return { roundTripMs: path?.rtt ?? null, packetsSent: stats.sent, packetsLost: stats.lost, bytesSent: stats.sentBytes, bytesReceived: stats.recvBytes };
  }

  counters(): Readonly<Record<string, number>> {
    return this.#counters.read();
  }

  levels(): TransportLevels {
    return { connections: this.#loop.size, halfOpen: this.#loop.halfOpen().length, receiveBufferBytes: this.#receiveBufferBytes };
  }

  recheckTrust(): void {
    this.#loop.recheckTrust();
  }

  async shutdown(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const connection of this.#loop.all()) this.#loop.close(connection, closeCodes.shutdown, 'shutting down');
    if (this.#loop.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, transportLimits.shutdownMs);
        this.#onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#loop.stop();
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #onPacket(bytes: Buffer, from: RemoteInfo): void {
    this.#counters.add('packets_received');
    this.#counters.add('bytes_received', bytes.length);
    const packet = readPacket(bytes);
    if (packet.type === 'malformed') return this.#drop('malformed');
    const destination = packet.type === 'short' ? packet.destination : packet.destination.toString('latin1');
    const connection = this.#routes.get(destination);
    if (connection !== undefined) return this.#receive(connection, bytes, from);
    if (packet.type !== 'initial') return this.#drop(packet.type === 'short' ? 'unknown_connection' : 'unexpected');
    if (this.#closed) return this.#drop('shutdown');
    const address = formatHostPort({ host: from.address, port: from.port });
    const answer = this.#door.answer(packet, bytes.length, from, address);
    switch (answer.type) {
      case 'drop':
        return this.#drop(answer.reason);
      case 'retry':
        this.#counters.add('retries_sent');
        return this.#transmit(answer.bytes, from.port, from.address);
      case 'accept':
        return this.#accept(bytes, Buffer.from(packet.destination), answer.original, from, address);
    }
  }

  #receive(connection: QuicConnection, bytes: Buffer, from: RemoteInfo): void {
    // A packet from elsewhere never reaches the library: one is enough to stop this version of it for good.
    if (from.port !== connection.remote.port || from.address !== connection.remote.host) return this.#drop('foreign_address');
    if (connection.phase === 'handshaking') {
      connection.handshakeBytes += bytes.length;
      connection.handshakePackets += 1;
      if (connection.handshakeBytes > transportLimits.handshakeBytes || connection.handshakePackets > transportLimits.handshakePackets) return this.#drop('handshake_excess');
    }
    if (connection.receive(bytes, this.#local)) this.#loop.markReceived(connection);
    else this.#drop('refused');
  }

  #accept(bytes: Buffer, destination: Buffer, original: Buffer, from: RemoteInfo, address: string): void {
    if (this.#loop.size >= transportLimits.maxConnections) return this.#drop('full');
    const remote = { host: from.address, port: from.port };
    try {
      const credentials = this.#options.credentials();
      const native = this.#quiche.Connection.accept(destination, original, this.#local, remote, freshConfig(this.#quiche, credentials));
      const connection = new QuicConnection({ id: this.#nextId(), native, direction: 'accepted', remote, address, ownLeaf: ownLeafOf(credentials.chainPem), nowMs: performance.now(), counters: this.#counters });
      this.#counters.add('accepts');
      this.#makeRoom(connection.source);
      this.#add(connection, destination);
      this.#receive(connection, bytes, from);
    } catch {
      this.#drop('unexpected');
    }
  }

  /** For one more handshake of this source. */
  #makeRoom(source: string): void {
    const underWay = this.#loop.halfOpen();
    const ofSource = underWay.filter((connection) => connection.source === source);
    const isFull = underWay.length >= transportLimits.maxHalfOpen;
    // Who is through, and only waits for this turn to end, is no stranger any more.
    const unfinished = (some: QuicConnection[]) => some.filter(({ native }) => !native.isEstablished());
    let leaving: QuicConnection | undefined;
    if (ofSource.length >= transportLimits.maxHalfOpenPerSource) [leaving] = unfinished(ofSource);
    else if (isFull) leaving = whoGivesWay(unfinished(underWay));
    if (leaving !== undefined) this.#loop.displace(leaving);
  }

  #add(connection: QuicConnection, ownId: Buffer): void {
    const route = ownId.toString('latin1');
    connection.routes.push(route);
    this.#routes.set(route, connection);
    this.#loop.add(connection);
  }

  #onGone(connection: QuicConnection): void {
    for (const route of connection.routes) this.#routes.delete(route);
    if (this.#loop.size === 0) this.#onEmpty?.();
  }

  #transmit(bytes: Buffer, port: number, host: string): void {
    this.#counters.add('packets_sent');
    this.#counters.add('bytes_sent', bytes.length);
    this.#socket.send(bytes, port, host, (fault) => fault !== null && this.#counters.add(`socket_send_failed_${(fault as NodeJS.ErrnoException).code ?? 'unknown'}`));
  }

  #nextId(): ConnectionId {
    this.#lastId += 1;
    return this.#lastId;
  }

  #drop(reason: string): void {
    this.#counters.add(`packets_dropped_${reason}`);
  }
}
