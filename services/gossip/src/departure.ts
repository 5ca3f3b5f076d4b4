/** The end of a node that leaves on purpose: when everybody has its farewell in hand, or after a while (docs/PROTOCOL.md 8.7). */
import type { Context } from './context.js';
import { limits } from './limits.js';
import type { Outbox } from './wire/outbox.js';

export class Departure {
  readonly #context: Context;
  readonly #outbox: Outbox;
  #underway = false;

  constructor(context: Context, outbox: Outbox) {
    this.#context = context;
    this.#outbox = outbox;
  }

  begin(): void {
    this.#underway = true;
    this.#context.timers.set('farewell', this.#context.nowMs + limits.farewellDeadlineMs);
  }

  /** After each step: ends it when the farewell was said and has left for everybody, or there is nobody. */
  look(): void {
    if (!this.#underway) return;
    const { config, origins, peers } = this.#context;
    const isSaid = origins.get(config.self)?.state === 'left';
    if (isSaid && peers.up().every((peer) => this.#outbox.isEmpty(peer))) this.end();
  }

  end(): void {
    if (!this.#underway) return;
    this.#underway = false;
    this.#context.emit({ type: 'departed' });
  }
}
