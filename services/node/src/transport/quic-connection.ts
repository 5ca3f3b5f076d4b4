/**
 * One connection: native state, messages on their way out, messages being put together, and its deadlines. It is worked
 * on once per turn of the event loop by connection-loop.ts, never from inside a packet's arrival.
 */
import { limits, type Channel, type ConnectionId } from '@starling/gossip';
import { networksOf } from '@starling/http';
import type { RemoteAddress } from './address.js';
import type { Counters } from './counters.js';
import type { OwnLeaf } from './identity-gate.js';
import type { NativeConnection } from './native.js';
import { StreamAssembly } from './stream-assembly.js';
import { transportLimits } from './transport-limits.js';

/** The life of a connection as its owner sees it. */
export type Phase = 'handshaking' | 'open' | 'closing' | 'gone';

interface OutgoingStream {
  readonly id: number;
  readonly bytes: Uint8Array;
  written: number;
}

/** APPLICATION_ERROR of RFC 9000 section 20.1. */
const applicationError = 0x0c;
const scratch = Buffer.alloc(65_536);

export class QuicConnection {
  readonly id: ConnectionId;
  readonly native: NativeConnection;
  readonly direction: 'dialled' | 'accepted';
  readonly remote: RemoteAddress;
  /** Where it comes from, the source last. */
  readonly networks: readonly string[];
  /** As it goes to the core. */
  readonly address: string;
  /** As shown on this connection. */
  readonly ownLeaf: OwnLeaf;
  /** Our ids, by which its packets are routed. */
  readonly routes: string[] = [];
  phase: Phase = 'handshaking';
  /** DER, once judged. */
  chain: readonly Uint8Array[] = [];
  /** Not to live beyond, on the monotonic clock. */
  endsAtMs: number;
  deadlineMs = 0;
  keepAliveAtMs: number;
  /** When at the latest what came is acknowledged. */
  acknowledgeAtMs = Number.POSITIVE_INFINITY;
  closingReason = '';
  handshakeBytes = 0;
  handshakePackets = 0;
  maxDatagramBytes: number = transportLimits.payloadBytes - transportLimits.datagramOverheadBytes;

  readonly #counters: Counters;
  readonly #datagrams: Uint8Array[] = [];
  readonly #messages: Uint8Array[] = [];
  #outgoing: OutgoingStream | null = null;
  #nextStream: number;
  readonly #assembly = new StreamAssembly(limits.maxMessageBytes);
  #left = 0;
  #unacknowledged = 0;

  constructor(parts: { id: ConnectionId; native: NativeConnection; direction: 'dialled' | 'accepted'; remote: RemoteAddress; address: string; ownLeaf: OwnLeaf; nowMs: number; counters: Counters }) {
    this.id = parts.id;
    this.native = parts.native;
    this.direction = parts.direction;
    this.remote = parts.remote;
    this.networks = networksOf(parts.remote.host);
    this.address = parts.address;
    this.ownLeaf = parts.ownLeaf;
    this.endsAtMs = parts.nowMs + transportLimits.handshakeMs;
    this.keepAliveAtMs = parts.nowMs + transportLimits.keepAliveMs;
    this.#counters = parts.counters;
    // Unidirectional streams: 2, 6, 10 ... of the client, 3, 7, 11 ... of the server.
    this.#nextStream = parts.direction === 'dialled' ? 2 : 3;
  }

  /** Takes a packet. False when the library refuses it, which ends nothing but this packet. */
  receive(bytes: Buffer, local: RemoteAddress): boolean {
    try {
      this.native.recv(bytes, { from: this.remote, to: local });
      if (this.#unacknowledged === 0) this.acknowledgeAtMs = performance.now() + transportLimits.acknowledgeAfterMs;
      this.#unacknowledged += 1;
      return true;
    } catch (fault) {
      this.#counters.add(`packets_refused_${reasonOf(fault)}`);
      return false;
    }
  }

  enqueue(channel: Channel, bytes: Uint8Array): 'queued' | 'overflow' {
    if (channel === 'datagram' && bytes.length <= this.maxDatagramBytes) {
      if (this.#datagrams.length >= transportLimits.maxQueued) {
        this.#datagrams.shift();
        this.#left += 1;
        this.#counters.add('datagrams_dropped_queue');
      }
      this.#datagrams.push(bytes);
      return 'queued';
    }
    if (this.#messages.length >= transportLimits.maxQueued) return 'overflow';
    this.#messages.push(bytes);
    return 'queued';
  }

  /** Hands complete messages to `deliver`. `more`: more waits than one turn should take; `broken`: a message of the peer is longer than the bound. */
  read(deliver: (channel: Channel, bytes: Uint8Array) => void): 'done' | 'more' | 'broken' {
    let count = 0;
    for (; count < transportLimits.datagramsPerTurn; count++) {
      const length = this.#receiveDatagram();
      if (length === null) break;
      deliver('datagram', new Uint8Array(scratch.subarray(0, length)));
    }
    const broken = this.native.isReadable() && !this.#readStreams(deliver);
    if (broken) return 'broken';
    return count === transportLimits.datagramsPerTurn ? 'more' : 'done';
  }

  #receiveDatagram(): number | null {
    try {
      return this.native.dgramRecv(scratch);
    } catch {
      return null;
    }
  }

  #readStreams(deliver: (channel: Channel, bytes: Uint8Array) => void): boolean {
    for (const stream of this.native.readable()) {
      for (;;) {
        let read: [number, boolean] | null;
        try {
          read = this.native.streamRecv(stream, scratch);
        } catch (fault) {
          // The peer reset it: nothing of it counts.
          this.#counters.add(`streams_broken_${reasonOf(fault)}`);
          this.#assembly.drop(stream);
          break;
        }
        if (read === null) break;
        const [length, finished] = read;
        const message = this.#assembly.add(stream, scratch.subarray(0, length), finished);
        if (message === 'oversized') return false;
        if (message !== null) deliver('stream', message);
        if (finished) break;
      }
    }
    return true;
  }

