/** What a malicious node does to the messages of the honest engine that it runs, and what it adds. */
import type { Channel } from '@starling/gossip';
import type { Link, SimulatedNode } from './simulated-node.js';
import type { World } from './world.js';

export interface Parcel {
  readonly channel: Channel;
  readonly bytes: Uint8Array;
}

export interface Malice {
  readonly name: string;
  /** What goes out in place of what the engine wanted to send. */
  tamper(world: World, node: SimulatedNode, link: Link, parcel: Parcel): readonly Parcel[];
}
