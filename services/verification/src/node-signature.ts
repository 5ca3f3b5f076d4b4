/** Ed25519 as docs/PROTOCOL.md 4.4 wants it: strict encodings and the cofactorless equation, the same everywhere. */
import { Point } from '@noble/ed25519';
import { isSignatureWellFormed } from '@starling/gossip';

/** False for anything but a valid signature; never throws. */
export async function isNodeSignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  if (!isSignatureWellFormed(publicKey, signature)) return false;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-512', concatenate(signature.subarray(0, 32), publicKey, message)));
  try {
    const a = Point.fromBytes(publicKey);
    const r = Point.fromBytes(signature.subarray(0, 32));
    const s = littleEndian(signature.subarray(32));
    const k = littleEndian(hash) % Point.CURVE().n;
    // verify() of the library multiplies both sides by the cofactor, and so accepts what other nodes would refuse.
    return Point.BASE.multiply(s, false).equals(r.add(a.multiply(k, false)));
  } catch {
    // The bytes name no point of the curve.
    return false;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function concatenate(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
