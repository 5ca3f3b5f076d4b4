/**
 * What one origin says at one moment: one or more records under one signature. The bytes are the truth: they are
 * passed on exactly as they came and never encoded again.
 */
import type { NodeId } from '../input.js';

export interface BundleRecord {
  readonly kind: number;
  /** A view into the bundle's bytes. */
  readonly payload: Uint8Array;
}

export interface Bundle {
  readonly origin: NodeId;
  readonly incarnation: number;
  readonly sequence: number;
  /** Wall time of the origin when it spoke, milliseconds since 1970; for display and a bounded window only. */
  readonly timeMs: number;
  /** How long these records mean something without news, seconds. */
  readonly lifetimeS: number;
  readonly records: readonly BundleRecord[];
  /** Everything, signature included, as it travels. */
  readonly bytes: Uint8Array;
}
