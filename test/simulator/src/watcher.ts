/** Those who look on. */
import type { Channel, Event, Input } from '@starling/gossip';
import type { Link, SimulatedNode } from './simulated-node.js';

/** Sees what happens in the world; measures and checks, and changes nothing. */
export interface Watcher {
  onEvent?(node: SimulatedNode, event: Event): void;
  onSend?(node: SimulatedNode, link: Link, channel: Channel, bytes: Uint8Array): void;
  /** Before the node hears of it. */
  onInput?(node: SimulatedNode, input: Input): void;
  onSigned?(node: SimulatedNode, message: Uint8Array, signature: Uint8Array): void;
  onLife?(node: SimulatedNode, change: 'started' | 'crashed' | 'leaving' | 'departed'): void;
}
