/**
 * What a shell decides for its engine. Everything that nobody would change lives in limits.ts instead.
 */
import type { Address, NodeId } from './input.js';
import type { Memory } from './memory.js';
import type { Descriptor } from './record/descriptor.js';

/** Uniform numbers in [0, 1). The same seed gives the same run. */
export type Random = () => number;

export interface EngineConfig {
  /** Of the network: first 8 bytes of SHA-256 over "starling cluster\0" and its name, computed by the shell. Records of another are refused. */
  readonly clusterTag: Uint8Array;
  readonly self: NodeId;
  /** Of this life of the node: greater than that of every earlier life (identity on disk). */
  readonly incarnation: number;
  /** Proof that the certificate authority admitted this node (docs/PROTOCOL.md section 3). */
  readonly credential: Uint8Array;
  readonly descriptor: Descriptor;
  /** Where others may dial this node; given to the peers of a join walk and to nobody else. */
  readonly advertise: Address | null;
  /** How often the machine is measured while the network is small, milliseconds. */
  readonly sampleIntervalMs: number;
  /**
   * How many connections this node seeks: `ratio` of the other nodes (0 < ratio <= 1), or `logarithmic`, log2 N + 1.
   * A higher ratio costs bandwidth for announcements and survives more simultaneous losses; logarithmic is right for
   * more than about 30 nodes.
   */
  readonly connections: { readonly type: 'ratio'; readonly ratio: number } | { readonly type: 'logarithmic' };
  readonly random: Random;
  /** Its own unless stated. The nodes of a simulation share one. */
  readonly memory?: Memory;
}
