import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSignatureVerifier } from './verify-signature.js';

const message = new TextEncoder().encode('a bundle');

function rawKey(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ type: 'spki', format: 'der' }).subarray(-32));
}

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}

describe('createSignatureVerifier', () => {
  it('accepts the signature of the key, also a second time', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const verify = createSignatureVerifier();
    const signature = sign(null, message, privateKey);
    expect(await verify(rawKey(publicKey), message, signature)).toBe(true);
    expect(await verify(rawKey(publicKey), message, signature)).toBe(true);
  });

  it('refuses another message, another key and another signature', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const verify = createSignatureVerifier();
    const signature = sign(null, message, privateKey);
    const stranger = generateKeyPairSync('ed25519').publicKey;
    expect(await verify(rawKey(publicKey), changed(message, 0), signature)).toBe(false);
    expect(await verify(rawKey(stranger), message, signature)).toBe(false);
    expect(await verify(rawKey(publicKey), message, changed(signature, 0))).toBe(false);
    expect(await verify(rawKey(publicKey), message, changed(signature, 40))).toBe(false);
  });

  it('answers for bytes that are neither key nor signature', async () => {
    const verify = createSignatureVerifier();
    expect(await verify(new Uint8Array(31), message, new Uint8Array(64))).toBe(false);
    expect(await verify(new Uint8Array(32).fill(7), message, new Uint8Array(63))).toBe(false);
    // A y coordinate to which no point of the curve belongs.
    expect(await verify(new Uint8Array(32).fill(2), message, new Uint8Array(64).fill(3))).toBe(false);
  });

  it('refuses a key of small order, for which the library takes one signature for every message', async () => {
    const identityPoint = new Uint8Array(32);
    identityPoint[0] = 1;
    const signature = new Uint8Array(64);
    signature[0] = 1;
    expect(await createSignatureVerifier()(identityPoint, message, signature)).toBe(false);
  });

  it('tells keys apart that share their first half', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const verify = createSignatureVerifier();
    const signature = sign(null, message, privateKey);
    expect(await verify(rawKey(publicKey), message, signature)).toBe(true);
    expect(await verify(changed(rawKey(publicKey), 20), message, signature)).toBe(false);
  });
});
