/**
 * The life of connections from their first packet to their last: each is worked on once per turn of the event loop in
 * which something happened to it, and when its deadline comes.
 */
import type { ConnectionId } from '@starling/gossip';
import { Alarm } from './alarm.js';
import type { Counters } from './counters.js';
import { judgePeer } from './identity-gate.js';
import type { QuicConnection } from './quic-connection.js';
import type { TransportListener } from './transport.js';
import { transportLimits } from './transport-limits.js';

/** Close codes of this adapter; those of the core are small (docs/PROTOCOL.md 7.3). */
export const closeCodes = { gate: 0x20, expired: 0x21, broken: 0x22, shutdown: 0x23, untrusted: 0x24 } as const;
/** The library's own deadlines are kept this much late, so that it finds them due, milliseconds. */
const afterNativeMs = 1;

type Turn = 'listen' | 'speak';

export interface ConnectionLoopParts {
  /** Peers of another cluster are refused. */
  readonly cluster: string;
  readonly endOfTrust: (chain: readonly Uint8Array[]) => number | null;
  readonly listener: TransportListener;
  readonly counters: Counters;
  readonly transmit: (bytes: Buffer, connection: QuicConnection) => void;
  /** It is over, and nothing more will be heard of it. */
  readonly onGone: (connection: QuicConnection) => void;
}

export class ConnectionLoop {
  readonly #parts: ConnectionLoopParts;
  readonly #connections = new Map<ConnectionId, QuicConnection>();
  /** Those to be worked on in this turn; who only received may listen. */
  readonly #dirty = new Map<QuicConnection, Turn>();
  readonly #alarm = new Alarm(() => this.#onDeadline());
  #turnPlanned = false;
  #awakeAtMs = 0;
  #stopped = false;

  constructor(parts: ConnectionLoopParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#connections.size;
  }

  get(id: ConnectionId): QuicConnection | undefined {
    return this.#connections.get(id);
  }

  /** Accepted, and not yet authenticated; oldest first. */
  halfOpen(): QuicConnection[] {
    return this.all().filter((connection) => connection.isHalfOpen);
  }

  all(): QuicConnection[] {
    return [...this.#connections.values()];
  }

  add(connection: QuicConnection): void {
    if (this.#connections.size === 0) this.#awakeAtMs = performance.now();
    this.#connections.set(connection.id, connection);
    this.mark(connection);
  }

  /**
   * A packet came: what it brings is read in this turn, and acknowledged when there is something to say, or after a moment.
   * What the library itself still has to send (for want of window, or again after a loss) waits for as long at the most.
   */
  markReceived(connection: QuicConnection): void {
    this.#plan(connection, this.#dirty.get(connection) ?? 'listen');
  }

  /** Has this connection looked at in this turn of the event loop, after everything that arrived with it. */
  mark(connection: QuicConnection): void {
    this.#plan(connection, 'speak');
  }

  #plan(connection: QuicConnection, turn: Turn): void {
    this.#dirty.set(connection, turn);
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    setImmediate(() => this.#turn());
  }

  /** Tells the other side, and the owner; what is left of the connection goes when the other side knows. */
  close(connection: QuicConnection, code: number, reason: string): void {
    if (connection.phase === 'closing' || connection.phase === 'gone') return;
    const before = connection.phase;
    // A probe of the handshake that is due before the close is out keeps this version of the library from ever sending it.
    this.#flush(connection);
    connection.close(code, reason);
    this.#flush(connection);
    connection.endsAtMs = performance.now() + transportLimits.lingerMs;
    this.mark(connection);
    this.#report(connection, before);
  }

  /** Ends a handshake in favour of another. The other side is told once, and nothing stays here: what lingered would be the next crowd. */
  displace(connection: QuicConnection): void {
    this.#parts.counters.add('handshakes_displaced');
    this.close(connection, closeCodes.gate, 'too many handshakes are under way');
    this.#remove(connection);
  }

  /** Forgets every connection, without a word to the other sides. */
  stop(): void {
    this.#stopped = true;
    this.#alarm.stop();
    for (const connection of this.all()) this.#remove(connection);
  }

  #turn(): void {
    this.#turnPlanned = false;
    if (this.#stopped) return;
    this.#noteStandstill();
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const [connection, turn] of dirty) if (connection.phase !== 'gone') this.#work(connection, turn);
  }

  #work(connection: QuicConnection, turn: Turn): void {
    const { listener } = this.#parts;
    if (connection.phase === 'handshaking' && connection.native.isEstablished()) this.#judge(connection);
    if (connection.phase === 'open') {
      const reading = connection.read((channel, bytes) => listener.onMessage(connection.id, channel, bytes));
      if (reading === 'broken') this.close(connection, closeCodes.broken, 'a message is too long');
      if (reading === 'more') this.mark(connection);
    }
    if (turn === 'listen' && connection.mayWait && !connection.hasQueued) return this.#settle(connection);
    if (connection.phase === 'open') connection.fill();
    const flushed = this.#flush(connection);
    if (connection.phase === 'open') {
      const left = connection.takeLeft();
      if (left > 0) listener.onSent(connection.id, left);
      if (connection.hasQueued && left > 0) this.mark(connection);
    }
    if (flushed === 'more' && connection.phase !== 'closing') this.mark(connection);
    this.#settle(connection);
  }

