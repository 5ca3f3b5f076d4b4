/** ECDSA on P-256 with a nonce from a hash (in the spirit of RFC 6979), so that a vector comes out the same each time. For tests only. */
import { createECDH, createHash } from 'node:crypto';

const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

const numberOf = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const bytesOf = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');

export interface P256Key {
  readonly secret: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

export function p256Of(name: string): P256Key {
  const secret = bytesOf((numberOf(createHash('sha256').update(`starling test vector: ${name}`).digest()) % (order - 1n)) + 1n);
  return { secret, spki: Buffer.concat([Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'), pointOf(secret)]) };
}

/** r | s, over a hash of the message. */
export function signP256(key: P256Key, message: Uint8Array, hashName: 'sha256' | 'sha1' = 'sha256'): Uint8Array {
  const hash = createHash(hashName).update(message).digest();
  const nonce = (numberOf(createHash('sha256').update(key.secret).update(hash).digest()) % (order - 1n)) + 1n;
  const r = numberOf(pointOf(bytesOf(nonce)).subarray(1, 33)) % order;
  const s = (inverse(nonce) * (numberOf(hash) + r * numberOf(key.secret))) % order;
  return new Uint8Array(Buffer.concat([bytesOf(r), bytesOf(s)]));
}

/** The point of this multiple of the base, 65 bytes. */
function pointOf(multiple: Uint8Array): Buffer {
  const exchange = createECDH('prime256v1');
  exchange.setPrivateKey(multiple);
  return exchange.getPublicKey();
}

/** By Fermat: the order is prime. */
function inverse(value: bigint): bigint {
  let result = 1n;
  let base = value % order;
  for (let exponent = order - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = (result * base) % order;
    base = (base * base) % order;
  }
  return result;
}
