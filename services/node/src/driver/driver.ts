/**
 * Turns the wheel of the core: takes what happens in the world to `Engine.step`, one input at a time, carries out what
 * it asks for, and passes on what it tells. It decides nothing about the protocol.
 */
import type { Address, ConnectionId, CredentialVerdict, Engine, Event, Input, Now, Output, Random, Request, RequestId } from '@starling/gossip';
import type { Transport, TransportListener } from '../transport/transport.js';
import type { Clock } from './clock.js';
import { Schedule } from './schedule.js';

/** What the driver needs of the rest of the process. */
export interface DriverParts {
  readonly engine: Engine;
  /** Opens the transport with the driver as its listener. */
  readonly openTransport: (listener: TransportListener) => Promise<Transport>;
  /** Ed25519 with the node key. */
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  readonly verifySignature: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => Promise<boolean>;
  readonly verifyCredential: (credential: Uint8Array, wallMs: number) => CredentialVerdict;
  /** Must not reject: what discovery cannot find it reports itself. */
  readonly discover: () => Promise<readonly Address[]>;
  readonly sample: () => readonly (number | undefined)[];
  readonly persistIncarnation: (incarnation: number) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  /** Called in order for every event of the core. Must not throw and must not call back into the driver. */
  readonly onEvent: (event: Event, now: Now) => void;
  /** Something this node cannot go on without is broken (the key cannot sign, the disk refuses the incarnation). */
  readonly onFault: (fault: Error) => void;
}

/** Lateness of the one timer beyond which this process counts as having stood still, milliseconds. */
const stallMs = 750;
/** Share of the sample interval by which samples are spread, so that nodes do not beat in time. */
const sampleJitter = 0.1;
const roundTripIntervalMs = 5_000;
/** How long a farewell may take before the process ends without it, milliseconds. */
const departureDeadlineMs = 1_500;

export class Driver {
  readonly #parts: DriverParts;
  readonly #schedule = new Schedule();
  readonly #inputs: Input[] = [];
  readonly #connections = new Set<ConnectionId>();
  #transport: Transport | null = null;
  #timer: NodeJS.Timeout | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #stepping = false;
  #stopped = false;
  /** Signing waits for it: nothing may be signed under an incarnation that is not on disk. */
  #incarnationKept: Promise<void> = Promise.resolve();
  #onDeparted: (() => void) | null = null;

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  /** Opens the transport and starts the core. Rejects when the port cannot be had. */
  async start(): Promise<Transport> {
    this.#transport = await this.#parts.openTransport(this.#listener());
    this.#schedule.set('sample', this.#parts.clock.now().monotonicMs);
    this.#schedule.set('round-trips', this.#parts.clock.now().monotonicMs + roundTripIntervalMs);
    this.feed({ type: 'started' });
    return this.#transport;
  }

