/** Watches the network through the visualizer, as a page does, and keeps when something new of each node arrived. */
import type { StreamMessage } from '@starling/contract';
import WebSocket from 'ws';
import type { Forward } from './port-forward.js';

interface Origin {
  name: string;
  state: string;
  sequence: number;
  arrivedMs: number;
  longestGapMs: number;
}

export interface Gap {
  readonly name: string;
  readonly milliseconds: number;
}

/** As seen by one node, until that goes. */
export class Watch {
  readonly from: string;
  /** Every state that any node was seen in, with its name, such as `starling-2 left`. */
  readonly states = new Set<string>();
  readonly #socket: WebSocket;
  readonly #origins = new Map<string, Origin>();
  readonly #opened: Promise<void>;
  #observer: string | null = null;
  #lastMessageMs = 0;

  constructor(forward: Forward, from: string) {
    this.from = from;
    this.#socket = new WebSocket(`${forward.origin.replace('http', 'ws')}/v1/stream?from=${from}`, { origin: forward.origin });
    this.#opened = new Promise((resolve, reject) => {
      this.#socket.on('error', reject);
      this.#socket.on('message', (text: Buffer) => {
        if (this.#take(JSON.parse(text.toString()) as StreamMessage)) resolve();
      });
    });
  }

  /** Resolves with the first view. */
  opened(): Promise<void> {
    return this.#opened;
  }

  /** The longest time that something new of a node, while it was alive, was waited for. */
  longestGap(): Gap {
    const gaps = [...this.#origins.values()].map(({ name, state, arrivedMs, longestGapMs }) => ({ name, milliseconds: Math.max(longestGapMs, state === 'alive' ? this.#lastMessageMs - arrivedMs : 0) }));
    return gaps.sort((a, b) => b.milliseconds - a.milliseconds)[0] ?? { name: 'nobody', milliseconds: Infinity };
  }

  close(): void {
    this.#socket.terminate();
  }

  /** Whether it was a view. */
  #take(message: StreamMessage): boolean {
    if (message.type === 'upstream' || message.type === 'targets') return false;
    // Where the designated node restarts, the visualizer goes on with what came in its place; that is another observer.
    this.#observer ??= message.asOf.node;
    if (message.asOf.node !== this.#observer) return false;
    const nowMs = performance.now();
    this.#lastMessageMs = nowMs;
    for (const node of message.nodes) {
      this.states.add(`${node.name} ${node.state}`);
      const origin = this.#origins.get(node.id) ?? { name: node.name, state: node.state, sequence: 0, arrivedMs: nowMs, longestGapMs: 0 };
      origin.state = node.state;
      if (node.sequence > origin.sequence) {
        // Who had already left when the watch began is no gap, and neither is the silence before a return.
        if (origin.sequence > 0 && node.state === 'alive') origin.longestGapMs = Math.max(origin.longestGapMs, nowMs - origin.arrivedMs);
        origin.arrivedMs = nowMs;
        origin.sequence = node.sequence;
      }
      this.#origins.set(node.id, origin);
    }
    return true;
  }
}
