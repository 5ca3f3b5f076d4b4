/**
 * The protocol as a state machine: one input in, a list of outputs out. It dispatches and holds no rule of its own.
 */
import type { Input, Now } from './input.js';
import type { Output } from './output.js';
import type { EngineConfig } from './config.js';

export interface Wakeup {
  /** On the monotonic clock, milliseconds. */
  readonly atMs: number;
  /** The timer that is due first. */
  readonly timer: string;
}

export interface Engine {
  /** Takes what happened, returns what to do and what to know, in order. The array is the caller's. Never throws for bytes of a peer. */
  step(input: Input, now: Now): Output[];
  /** When to come back with `wake-up` if nothing happens before; null when nothing is due. */
  nextWakeup(): Wakeup | null;
  /** How far the sample interval is stretched at this size of the network (docs/PROTOCOL.md section 8), milliseconds. */
  sampleIntervalMs(): number;
}

export declare function createEngine(config: EngineConfig): Engine;
