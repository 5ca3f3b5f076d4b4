/** Bundles written by hand, as somebody could who holds the key that signs them. */
import { encodeBundle, encodeSample, kinds, messageOfUnsigned, sealBundle } from '@starling/gossip';
import type { SimulatedNode } from '../simulator/src/simulated-node.js';
import { clusterTag, toySign } from '../simulator/src/toy-crypto.js';

const perUnit = 1_000;
const lifetimeS = 600;

export interface Letter {
  readonly origin: SimulatedNode;
  readonly signer: SimulatedNode;
  readonly incarnation: number;
  readonly sequence: number;
  readonly value: number;
  /** Wall time that it states. */
  readonly timeMs: number;
}

export function written({ origin, signer, incarnation, sequence, value, timeMs }: Letter): Uint8Array {
  const payload = encodeSample({ descriptorSequence: 1, viewDigest: new Uint8Array(8), multiples: [value * perUnit] });
  const unsigned = encodeBundle({ clusterTag, origin: origin.key.id, incarnation, sequence, timeMs: Math.round(timeMs), lifetimeS, records: [{ kind: kinds.sample, payload }] });
  return sealBundle(unsigned, toySign(signer.key.publicKey, messageOfUnsigned(unsigned)));
}
