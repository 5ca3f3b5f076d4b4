/** What runs on a simulated machine: the core as it is, configured as a shell would, and the shell's word on credentials. */
import { createEngine, type Engine, type EngineConfig, type Input, seededRandom } from '@starling/gossip';
import type { SimulatedNode } from './simulated-node.js';
import { clusterTag, toyCredential, toyCredentialFacts } from './toy-crypto.js';

export interface WorldOptions {
  readonly seed: number;
  readonly connections: { readonly type: 'ratio'; readonly ratio: number } | { readonly type: 'logarithmic' };
  readonly sampleIntervalMs: number;
  /** Metrics in each sample. */
  readonly metrics: number;
  /** Virtual time passes in steps of so many milliseconds. */
  readonly tickMs: number;
}

/** The same world, node and life give the same engine; other settings where a story wants a stranger. */
export function engineOf(node: SimulatedNode, options: WorldOptions, others: Partial<EngineConfig> = {}): Engine {
  const metrics = Array.from({ length: options.metrics }, (_, i) => ({ name: `m${i}`, unit: '1', type: 'gauge' as const, exponent: -3 }));
  return createEngine({
    clusterTag,
    self: node.key.id,
    incarnation: node.disk.incarnation,
    credential: toyCredential(node.key),
    descriptor: { name: `node-${node.index}`, version: 'sim', labels: {}, metrics },
    advertise: node.address,
    sampleIntervalMs: options.sampleIntervalMs,
    connections: options.connections,
    random: seededRandom((options.seed * 7_919 + node.index * 104_729 + node.life) >>> 0),
    ...others,
  });
}

export type CredentialResult = Extract<Input, { type: 'credential-verified' }>['result'];

export function verdictOn(credential: Uint8Array): CredentialResult {
  const facts = toyCredentialFacts(credential);
  return facts === null ? { admitted: false, reason: 'untrusted-chain' } : { admitted: true, facts };
}
