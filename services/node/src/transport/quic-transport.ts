/**
 * QUIC behind the transport port: one UDP socket for dialling and accepting, packets routed by our own connection ids,
 * and each connection worked on once per turn of the event loop. Bytes of strangers cost a bounded amount of work and no
 * state before they have shown that they receive at their address.
 */
import { randomBytes, X509Certificate } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import type { Address, Channel, ConnectionId } from '@starling/gossip';
import { formatAddress, parseAddress, type RemoteAddress } from './address.js';
import { Counters } from './counters.js';
import { fingerprintOf, judgePeer } from './identity-gate.js';
import { FrontDoor } from './front-door.js';
import { loadQuiche, type Quiche } from './native.js';
import { readPacket } from './packet.js';
import { freshConfig } from './quic-config.js';
import { QuicConnection } from './quic-connection.js';
import type { ConnectionStatistics, Transport, TransportCredentials, TransportListener } from './transport.js';
import { transportLimits } from './transport-limits.js';

export interface QuicTransportOptions {
  /** IP literal and port to listen on; port 0 lets the system choose. */
  readonly host: string;
  readonly port: number;
  /** Peers of another cluster are refused. */
  readonly cluster: string;
  /** The set in force; asked for each new connection. */
  readonly credentials: () => TransportCredentials;
  /** Whether a chain (DER, leaf first) still leads to a trusted root; asked when the trust changed. */
  readonly isTrusted: (chain: readonly Uint8Array[]) => boolean;
  readonly listener: TransportListener;
}

export interface QuicTransport extends Transport {
  /** Closes the connections whose certificates no longer lead to a trusted root. */
  recheckTrust(): void;
}

/** Close codes of this adapter; those of the core are small. */
const codes = { gate: 0x20, expired: 0x21, broken: 0x22, shutdown: 0x23, untrusted: 0x24 } as const;
const minNativeTimeoutMs = 1;
/** What `setTimeout` takes at most without wrapping, milliseconds. */
const maxTimerMs = 0x7fffffff;

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

class QuicSocket implements QuicTransport {
  readonly address: Address;
  readonly #quiche: Quiche;
  readonly #socket: Socket;
  readonly #options: QuicTransportOptions;
  readonly #local: RemoteAddress;
  readonly #counters = new Counters();
  readonly #door: FrontDoor;
  readonly #routes = new Map<string, QuicConnection>();
  readonly #connections = new Map<ConnectionId, QuicConnection>();
  readonly #dirty = new Set<QuicConnection>();
  #halfOpen = 0;
  #lastId = 0;
  #turnPlanned = false;
  #timer: NodeJS.Timeout | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  /** No more dials and strangers; what is open is being closed. */
  #closed = false;
  /** The socket is gone. */
  #ended = false;
  #onEmpty: (() => void) | null = null;

