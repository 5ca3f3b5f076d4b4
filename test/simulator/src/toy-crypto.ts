/**
 * Signatures and credentials of the simulator: a keyed checksum that only the simulator can make, so that nodes under
 * test, the malicious ones too, can sign with nothing but their own key. Real curves are tried elsewhere; here they would
 * be nine tenths of the time.
 */
import { type CredentialFacts, decodeCredential, encodeCredential, fromHex, messageOfCredential, messageOfUnsignedCredential, seededRandom, sealBundle, toHex } from '@starling/gossip';

export const cluster = 'sim';
export const clusterTag = Uint8Array.from([7, 7, 7, 7, 7, 7, 7, 7]);

export interface ToyKey {
  readonly id: string;
  readonly publicKey: Uint8Array;
  readonly leaf: Uint8Array;
}

/** A key by number: the same seed gives the same names. */
export function toyKey(seed: number, index: number): ToyKey {
  const random = seededRandom((seed * 1_000_003 + index) >>> 0);
  const publicKey = Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256));
  const leaf = Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256));
  return { id: toHex(publicKey), publicKey, leaf };
}

/** 64 bytes, of which the first eight say something. */
export function toySign(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64);
  const view = new DataView(signature.buffer);
  const [high, low] = checksum(publicKey, message);
  view.setUint32(0, high);
  view.setUint32(4, low);
  return signature;
}

export function toyVerify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const [high, low] = checksum(publicKey, message);
  const view = new DataView(signature.buffer, signature.byteOffset, signature.byteLength);
  return view.getUint32(0) === high && view.getUint32(4) === low;
}

/** Two lanes of FNV-1a over words: enough that no accident passes. */
function checksum(publicKey: Uint8Array, message: Uint8Array): [number, number] {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let i = 0; i < 32; i += 4) a = Math.imul(a ^ word(publicKey, i), 0x01000193);
  const whole = message.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    const value = word(message, i);
    a = Math.imul(a ^ value, 0x01000193);
    b = Math.imul((b << 5) ^ (b >>> 27) ^ value, 0x85ebca6b);
  }
  for (let i = whole; i < message.length; i++) {
    a = Math.imul(a ^ (message[i] as number), 0x01000193);
    b = Math.imul(b ^ (message[i] as number), 0x85ebca6b);
  }
  return [(a ^ (a >>> 15)) >>> 0, (b ^ a) >>> 0];
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}

/** A credential whose one certificate is the leaf's fingerprint, admitted by the simulator as the authority. */
export function toyCredential(key: ToyKey, { notAfterS = 4_000_000_000 }: { readonly notAfterS?: number } = {}): Uint8Array {
  const unsigned = encodeCredential({ clusterTag, nodeId: key.id, notBeforeS: 0, notAfterS, chain: [key.leaf] });
  return sealBundle(unsigned, toySign(authority, concatenate(key.leaf, messageOfUnsignedCredential(unsigned))));
}

const authority = new Uint8Array(32).fill(0xca);
const root = new Uint8Array(32).fill(0xaa);

/** Null for a credential that the authority did not make. */
export function toyCredentialFacts(bytes: Uint8Array): CredentialFacts | null {
  const credential = decodeCredential(bytes);
  const leaf = credential?.chain[0];
  if (credential === null || leaf === undefined || fromHex(credential.nodeId) === null) return null;
  if (!toyVerify(authority, concatenate(leaf, messageOfCredential(bytes)), credential.leafSignature)) return null;
  return { nodeId: credential.nodeId, cluster, leafFingerprint: leaf, leafContent: leaf, uri: `spiffe://${cluster}/node/${credential.nodeId}`, binding: 'named', notBeforeMs: 0, notAfterMs: credential.notAfterS * 1_000, rootFingerprint: root };
}

function concatenate(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
