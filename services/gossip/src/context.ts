/** What the rules of the core share during one step: what is known, the time, and where outputs go. */
import type { EngineConfig } from './config.js';
import type { Now } from './input.js';
import { limits, type ReportedLimit } from './limits.js';
import { type Memory, OwnMemory } from './memory.js';
import type { Output } from './output.js';
import { Peers } from './membership/peers.js';
import { fromHex } from './record/node-id.js';
import { Requests } from './requests.js';
import { OriginTable } from './store/origin-table.js';
import { Timers } from './timers.js';

export class Context {
  readonly config: EngineConfig;
  readonly selfBytes: Uint8Array;
  readonly origins: OriginTable;
  readonly peers = new Peers();
  readonly timers = new Timers();
  readonly requests = new Requests((request) => this.emit(request));
  /** Of this life; rises above what was met of the own identity. */
  incarnation: number;
  /** Of the last bundle that this node numbered in this life. */
  sequence = 0;
  now: Now = { monotonicMs: 0, wallMs: 0 };
  /** Origins judged alive or suspect, this node among them; kept by the failure detector. */
  present = 1;
  readonly memory: Memory;
  #outputs: Output[] = [];

  constructor(config: EngineConfig) {
    this.config = config;
    this.memory = config.memory ?? new OwnMemory();
    this.origins = new OriginTable(config.self);
    this.incarnation = config.incarnation;
    this.selfBytes = fromHex(config.self) ?? new Uint8Array(32);
  }

  get nowMs(): number {
    return this.now.monotonicMs;
  }

  emit(output: Output): void {
    this.#outputs.push(output);
  }

  limitReached(limit: ReportedLimit): void {
    this.emit({ type: 'limit-reached', limit });
  }

  takeOutputs(): Output[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** The base interval, stretched in proportion past a stated number of origins, everywhere alike (docs/PROTOCOL.md 8.1). */
  get sampleIntervalMs(): number {
    return this.config.sampleIntervalMs * Math.max(1, this.present / limits.stretchOrigins);
  }
}
