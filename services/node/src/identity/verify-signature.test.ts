import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, it } from 'vitest';
import { createSignatureVerifier } from './verify-signature.js';

const message = new TextEncoder().encode('a bundle');

function signer() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const name = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'));
  return { name, signature: new Uint8Array(sign(null, message, privateKey)) };
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}

it('tells what the key signed from what it did not', async () => {
  const verifySignature = createSignatureVerifier();
  const { name, signature } = signer();
  expect(await verifySignature(name, message, signature)).toBe(true);
  expect(await verifySignature(name, flipped(message, 0), signature)).toBe(false);
  expect(await verifySignature(name, message, flipped(signature, 0))).toBe(false);
  expect(await verifySignature(name, message, flipped(signature, 40))).toBe(false);
  expect(await verifySignature(signer().name, message, signature)).toBe(false);
});

it('answers no for what is no key or no signature', async () => {
  const verifySignature = createSignatureVerifier();
  const { name, signature } = signer();
  expect(await verifySignature(name.subarray(1), message, signature)).toBe(false);
  expect(await verifySignature(name, message, signature.subarray(1))).toBe(false);
  expect(await verifySignature(new Uint8Array(32), message, signature)).toBe(false);
  // A y coordinate below the prime that no point of the curve has.
  expect(await verifySignature(new Uint8Array(32).fill(2), message, signature)).toBe(false);
});

it('refuses a key of small order, with which OpenSSL accepts a signature over anything', async () => {
  const point = new Uint8Array(32).fill(0);
  point[0] = 1;
  const signature = new Uint8Array(64);
  signature.set(point);
  expect(await createSignatureVerifier()(point, message, signature)).toBe(false);
});

it('goes on with more keys than it keeps', async () => {
  const verifySignature = createSignatureVerifier(2);
  const signers = Array.from({ length: 5 }, signer);
  for (let round = 0; round < 2; round++) {
    for (const { name, signature } of signers) expect(await verifySignature(name, message, signature)).toBe(true);
  }
});

it('gives the same verdicts for many in one turn of the event loop, which threads check, as for a few', async () => {
  const verifySignature = createSignatureVerifier();
  const { name, signature } = signer();
  const asked = Array.from({ length: 40 }, (_, i) => verifySignature(name, i % 3 === 0 ? flipped(message, 0) : message, signature));
  expect(await Promise.all(asked)).toEqual(asked.map((_, i) => i % 3 !== 0));
});
