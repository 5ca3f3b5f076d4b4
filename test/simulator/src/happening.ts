/** What can be on the agenda of the world, and what a shell owes to its engine. */
import type { Channel, Input } from '@starling/gossip';
import type { Link, SimulatedNode } from './simulated-node.js';

export interface Delivery {
  readonly index: number;
  readonly type: 'delivery';
  readonly link: Link;
  readonly end: 0 | 1;
  readonly channel: Channel;
  readonly bytes: Uint8Array;
}

export interface Wake {
  readonly index: number;
  readonly type: 'wake';
  readonly node: SimulatedNode;
  readonly life: number;
  readonly atMs: number;
}

export interface Act {
  readonly index: number;
  readonly type: 'act';
  readonly act: () => void;
}

export interface Answer {
  readonly node: SimulatedNode;
  readonly life: number;
  readonly input: Input;
}
