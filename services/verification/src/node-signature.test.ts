import { Point, etc, getPublicKeyAsync, signAsync, utils, verifyAsync } from '@noble/ed25519';
import { expect, it } from 'vitest';
import { isNodeSignature } from './node-signature.js';

const message = new TextEncoder().encode('what was said');

it('takes a valid signature and no other', async () => {
  const secret = utils.randomSecretKey();
  const key = await getPublicKeyAsync(secret);
  const signature = await signAsync(message, secret);
  expect(await isNodeSignature(key, message, signature)).toBe(true);
  expect(await isNodeSignature(key, message.subarray(1), signature)).toBe(false);
  expect(await isNodeSignature(await getPublicKeyAsync(utils.randomSecretKey()), message, signature)).toBe(false);
  expect(await isNodeSignature(key, message, signature.subarray(1))).toBe(false);
});

/**
 * A key with a component of small order makes signatures that hold only after a multiplication by the cofactor: some
 * implementations take them and others do not, and a network must not fall apart over that.
 */
it('refuses what holds only by the cofactor', async () => {
  const order = Point.CURVE().n;
  const smallOrder = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
  const a = 1_234_567n;
  const key = Point.BASE.multiply(a).add(smallOrder).toBytes();
  let met = 0;
  for (let r = 2n; r < 12n; r++) {
    const nonce = Point.BASE.multiply(r).toBytes();
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-512', etc.concatBytes(nonce, key, message)));
    const k = hash.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n) % order;
    if (k % 8n === 0n) continue;
    met++;
    const s = (r + k * a) % order;
    const signature = etc.concatBytes(nonce, Uint8Array.from({ length: 32 }, (_, i) => Number((s >> BigInt(8 * i)) & 0xffn)));
    expect(await verifyAsync(signature, message, key, { zip215: false })).toBe(true);
    expect(await isNodeSignature(key, message, signature)).toBe(false);
  }
  expect(met).toBeGreaterThan(0);
});
