/** Several cores and the links between them, in virtual time; the test decides what is lost and in which order it arrives. */
import type { ConnectionId, Random } from '@starling/gossip';
import { decodeMessage } from '../../services/gossip/src/wire/codec.js';
import type { Message } from '../../services/gossip/src/wire/message.js';
import { CoreRig } from './core-rig.js';

interface Far {
  readonly rig: CoreRig;
  readonly connection: ConnectionId;
}

interface InFlight extends Far {
  readonly bytes: Uint8Array;
}

export interface NetworkOptions {
  readonly seed: number;
  readonly random: Random;
  /** Chance that a datagram is lost. */
  readonly loss?: number;
  /** Whether a message gets through at all. */
  readonly passes?: (message: Message, from: CoreRig, to: CoreRig) => boolean;
}

const tickMs = 10;

export class CoreNetwork {
  readonly rigs: CoreRig[];
  readonly #options: NetworkOptions;
  readonly #far = new Map<CoreRig, Map<ConnectionId, Far>>();
  #inFlight: InFlight[] = [];

  constructor(size: number, options: NetworkOptions) {
    this.#options = options;
    this.rigs = Array.from({ length: size }, (_, i) => new CoreRig({ seed: options.seed * 100 + i }));
    for (const rig of this.rigs) this.#far.set(rig, new Map());
  }

  link(dialler: CoreRig, acceptor: CoreRig): void {
    const [near, far] = [dialler.open(acceptor.key, 'dialled'), acceptor.open(dialler.key, 'accepted')];
    this.#far.get(dialler)?.set(near, { rig: acceptor, connection: far });
    this.#far.get(acceptor)?.set(far, { rig: dialler, connection: near });
    this.settle();
  }

  /** Delivers until nothing is under way, in random order. */
  settle(): void {
    this.#collect();
    while (this.#inFlight.length > 0) {
      const [next] = this.#inFlight.splice(Math.floor(this.#options.random() * this.#inFlight.length), 1);
      if (next !== undefined) next.rig.hearBytes(next.connection, next.bytes);
      this.#collect();
    }
  }

  advance(milliseconds: number): void {
    for (let passed = 0; passed < milliseconds; passed += tickMs) {
      for (const rig of this.rigs) rig.advance(tickMs);
      this.settle();
    }
  }

  #collect(): void {
    const { random, loss = 0, passes = () => true } = this.#options;
    for (const rig of this.rigs) {
      for (const { connection, channel, bytes } of rig.sent.splice(0)) {
        const far = this.#far.get(rig)?.get(connection);
        const message = decodeMessage(bytes);
        if (message === null) throw new Error('a core sent what is no message');
        if (far === undefined || !passes(message, rig, far.rig) || (channel === 'datagram' && random() < loss)) continue;
        this.#inFlight.push({ ...far, bytes });
      }
      // Both ends of a link are cores: neither has a reason to refuse the other.
      if (rig.closed.length > 0) throw new Error(`a core closed a connection: ${rig.closed[0]?.reason}`);
    }
  }
}
