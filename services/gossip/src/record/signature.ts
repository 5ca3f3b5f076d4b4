/**
 * The byte rules of a signature that every verifier applies before its curve arithmetic (docs/PROTOCOL.md 4.4).
 * Libraries differ in what they let pass (see "Taming the many EdDSAs", Chalkias et al. 2020); these checks make them agree.
 */
import { fromHex } from './node-id.js';

/** Group order L, little-endian. */
const order = bytesOf('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
/** Field prime p = 2^255 - 19, little-endian. */
const prime = bytesOf('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');

/** The y coordinates of the eight points of small order, canonical, little-endian, without the sign bit. */
const smallOrderY = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].map(bytesOf);

/** False for encodings that must be refused whatever the curve says: wrong lengths, S >= L, non-canonical or small-order A or R. */
export function isSignatureWellFormed(publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  return isBelow(signature.subarray(32), order) && isPointWellFormed(publicKey) && isPointWellFormed(signature.subarray(0, 32));
}

function isPointWellFormed(point: Uint8Array): boolean {
  // A copy whatever the type: `slice` of a Buffer shares its memory.
  const y = Uint8Array.from(point);
  y[31] = (y[31] as number) & 0x7f;
  return isBelow(y, prime) && !smallOrderY.some((small) => small.every((byte, i) => byte === y[i]));
}

/** Little-endian comparison of 32 bytes. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex) ?? new Uint8Array(0);
}