  /** Takes an input of the composition (descriptor, credential, trust) to the core. */
  feed(input: Input): void {
    if (this.#stopped) return;
    this.#inputs.push(input);
    if (!this.#stepping) this.#turn();
  }

  /** Says farewell to every peer, then closes the transport: at most 2 s in all. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    const departed = new Promise<void>((resolve) => (this.#onDeparted = resolve));
    this.#schedule.set('sample', null);
    this.#schedule.set('departure', this.#parts.clock.now().monotonicMs + departureDeadlineMs);
    this.feed({ type: 'leaving' });
    await departed;
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#transport?.shutdown();
  }

  #turn(): void {
    this.#stepping = true;
    try {
      this.#noteStall();
      for (let input = this.#inputs.shift(); input !== undefined; input = this.#inputs.shift()) this.#step(input);
    } finally {
      this.#stepping = false;
    }
    this.#arm();
  }

  #step(input: Input): void {
    const now = this.#parts.clock.now();
    for (const output of this.#parts.engine.step(input, now)) this.#carryOut(output, now);
  }

  /** A process that stood still must hear so before it hears what happened meanwhile. */
  #noteStall(): void {
    const lateMs = this.#parts.clock.now().monotonicMs - this.#timerAtMs;
    if (lateMs <= stallMs) return;
    this.#inputs.unshift({ type: 'stalled', milliseconds: Math.round(lateMs) });
    this.#timerAtMs = this.#parts.clock.now().monotonicMs;
  }

  #arm(): void {
    if (this.#stopped) return;
    this.#schedule.set('core', this.#parts.engine.nextWakeup()?.atMs ?? null);
    const next = this.#schedule.next();
    if (next === null) return;
    const nowMs = this.#parts.clock.now().monotonicMs;
    const atMs = Math.max(next.atMs, nowMs);
    // A timer that rings early finds nothing due and is set anew; one that is always set anew would starve under load.
    if (this.#timer !== null && this.#timerAtMs <= atMs) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => this.#ring(), Math.ceil(atMs - nowMs));
  }

  #ring(): void {
    this.#timer = null;
    const nowMs = this.#parts.clock.now().monotonicMs;
    for (let name = this.#schedule.takeDue(nowMs); name !== null; name = this.#schedule.takeDue(nowMs)) {
      switch (name) {
        case 'core':
          this.#inputs.push({ type: 'wake-up' });
          break;
        case 'sample':
          this.#inputs.push({ type: 'sampled', values: this.#parts.sample() });
          this.#schedule.set('sample', nowMs + this.#parts.engine.sampleIntervalMs() * (1 + sampleJitter * (2 * this.#parts.random() - 1)));
          break;
        case 'round-trips':
          this.#measureRoundTrips();
          this.#schedule.set('round-trips', nowMs + roundTripIntervalMs);
          break;
        case 'departure':
          this.#depart();
          break;
      }
    }
    this.#turn();
  }

  #measureRoundTrips(): void {
    for (const connection of this.#connections) {
      const milliseconds = this.#transport?.statistics(connection)?.roundTripMs ?? null;
      if (milliseconds !== null) this.#inputs.push({ type: 'round-trip-measured', connection, milliseconds });
    }
  }

  #depart(): void {
    this.#schedule.set('departure', null);
    this.#onDeparted?.();
    this.#onDeparted = null;
  }

  #carryOut(output: Output, now: Now): void {
    switch (output.type) {
      case 'dial':
        this.#transport?.dial(output.address);
        return;
      case 'close':
        this.#transport?.close(output.connection, output.code, output.reason);
        return;
      case 'send':
        this.#transport?.send(output.connection, output.channel, output.bytes);
        return;
      case 'sign':
        this.#sign(output.request, output.message);
        return;
      case 'verify-signature':
        this.#verifySignature(output);
        return;
      case 'verify-credential':
        this.#inputs.push({ type: 'credential-verified', request: output.request, result: this.#parts.verifyCredential(output.credential, now.wallMs) });
        return;
      case 'discover':
        void this.#parts.discover().then((addresses) => this.feed({ type: 'discovered', addresses }));
        return;
      case 'persist-incarnation':
        this.#incarnationKept = this.#incarnationKept.then(() => this.#parts.persistIncarnation(output.incarnation));
        this.#incarnationKept.catch((fault: Error) => this.#parts.onFault(fault));
        return;
      case 'departed':
        this.#depart();
        return;
      default:
        this.#parts.onEvent(output, now);
    }
  }

  #sign(request: RequestId, message: Uint8Array): void {
    this.#incarnationKept
      .then(() => this.#parts.sign(message))
      .then((signature) => this.feed({ type: 'signed', request, signature }))
      .catch((fault: Error) => this.#parts.onFault(fault));
  }

  #verifySignature(asked: Extract<Request, { type: 'verify-signature' }>): void {
    this.#parts
      .verifySignature(asked.publicKey, asked.message, asked.signature)
      .then((valid) => this.feed({ type: 'signature-verified', request: asked.request, valid }))
      .catch((fault: Error) => this.#parts.onFault(fault));
  }

  #listener(): TransportListener {
    return {
      onOpened: (opened) => {
        this.#connections.add(opened.connection);
        this.feed({ type: 'connection-opened', ...opened });
      },
      onDialFailed: (_connection, address, reason) => this.feed({ type: 'dial-failed', address, reason }),
      onClosed: (connection, reason) => {
        this.#connections.delete(connection);
        this.feed({ type: 'connection-closed', connection, reason });
      },
      onMessage: (connection, channel, bytes) => this.feed({ type: 'message-received', connection, channel, bytes }),
      onSent: (connection, count) => this.feed({ type: 'messages-sent', connection, count }),
    };
  }
}