  /** Sends what is ready, up to a bound. */
  #flush(connection: QuicConnection): 'all' | 'more' {
    connection.acknowledged();
    for (let count = 0; count < transportLimits.packetsPerTurn; count++) {
      const out = Buffer.allocUnsafe(transportLimits.payloadBytes);
      let sent: ReturnType<QuicConnection['native']['send']>;
      try {
        sent = connection.native.send(out);
      } catch {
        this.#parts.counters.add('sends_failed');
        return 'all';
      }
      if (sent === null) return 'all';
      connection.keepAliveAtMs = performance.now() + transportLimits.keepAliveMs;
      this.#parts.transmit(out.subarray(0, sent[0]), connection);
    }
    return 'more';
  }

  /** TLS is through: names and usages of the other side's certificate decide whether anybody hears of it. */
  #judge(connection: QuicConnection): void {
    const { cluster, counters, listener } = this.#parts;
    const { native } = connection;
    const verdict = judgePeer(native.peerCertChain(), cluster, connection.ownLeaf);
    if (!verdict.admitted) {
      counters.add(`peers_refused_${verdict.reason}`);
      return this.close(connection, closeCodes.gate, `certificate refused: ${verdict.reason}`);
    }
    if (native.isResumed() || native.isInEarlyData()) {
      counters.add('peers_refused_resumed');
      return this.close(connection, closeCodes.gate, 'resumption is refused');
    }
    connection.chain = verdict.chain;
    const untilMs = this.#endOfTrust(connection);
    if (untilMs === null) {
      counters.add('peers_refused_untrusted-chain');
      return this.close(connection, closeCodes.untrusted, 'its certificate is not trusted here');
    }
    connection.phase = 'open';
    connection.endsAtMs = Math.min(performance.now() + transportLimits.maxAgeMs * (0.9 + Math.random() * 0.2), untilMs);
    connection.maxDatagramBytes = Math.min(connection.maxDatagramBytes, native.dgramMaxWritableLen() ?? 0);
    counters.add('handshakes');
    listener.onOpened({
      connection: connection.id,
      direction: connection.direction,
      address: connection.address,
      localFingerprint: connection.ownLeaf.fingerprint,
      peer: verdict.peer,
      maxDatagramBytes: connection.maxDatagramBytes,
    });
  }

  /** Closes those that are no longer trusted; the others live no longer than their chains as they are seen now. */
  recheckTrust(): void {
    for (const connection of this.all()) {
      if (connection.phase !== 'open') continue;
      const untilMs = this.#endOfTrust(connection);
      if (untilMs === null) this.close(connection, closeCodes.untrusted, 'its certificate is no longer trusted here');
      else if (untilMs < connection.endsAtMs) {
        connection.endsAtMs = untilMs;
        this.mark(connection);
      }
    }
  }

  /** A connection ends with the first certificate of its chain (docs/PROTOCOL.md 2.4), on the clock of `performance.now()`. */
  #endOfTrust({ chain }: QuicConnection): number | null {
    const endMs = this.#parts.endOfTrust(chain);
    return endMs === null ? null : performance.now() + (endMs - Date.now());
  }

  /** Removes what has ended, and finds out when to look again at what has not. */
  #settle(connection: QuicConnection): void {
    const { native } = connection;
    if (native.isClosed()) return this.#remove(connection);
    if (native.isDraining() && connection.phase !== 'closing') {
      const before = connection.phase;
      connection.closingReason = connection.endReason;
      connection.phase = 'closing';
      this.#report(connection, before);
    }
    // While it closes, only its end counts: until the close is out, the library's timer may say "now" for ever.
    const timeout = connection.phase === 'closing' && !native.isDraining() ? null : native.timeout();
    const nativeAtMs = timeout === null ? Number.POSITIVE_INFINITY : performance.now() + timeout + afterNativeMs;
    const keepAliveAtMs = connection.phase === 'open' ? connection.keepAliveAtMs : Number.POSITIVE_INFINITY;
    connection.deadlineMs = Math.min(nativeAtMs, keepAliveAtMs, connection.endsAtMs, connection.acknowledgeAtMs);
    this.#alarm.ringNoLaterThan(connection.deadlineMs);
  }

  #remove(connection: QuicConnection): void {
    const before = connection.phase;
    if (before === 'gone') return;
    if (before !== 'closing') {
      connection.closingReason = connection.endReason;
      this.#report(connection, before);
    }
    connection.phase = 'gone';
    this.#connections.delete(connection.id);
    this.#dirty.delete(connection);
    this.#parts.onGone(connection);
  }

  /** Tells the owner, in a turn of its own. */
  #report(connection: QuicConnection, before: QuicConnection['phase']): void {
    const { id, address, direction, endReason } = connection;
    if (before === 'handshaking') this.#parts.counters.add('handshakes_failed');
    setImmediate(() => {
      if (before === 'open') this.#parts.listener.onClosed(id, endReason);
      else if (direction === 'dialled') this.#parts.listener.onDialFailed(id, address, endReason);
    });
  }

  /** A look at every connection: there are few, and a heap would cost more than it saves. */
  #onDeadline(): void {
    this.#noteStandstill();
    const nowMs = performance.now();
    for (const connection of this.all()) {
      if (connection.deadlineMs > nowMs) {
        this.#alarm.ringNoLaterThan(connection.deadlineMs);
        continue;
      }
      connection.native.onTimeout();
      if (connection.endsAtMs <= nowMs) this.#end(connection);
      else if (connection.phase === 'open' && connection.keepAliveAtMs <= nowMs) {
        connection.keepAliveAtMs = nowMs + transportLimits.keepAliveMs;
        connection.native.sendAckEliciting();
      }
      this.mark(connection);
    }
  }

  /**
   * With any connection there is something to do more often than one may be silent. Who did nothing for longer (a stopped
   * process, a machine that slept) was given up by everybody, and would only learn so from more silence.
   */
  #noteStandstill(): void {
    const nowMs = performance.now();
    const stoodStill = nowMs - this.#awakeAtMs > transportLimits.idleMs;
    this.#awakeAtMs = nowMs;
    if (stoodStill) for (const connection of this.all()) this.close(connection, closeCodes.expired, 'this process stood still for longer than a connection may be silent');
  }

  #end(connection: QuicConnection): void {
    switch (connection.phase) {
      case 'handshaking':
        this.#parts.counters.add('handshakes_late');
        return this.close(connection, closeCodes.gate, connection.direction === 'dialled' ? `no answer within ${transportLimits.handshakeMs / 1_000} s` : 'the handshake took too long');
      case 'open':
        return this.close(connection, closeCodes.expired, 'the certificate or the connection has reached its age');
      case 'closing':
      case 'gone':
        return this.#remove(connection);
    }
  }
}