  /** Gives the library what it takes now. */
  fill(): void {
    while (this.#datagrams.length > 0 && !this.native.isDgramSendQueueFull()) {
      const bytes = this.#datagrams.shift() as Uint8Array;
      this.#left += 1;
      try {
        this.native.dgramSend(bytes);
      } catch (fault) {
        this.#counters.add(`datagrams_dropped_${reasonOf(fault)}`);
      }
    }
    while (this.#writeStream()) this.#left += 1;
  }

  /** Messages that left since this was asked last. */
  takeLeft(): number {
    const left = this.#left;
    this.#left = 0;
    return left;
  }

  /** True when one message was written to its end. */
  #writeStream(): boolean {
    if (this.#outgoing === null) {
      const bytes = this.#messages[0];
      if (bytes === undefined || this.native.peerStreamsLeftUni() === 0) return false;
      this.#messages.shift();
      this.#outgoing = { id: this.#nextStream, bytes, written: 0 };
      this.#nextStream += 4;
    }
    const { id, bytes } = this.#outgoing;
    let written: number | null;
    try {
      written = this.native.streamSend(id, bytes.subarray(this.#outgoing.written), true);
    } catch (fault) {
      this.#counters.add(`streams_unsent_${reasonOf(fault)}`);
      this.#outgoing = null;
      return true;
    }
    this.#outgoing.written += written ?? 0;
    if (written === null || this.#outgoing.written < bytes.length) return false;
    this.#outgoing = null;
    return true;
  }

  /** The library was asked for all that it has to send, acknowledgements among it. */
  acknowledged(): void {
    this.#unacknowledged = 0;
    this.acknowledgeAtMs = Number.POSITIVE_INFINITY;
  }

  /** What came need not be acknowledged yet. */
  get mayWait(): boolean {
    return this.phase === 'open' && this.#unacknowledged < transportLimits.acknowledgeAfterPackets && performance.now() < this.acknowledgeAtMs;
  }

  /** The last of `networks`. */
  get source(): string {
    return this.networks.at(-1) ?? '';
  }

  /** Accepted, and not yet authenticated. */
  get isHalfOpen(): boolean {
    return this.phase === 'handshaking' && this.direction === 'accepted';
  }

  get hasQueued(): boolean {
    return this.#datagrams.length > 0 || this.#messages.length > 0 || this.#outgoing !== null;
  }

  /** Tells the other side, once. Reasons are ours and short. */
  close(code: number, reason: string): void {
    if (this.phase === 'closing' || this.phase === 'gone') return;
    this.phase = 'closing';
    this.closingReason = reason;
    try {
      // Before the handshake is through, a close of the application may not be sent (RFC 9000 section 10.2.3), and the library would try for ever.
      if (!this.native.isEstablished()) this.native.close(false, applicationError, Buffer.alloc(0));
      // A number that is none would abort the process inside the library.
      else this.native.close(true, Number.isSafeInteger(code) && code >= 0 ? code : 0, Buffer.from(reason.slice(0, 200), 'latin1'));
    } catch (fault) {
      this.#counters.add(`closes_failed_${reasonOf(fault)}`);
    }
  }

  /** Why it ended, for people; what the other side gave as its reason is cut and cleaned. */
  get endReason(): string {
    if (this.closingReason !== '') return this.closingReason;
    const peer = this.native.peerError();
    if (peer !== null) return `closed by the other side: ${peer.isApp ? printable(peer.reason) || `code ${peer.errorCode}` : describeTransportError(peer.errorCode)}`;
    const local = this.native.localError();
    if (local !== null && !local.isApp) return `refused here: ${describeTransportError(local.errorCode)}`;
    return this.native.isTimedOut() ? 'no answer' : 'closed';
  }
}

/** The library's error as a name for a counter: `CryptoFail`, `TlsFail`, ... */
function reasonOf(fault: unknown): string {
  return /^[A-Za-z]{1,40}/.exec(String((fault as Error).message))?.[0] ?? 'unknown';
}

function printable(reason: Uint8Array): string {
  return Buffer.from(reason.subarray(0, 200)).toString('latin1').replaceAll(/[^\x20-\x7e]/g, '?');
}

const tlsAlerts: Readonly<Record<number, string>> = {
  40: 'handshake failure', 42: 'bad certificate', 43: 'certificate of an unsupported kind (both usages, serverAuth and clientAuth, are needed)', 44: 'certificate revoked', 45: 'certificate expired or not yet valid',
  46: 'certificate unknown', 48: 'certificate of an unknown authority', 51: 'decrypt error', 116: 'a certificate is required', 120: 'no common application protocol',
};

function describeTransportError(code: number): string {
  if (code >= 0x100 && code < 0x200) return `TLS alert ${code - 0x100}, ${tlsAlerts[code - 0x100] ?? 'see RFC 8446'}`;
  return `QUIC error ${code}`;
}
