/**
 * Checks signatures of nodes (docs/PROTOCOL.md 4.4). A few in each turn of the event loop are checked at once, since to wake a
 * thread and to be woken by it costs up to half as much as a check; the others of that turn go to threads, so that a burst
 * holds nothing up.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { isSignatureWellFormed, type NodeId, toHex } from '@starling/gossip';

/** Keys kept ready; one takes a few hundred bytes, and about as long to make as a tenth of a check. */
const maxKeys = 4_096;

/** Checked in one turn of the event loop, a tenth of a millisecond each. */
const maxAtOnce = 4;

/** Never rejects: what cannot be checked is not valid. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => Promise<boolean>;

export function createSignatureVerifier(capacity: number = maxKeys): VerifySignature {
  const keys = new Map<NodeId, KeyObject>();
  let thisTurn = 0;
  return (publicKey, message, signature) => {
    // Libraries differ over these; after them OpenSSL computes the cofactorless equation like everybody else.
    if (!isSignatureWellFormed(publicKey, signature)) return Promise.resolve(false);
    const key = keyOf(keys, publicKey, capacity);
    if (key === null) return Promise.resolve(false);
    if (thisTurn === 0) setImmediate(() => (thisTurn = 0));
    thisTurn += 1;
    if (thisTurn <= maxAtOnce) return Promise.resolve(holds(message, key, signature));
    return new Promise((resolve) => verify(null, message, key, signature, (fault, valid) => resolve(fault === null && valid)));
  };
}

function holds(message: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  try {
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}

/** The least recently used key makes room: a Map remembers the order of insertion. */
function keyOf(keys: Map<NodeId, KeyObject>, publicKey: Uint8Array, capacity: number): KeyObject | null {
  const name = toHex(publicKey);
  let key = keys.get(name) ?? null;
  if (key === null) {
    key = importKey(publicKey);
    if (key === null) return null;
    if (keys.size >= capacity) keys.delete(keys.keys().next().value as NodeId);
  } else {
    keys.delete(name);
  }
  keys.set(name, key);
  return key;
}

function importKey(publicKey: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') }, format: 'jwk' });
  } catch {
    return null;
  }
}
