/**
 * The streams that are open: a snapshot first, then changes a few times per second. A client that does not keep up is
 * left alone until what waits for it has drained, and is then brought up to date by the newest of each node.
 */
import { randomBytes } from 'node:crypto';
import type { WebSocket } from '@fastify/websocket';
import type { Now } from '@starling/gossip';
import { Passage } from '@starling/http';
import { apiLimits } from './api-limits.js';
import type { ApiSource } from './api-source.js';
import { Journal } from './journal.js';
import { StreamMessages } from './stream-messages.js';

/** Close codes of RFC 6455 that are used here. */
export const closeCodes = { goingAway: 1001, policyViolation: 1008, restart: 1012 } as const;

interface Client {
  readonly socket: WebSocket;
  /** The frame that it was brought to. */
  sequence: number;
  pingedAtMs: number;
  /** When something of it last moved: an answer to a ping, or bytes leaving. */
  movedAtMs: number;
  buffered: number;
  readonly passage: Passage;
}

/** What `?resume=` asks for, as the route has checked its form. */
export interface Resume {
  readonly session: string;
  readonly sequence: number;
}

export class Streams {
  /** Sequences of another session mean nothing. */
  readonly session = randomBytes(8).toString('hex');
  readonly #clock: { now(): Now };
  readonly #journal: Journal;
  readonly #messages: StreamMessages;
  readonly #unsubscribe: () => void;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #peersToldAtMs = 0;
  #closed = false;

  constructor(source: ApiSource, names: { readonly cluster: string }, clock: { now(): Now }) {
    this.#clock = clock;
    this.#journal = new Journal(() => this.#arm(apiLimits.frameIntervalMs));
    this.#messages = new StreamMessages(source, this.#journal, { cluster: names.cluster, session: this.session });
    this.#unsubscribe = source.subscribe(this.#journal);
  }

  get size(): number {
    return this.#clients.size;
  }

  get isFull(): boolean {
    return this.#clients.size >= apiLimits.maxStreams;
  }

  /** Takes over a socket. The caller has checked `isFull`, before it answered the upgrade. */
  accept(socket: WebSocket, resume: Resume | null): void {
    if (this.#closed) return socket.close(closeCodes.goingAway, 'the node is stopping');
    const nowMs = this.#clock.now().monotonicMs;
    // The frame under way ends here: what stands in the first message must not come again.
    this.#journal.close();
    const client: Client = { socket, sequence: this.#journal.sequence, pingedAtMs: nowMs, movedAtMs: nowMs, buffered: 0, passage: new Passage() };
    this.#clients.add(client);
    socket.on('close', () => this.#clients.delete(client));
    socket.on('error', () => socket.terminate());
    socket.on('pong', (payload) => this.#onPong(client, payload));
    socket.on('message', () => socket.close(closeCodes.policyViolation, 'this stream takes no messages'));
    send(client, resume?.session === this.session ? this.#messages.update(resume.sequence) : this.#messages.snapshot());
    this.#arm(apiLimits.frameIntervalMs);
  }

  /** Ends every stream but takes new ones: those who come back are checked anew. */
  restart(reason: string): void {
    for (const { socket } of this.#clients) socket.close(closeCodes.restart, reason);
  }

  /** Resolves when every stream has ended; a client that does not answer the close is cut. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    if (this.#timer !== null) clearTimeout(this.#timer);
    const ends = [...this.#clients].map(({ socket }) => new Promise<void>((resolve) => socket.once('close', () => resolve())));
    for (const { socket } of this.#clients) socket.close(closeCodes.goingAway, 'the node is stopping');
    const deadline = setTimeout(() => this.#clients.forEach(({ socket }) => socket.terminate()), apiLimits.closeDeadlineMs);
    await Promise.all(ends);
    clearTimeout(deadline);
  }

  #arm(delayMs: number): void {
    const atMs = this.#clock.now().monotonicMs + delayMs;
    if (this.#closed || (this.#timer !== null && this.#timerAtMs <= atMs)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => this.#beat(), delayMs);
    this.#timer.unref();
  }

  #beat(): void {
    this.#timer = null;
    const nowMs = this.#clock.now().monotonicMs;
    if (this.#clients.size > 0 && nowMs - this.#peersToldAtMs >= apiLimits.peerFiguresIntervalMs) {
      this.#peersToldAtMs = nowMs;
      this.#journal.onPeersChanged();
    }
    this.#journal.close();
    for (const client of this.#clients) {
      this.#watch(client, nowMs);
      this.#bringUpToDate(client);
    }
    const behind = [...this.#clients].some((client) => client.sequence < this.#journal.sequence);
    if (behind || this.#journal.isMarked) this.#arm(apiLimits.frameIntervalMs);
    else if (this.#clients.size > 0) this.#arm(apiLimits.peerFiguresIntervalMs);
  }

  #bringUpToDate(client: Client): void {
    const { socket } = client;
    if (client.sequence === this.#journal.sequence || socket.readyState !== socket.OPEN || socket.bufferedAmount > apiLimits.maxBufferedBytes) return;
    send(client, this.#messages.update(client.sequence));
    client.sequence = this.#journal.sequence;
  }

  /** An answer tells what has passed; one that was not asked for (RFC 6455, 5.5.3), that the client lives. */
  #onPong(client: Client, payload: Buffer): void {
    client.movedAtMs = this.#clock.now().monotonicMs;
    client.passage.answered(payload);
  }

  #watch(client: Client, nowMs: number): void {
    const { socket } = client;
    if (socket.bufferedAmount < client.buffered) client.movedAtMs = nowMs;
    client.buffered = socket.bufferedAmount;
    if (nowMs - client.movedAtMs > apiLimits.maxSilenceMs + client.passage.remainingMs(apiLimits.minBytesPerSecond)) return socket.terminate();
    if (nowMs - client.pingedAtMs < apiLimits.pingIntervalMs || socket.readyState !== socket.OPEN) return;
    client.pingedAtMs = nowMs;
    socket.ping(client.passage.mark);
  }
}

function send(client: Client, text: string): void {
  client.passage.sent(Buffer.byteLength(text));
  client.socket.send(text);
}
