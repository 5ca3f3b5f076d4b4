/** Ed25519 verification (docs/PROTOCOL.md 4.4) on the thread pool, so that a burst of bundles does not hold up the event loop. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { isSignatureWellFormed } from '@starling/gossip';

/** Whether `signature` (64 bytes) over `message` is by `publicKey` (32 bytes). Never rejects: bytes from the network end in a verdict. */
export type SignatureVerifier = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => Promise<boolean>;

/** Parsed keys that are kept: more than the nodes of a large network, about 1 kB each. */
const maxKeys = 8_192;
/** What stands before the raw key in a SubjectPublicKeyInfo of Ed25519 (RFC 8410 section 4). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

export function createSignatureVerifier(): SignatureVerifier {
  const keyOf = createKeyCache();
  return (publicKey, message, signature) =>
    new Promise((resolve) => {
      // The library accepts some encodings that other implementations refuse.
      if (!isSignatureWellFormed(publicKey, signature)) {
        resolve(false);
        return;
      }
      try {
        verify(null, message, keyOf(publicKey), signature, (fault, valid) => resolve(fault === null && valid));
      } catch {
        resolve(false);
      }
    });
}

/** The least recently used key makes room: a Map keeps the order of insertion. */
function createKeyCache(): (publicKey: Uint8Array) => KeyObject {
  const keys = new Map<string, KeyObject>();
  return (publicKey) => {
    const name = Buffer.from(publicKey).toString('latin1');
    const known = keys.get(name);
    const key = known ?? createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: 'der', type: 'spki' });
    if (known !== undefined) keys.delete(name);
    else if (keys.size >= maxKeys) keys.delete(keys.keys().next().value as string);
    keys.set(name, key);
    return key;
  };
}
