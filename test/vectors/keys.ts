/** Fixed keys and plain forms of values, so that the vectors come out the same each time. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { toHex } from '@starling/gossip';

export interface SigningKey {
  /** 32 bytes: the private key of RFC 8032. */
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly privateKey: KeyObject;
}

/** What stands before the 32 bytes of an Ed25519 seed in PKCS#8. */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

export function keyOf(name: string): SigningKey {
  const seed = createHash('sha256').update(`starling test vector: ${name}`).digest();
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(-32);
  return { seed: new Uint8Array(seed), publicKey: new Uint8Array(publicKey), privateKey };
}

export function signWith(key: SigningKey, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, message, key.privateKey));
}

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/** Bytes become hexadecimal digits, whatever they stand in. */
export function plain(value: unknown): Plain {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
  return value === undefined ? null : (value as Plain);
}