  constructor(quiche: Quiche, socket: Socket, options: QuicTransportOptions) {
    this.#quiche = quiche;
    this.#socket = socket;
    this.#options = options;
    const bound = socket.address();
    this.#local = { host: bound.address, port: bound.port };
    this.address = formatAddress(this.#local);
    this.#door = new FrontDoor(quiche);
    this.#counters.set('receive_buffer_bytes', socket.getRecvBufferSize());
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
    if (this.#closed || this.#connections.size >= transportLimits.maxConnections) return fail('no room for another connection');
    try {
      const credentials = this.#options.credentials();
      const source = randomBytes(transportLimits.connectionIdBytes);
      const native = this.#quiche.Connection.connect(null, source, this.#local, remote, freshConfig(this.#quiche, credentials));
      this.#add(new QuicConnection({ id, native, direction: 'dialled', remote, address, localFingerprint: leafFingerprint(credentials), nowMs: performance.now(), counters: this.#counters }), source);
      this.#counters.add('dials');
    } catch (fault) {
      return fail((fault as Error).message);
    }
    return id;
  }

  send(connection: ConnectionId, channel: Channel, bytes: Uint8Array): void {
    const target = this.#connections.get(connection);
    if (target === undefined || target.phase !== 'open') return;
    if (target.enqueue(channel, bytes) === 'overflow') this.#close(target, codes.broken, 'too many messages wait');
    this.#mark(target);
  }

  close(connection: ConnectionId, code: number, reason: string): void {
    const target = this.#connections.get(connection);
    if (target !== undefined) this.#close(target, code, reason);
  }

  statistics(connection: ConnectionId): ConnectionStatistics | null {
    const target = this.#connections.get(connection);
    if (target === undefined || target.phase !== 'open') return null;
    const stats = target.native.stats();
    const path = target.native.pathStats()[0];
    return { roundTripMs: path?.rtt ?? 0, packetsSent: stats.sent, packetsReceived: stats.recv, packetsLost: stats.lost, bytesSent: stats.sentBytes, bytesReceived: stats.recvBytes };
  }

  counters(): Readonly<Record<string, number>> {
    this.#counters.set('half_open', this.#halfOpen);
    this.#counters.set('connections', this.#connections.size);
    return this.#counters.read();
  }

  recheckTrust(): void {
    for (const connection of this.#connections.values()) {
      if (connection.phase === 'open' && !this.#options.isTrusted(connection.chain)) this.#close(connection, codes.untrusted, 'its certificate is no longer trusted here');
    }
  }

  async shutdown(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const connection of this.#connections.values()) this.#close(connection, codes.shutdown, 'shutting down');
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, transportLimits.shutdownMs);
        this.#onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const connection of [...this.#connections.values()]) this.#remove(connection);
    this.#ended = true;
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #onPacket(bytes: Buffer, from: RemoteInfo): void {
    const packet = readPacket(bytes);
    if (packet.type === 'malformed') return this.#drop('malformed');
    const destination = packet.type === 'short' ? packet.destination : packet.destination.toString('latin1');
    const connection = this.#routes.get(destination);
    if (connection !== undefined) return this.#receive(connection, bytes, from);
    if (packet.type !== 'initial') return this.#drop(packet.type === 'short' ? 'unknown_connection' : 'unexpected');
    if (this.#closed) return this.#drop('shutdown');
    const address = formatAddress({ host: from.address, port: from.port });
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
    if (connection.receive(bytes, this.#local)) this.#mark(connection);
    else this.#drop('refused');
  }

  #accept(bytes: Buffer, destination: Buffer, original: Buffer, from: RemoteInfo, address: string): void {
    if (this.#halfOpen >= transportLimits.maxHalfOpen) return this.#drop('half_open');
    if (this.#connections.size >= transportLimits.maxConnections) return this.#drop('full');
    const remote = { host: from.address, port: from.port };
    try {
      const credentials = this.#options.credentials();
      const native = this.#quiche.Connection.accept(destination, original, this.#local, remote, freshConfig(this.#quiche, credentials));
      const connection = new QuicConnection({ id: this.#nextId(), native, direction: 'accepted', remote, address, localFingerprint: leafFingerprint(credentials), nowMs: performance.now(), counters: this.#counters });
      this.#halfOpen += 1;
      this.#counters.add('accepts');
      this.#add(connection, destination);
      this.#receive(connection, bytes, from);
    } catch {
      this.#drop('unexpected');
    }
  }

  #add(connection: QuicConnection, ownId: Buffer): void {
    const route = ownId.toString('latin1');
    connection.routes.push(route);
    this.#routes.set(route, connection);
    this.#connections.set(connection.id, connection);
    this.#mark(connection);
  }

  /** Has this connection looked at in this turn of the event loop, after everything that arrived with it. */
  #mark(connection: QuicConnection): void {
    this.#dirty.add(connection);
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#turnPlanned = false;
    if (this.#ended) return;
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const connection of dirty) if (connection.phase !== 'gone') this.#work(connection);
    this.#arm();
  }

  #work(connection: QuicConnection): void {
    const { native } = connection;
    if (connection.phase === 'handshaking' && native.isEstablished()) this.#judge(connection);
    if (connection.phase === 'open') {
      const reading = connection.read((channel, bytes) => this.#options.listener.onMessage(connection.id, channel, bytes));
      if (reading === 'broken') this.#close(connection, codes.broken, 'a message is too long');
      if (reading === 'more') this.#mark(connection);
    }
    if (connection.phase === 'open') connection.fill();
    const flushed = this.#flush(connection);
    if (connection.phase === 'open') {
      const left = connection.takeLeft();
      if (left > 0) this.#options.listener.onSent(connection.id, left);
      if (connection.hasQueued && left > 0) this.#mark(connection);
    }
    if (flushed === 'more') this.#mark(connection);
    this.#settle(connection);
  }

  /** Sends what is ready, up to a bound. */
  #flush(connection: QuicConnection): 'all' | 'more' {
    for (let count = 0; count < transportLimits.packetsPerTurn; count++) {
      const out = Buffer.allocUnsafe(transportLimits.payloadBytes);
      let sent: ReturnType<QuicConnection['native']['send']>;
      try {
        sent = connection.native.send(out);
      } catch {
        this.#counters.add('sends_failed');
        return 'all';
      }
      if (sent === null) return 'all';
      connection.keepAliveAtMs = performance.now() + transportLimits.keepAliveMs;
      this.#transmit(out.subarray(0, sent[0]), connection.remote.port, connection.remote.host);
    }
    return 'more';
  }

  #transmit(bytes: Buffer, port: number, host: string): void {
    this.#socket.send(bytes, port, host, (fault) => fault !== null && this.#counters.add(`socket_send_failed_${(fault as NodeJS.ErrnoException).code ?? 'unknown'}`));
  }

  /** TLS is through: names and usages of the other side's certificate decide whether anybody hears of it. */
  #judge(connection: QuicConnection): void {
    const verdict = judgePeer(connection.native.peerCertChain(), this.#options.cluster, connection.localFingerprint);
    if (!verdict.admitted) {
      this.#counters.add(`peers_refused_${verdict.reason}`);
      return this.#close(connection, codes.gate, `certificate refused: ${verdict.reason}`);
    }
    if (connection.native.isResumed() || connection.native.isInEarlyData()) {
      this.#counters.add('peers_refused_resumed');
      return this.#close(connection, codes.gate, 'resumption is refused');
    }
    this.#leaveHandshake(connection, 'open');
    connection.chain = verdict.chain;
    connection.endsAtMs = Math.min(performance.now() + transportLimits.maxAgeMs * (0.9 + Math.random() * 0.2), performance.now() + (verdict.notAfterMs - Date.now()));
    this.#counters.add('handshakes');
    connection.maxDatagramBytes = Math.min(connection.maxDatagramBytes, connection.native.dgramMaxWritableLen() ?? 0);
    this.#options.listener.onOpened({
      connection: connection.id,
      direction: connection.direction,
      address: connection.address,
      localFingerprint: connection.localFingerprint,
      peer: verdict.peer,
      maxDatagramBytes: connection.maxDatagramBytes,
    });
  }

  #leaveHandshake(connection: QuicConnection, phase: 'open' | 'closing' | 'gone'): void {
    if (connection.phase === 'handshaking' && connection.direction === 'accepted') this.#halfOpen -= 1;
    if (phase === 'open') connection.phase = 'open';
  }

  #close(connection: QuicConnection, code: number, reason: string): void {
    if (connection.phase === 'closing' || connection.phase === 'gone') return;
    const wasOpen = connection.phase === 'open';
    this.#leaveHandshake(connection, 'closing');
    connection.close(code, reason);
    connection.endsAtMs = performance.now() + transportLimits.lingerMs;
    this.#mark(connection);
    this.#report(connection, wasOpen);
  }

