/** One machine of the simulated network: its key, its disk, its clocks, and the process that may run on it. */
import type { Address, ConnectionId, Engine, Input } from '@starling/gossip';
import type { Malice } from './malice.js';
import type { ToyKey } from './toy-crypto.js';

/** Wall time when virtual time begins, milliseconds since 1970. */
export const epochMs = 1_790_000_000_000;

/** What a node keeps over a crash. */
export interface Disk {
  readonly key: ToyKey;
  incarnation: number;
}

/** A connection between two processes. Each end has its own number for it. */
export interface Link {
  readonly ends: readonly [SimulatedNode, SimulatedNode];
  readonly ids: readonly [ConnectionId, ConnectionId];
  /** What was sent could not get through since then; infinite while it does. */
  blockedAtMs: number;
  /** Messages handed out per end and not yet credited. */
  readonly outstanding: [number, number];
  /** When the last message to each end arrives that is on its way, or arrived. */
  readonly lastArrivalMs: [number, number];
}

export class SimulatedNode {
  readonly index: number;
  readonly address: Address;
  /** Says what it measures; a silent one only listens and passes on. */
  readonly role: 'sampling' | 'silent';
  disk: Disk;
  readonly links = new Map<ConnectionId, Link>();
  engine: Engine | null = null;
  /** Lives begun so far: what was meant for an earlier one does not reach a later one. */
  life = 0;
  /** Says farewell, and is about to end. */
  leaving = false;

  pausedUntilMs = 0;
  /** What came while the process stood still, in order. */
  readonly backlog: Input[] = [];
  backlogDatagrams = 0;

  /** Virtual time that handling one message takes; 0 is as fast as it gets. */
  messageCostMs = 0;
  busyUntilMs = 0;
  /** Virtual time that a signature check takes. */
  verificationMs = 0;
  /** What its link to the network carries, bytes per second. */
  bytesPerSecond = Number.POSITIVE_INFINITY;
  uplinkFreeAtMs = 0;

  /** Its monotonic clock runs at this rate and showed `#localMs` at `#anchorMs`. */
  rate = 1;
  #anchorMs = 0;
  #localMs = 0;
  /** Added to its wall clock, milliseconds. */
  wallOffsetMs = 0;

  wakeupAtMs = Number.POSITIVE_INFINITY;
  dialling = 0;
  malice: Malice | null = null;

  constructor(index: number, address: Address, role: 'sampling' | 'silent', key: ToyKey) {
    this.index = index;
    this.address = address;
    this.role = role;
    this.disk = { key, incarnation: 0 };
  }

  get key(): ToyKey {
    return this.disk.key;
  }

  get isRunning(): boolean {
    return this.engine !== null;
  }

  monotonicMs(nowMs: number): number {
    return this.#localMs + (nowMs - this.#anchorMs) * this.rate;
  }

  /** When its monotonic clock will show this. */
  virtualMs(monotonicMs: number): number {
    return this.#anchorMs + (monotonicMs - this.#localMs) / this.rate;
  }

  wallMs(nowMs: number): number {
    return epochMs + this.monotonicMs(nowMs) + this.wallOffsetMs;
  }

  /** Its clocks run faster or slower from now on. */
  drift(nowMs: number, rate: number): void {
    this.#localMs = this.monotonicMs(nowMs);
    this.#anchorMs = nowMs;
    this.rate = rate;
  }
}