  /** Removes what has ended, and finds out when to look again at what has not. */
  #settle(connection: QuicConnection): void {
    const { native } = connection;
    if (native.isClosed()) return this.#remove(connection);
    if (native.isDraining() && connection.phase !== 'closing') {
      const wasOpen = connection.phase === 'open';
      this.#leaveHandshake(connection, 'closing');
      connection.closingReason = connection.endReason;
      connection.phase = 'closing';
      this.#report(connection, wasOpen);
    }
    const timeout = native.timeout();
    const nativeAtMs = timeout === null ? Number.POSITIVE_INFINITY : performance.now() + timeout + minNativeTimeoutMs;
    const keepAliveAtMs = connection.phase === 'open' ? connection.keepAliveAtMs : Number.POSITIVE_INFINITY;
    connection.deadlineMs = Math.min(nativeAtMs, keepAliveAtMs, connection.endsAtMs);
    this.#armFor(connection.deadlineMs);
  }

  #remove(connection: QuicConnection): void {
    if (connection.phase === 'gone') return;
    const { phase } = connection;
    this.#leaveHandshake(connection, 'gone');
    if (phase !== 'closing') {
      connection.closingReason = connection.endReason;
      this.#report(connection, phase === 'open');
    }
    connection.phase = 'gone';
    for (const route of connection.routes) this.#routes.delete(route);
    this.#connections.delete(connection.id);
    this.#dirty.delete(connection);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  /** Tells the owner, in a turn of its own. */
  #report(connection: QuicConnection, wasOpen: boolean): void {
    const { id, address, direction } = connection;
    const reason = connection.endReason;
    if (!wasOpen) this.#counters.add('handshakes_failed');
    setImmediate(() => {
      if (wasOpen) this.#options.listener.onClosed(id, reason);
      else if (direction === 'dialled') this.#options.listener.onDialFailed(id, address, reason);
    });
  }

  #armFor(atMs: number): void {
    if (atMs < this.#timerAtMs) this.#setTimer(atMs);
  }

  #arm(): void {
    if (this.#timer !== null) return;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { deadlineMs } of this.#connections.values()) nextMs = Math.min(nextMs, deadlineMs);
    if (nextMs !== Number.POSITIVE_INFINITY) this.#setTimer(nextMs);
  }

  #setTimer(atMs: number): void {
    if (this.#ended) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => this.#ring(), Math.min(maxTimerMs, Math.max(0, Math.ceil(atMs - performance.now()))));
  }

  #ring(): void {
    this.#timer = null;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    for (const connection of [...this.#connections.values()]) {
      if (connection.deadlineMs > nowMs) continue;
      connection.native.onTimeout();
      if (connection.endsAtMs <= nowMs) this.#end(connection);
      else if (connection.phase === 'open' && connection.keepAliveAtMs <= nowMs) {
        connection.keepAliveAtMs = nowMs + transportLimits.keepAliveMs;
        connection.native.sendAckEliciting();
      }
      this.#mark(connection);
    }
    this.#arm();
  }

  #end(connection: QuicConnection): void {
    switch (connection.phase) {
      case 'handshaking':
        this.#counters.add('handshakes_late');
        return this.#close(connection, codes.gate, connection.direction === 'dialled' ? `no answer within ${transportLimits.handshakeMs / 1_000} s` : 'the handshake took too long');
      case 'open':
        return this.#close(connection, codes.expired, 'the certificate or the connection has reached its age');
      case 'closing':
      case 'gone':
        return this.#remove(connection);
    }
  }

  #nextId(): ConnectionId {
    this.#lastId += 1;
    return this.#lastId;
  }

  #drop(reason: string): void {
    this.#counters.add(`packets_dropped_${reason}`);
  }
}

function leafFingerprint(credentials: TransportCredentials): Uint8Array {
  return fingerprintOf(new X509Certificate(credentials.chainPem).raw);
}
