/**
 * signatures.json (docs/PROTOCOL.md 12.5): what Ed25519 libraries agree on, and what they do not ("Taming the many EdDSAs",
 * Chalkias et al. 2020): points of small and of mixed order, encodings that are not canonical, S beyond the group order.
 */
import { createHash } from 'node:crypto';
import { Point } from '@noble/ed25519';
import { fromHex, toHex } from '@starling/gossip';
import { keyOf, plain, type Plain, signWith } from './keys.js';

type EdPoint = InstanceType<typeof Point>;

interface Case {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly valid: boolean;
}

const order = Point.CURVE().n;
const prime = Point.CURVE().p;
/** A point of order 8. */
const torsion = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
const small: readonly EdPoint[] = Array.from({ length: 8 }, (_, i) => (i === 0 ? Point.ZERO : torsion.multiply(BigInt(i), false)));
const text = (value: string) => new TextEncoder().encode(value);
const little = (value: bigint) => Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

function hashOf(r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint {
  return [...createHash('sha512').update(r).update(a).update(message).digest()].reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** The first message of a row for which the hash has the property. */
function messageWith(r: Uint8Array, a: Uint8Array, fits: (k: bigint) => boolean): Uint8Array {
  for (let i = 0; ; i++) {
    const message = text(`message ${i}`);
    if (fits(hashOf(r, a, message) % order)) return message;
  }
}

function ordinary(): Case[] {
  const [key, other] = [keyOf('first'), keyOf('second')];
  const cases = ['', 'a', 'what was said '.repeat(100)].map((said) => ({ name: `ordinary, over ${said.length} bytes`, publicKey: key.publicKey, message: text(said), signature: signWith(key, text(said)), valid: true }));
  const message = text('what was said');
  const signature = signWith(key, message);
  const bad = (name: string, changes: Partial<Case>): Case => ({ name, publicKey: key.publicKey, message, signature, valid: false, ...changes });
  const flip = (at: number) => signature.map((byte, i) => (i === at ? byte ^ 1 : byte));
  const s = BigInt(`0x${toHex(signature.slice(32).reverse())}`);
  return [
    ...cases,
    bad('over another message', { message: text('what was not') }),
    bad('by another key', { publicKey: other.publicKey }),
    bad('with another R', { signature: flip(0) }),
    bad('with another S', { signature: flip(33) }),
    bad('of 63 bytes', { signature: signature.subarray(0, 63) }),
    bad('of 65 bytes', { signature: join(signature, new Uint8Array(1)) }),
    bad('of no bytes', { signature: new Uint8Array(0) }),
    bad('by a key of 31 bytes', { publicKey: key.publicKey.subarray(0, 31) }),
    bad('by a key of 33 bytes', { publicKey: join(key.publicKey, new Uint8Array(1)) }),
    bad('by a key of no bytes', { publicKey: new Uint8Array(0) }),
    bad('of zeros', { signature: new Uint8Array(64) }),
    bad('with S and the order', { signature: join(signature.subarray(0, 32), little(s + order)) }),
    bad('with S and eight times the order', { signature: join(signature.subarray(0, 32), little(s + 8n * order)) }),
    bad('with S of the order', { signature: join(signature.subarray(0, 32), little(order)) }),
    bad('with S of 2^255', { signature: join(signature.subarray(0, 32), little(1n << 255n)) }),
    bad('by a key that is no point', { publicKey: little(2n) }),
    bad('with an R that is no point', { signature: join(little(2n), signature.subarray(32)) }),
  ];
}

/** For a key of small order anybody can sign: s B = R + k A holds with R = s B - k A as soon as k fits. */
function smallKeys(): Case[] {
  return small.map((a, i) => {
    const publicKey = a.toBytes();
    const r = Point.BASE.multiply(5n).toBytes();
    return { name: `by a key of small order, ${i}`, publicKey, message: messageWith(r, publicKey, (k) => k % 8n === 0n), signature: join(r, little(5n)), valid: false };
  });
}

function smallNonces(): Case[] {
  const [a, publicKey] = [7n, Point.BASE.multiply(7n).toBytes()];
  return small.map((point, i) => {
    const r = point.toBytes();
    const message = text('with an R of small order');
    return { name: `with an R of small order, ${i}`, publicKey, message, signature: join(r, little((hashOf(r, publicKey, message) * a) % order)), valid: false };
  });
}

/** y and p + y are one number: of the points that can be written twice, each as key and as R. */
function otherEncodings(): Case[] {
  const key = keyOf('first');
  const message = text('written otherwise');
  const signature = signWith(key, message);
  const cases: Case[] = [];
  for (let y = 0n; y < 19n; y++) {
    for (const sign of [0n, 1n]) {
      const bytes = little((prime + y) | (sign << 255n));
      cases.push({ name: `by a key whose y is p + ${y}, sign ${sign}`, publicKey: bytes, message, signature, valid: false });
      cases.push({ name: `with an R whose y is p + ${y}, sign ${sign}`, publicKey: key.publicKey, message, signature: join(bytes, signature.subarray(32)), valid: false });
    }
  }
  for (const [name, y] of [['1', 1n], ['-1', prime - 1n]] as const) {
    const bytes = little(y | (1n << 255n));
    cases.push({ name: `by a key of y ${name} and x of minus zero`, publicKey: bytes, message, signature: join(Point.BASE.toBytes(), little(1n)), valid: false });
    cases.push({ name: `with an R of y ${name} and x of minus zero`, publicKey: key.publicKey, message, signature: join(bytes, signature.subarray(32)), valid: false });
  }
  return cases;
}

/** A = a B + T: the equation holds without the cofactor where k T is nothing, and only with it elsewhere. */
function mixedKeys(): Case[] {
  const a = 1_234_567n;
  const cases: Case[] = [];
  for (const [i, t] of small.entries()) {
    if (i === 0) continue;
    const publicKey = Point.BASE.multiply(a).add(t).toBytes();
    const r = 11n;
    const nonce = Point.BASE.multiply(r).toBytes();
    for (const rest of [0n, 1n, 4n]) {
      const message = messageWith(nonce, publicKey, (k) => k % 8n === rest);
      const k = hashOf(nonce, publicKey, message) % order;
      const vanishes = (BigInt(i) * rest) % 8n === 0n;
      cases.push({ name: `by a key of mixed order, ${i}, k ${rest} modulo 8`, publicKey, message, signature: join(nonce, little((r + k * a) % order)), valid: vanishes });
    }
  }
  return cases;
}

/** R = r B + T; and with a key of mixed order so that both parts cancel. */
function mixedNonces(): Case[] {
  const [a, r] = [1_234_567n, 11n];
  const message = text('with an R of mixed order');
  const cases: Case[] = small.slice(1).map((t, i) => {
    const publicKey = Point.BASE.multiply(a).toBytes();
    const nonce = Point.BASE.multiply(r).add(t).toBytes();
    const k = hashOf(nonce, publicKey, message) % order;
    return { name: `with an R of mixed order, ${i + 1}`, publicKey, message, signature: join(nonce, little((r + k * a) % order)), valid: false };
  });
  const publicKey = Point.BASE.multiply(a).add(torsion).toBytes();
  const nonce = Point.BASE.multiply(r).add(small[7] as EdPoint).toBytes();
  const cancelling = messageWith(nonce, publicKey, (k) => k % 8n === 1n);
  const k = hashOf(nonce, publicKey, cancelling) % order;
  return [...cases, { name: 'by a key and with an R of mixed order that cancel', publicKey, message: cancelling, signature: join(nonce, little((r + k * a) % order)), valid: true }];
}

/** RFC 8032, 7.1: tests 1 to 3. */
function published(): Case[] {
  const hex = (value: string) => fromHex(value) as Uint8Array;
  const rows: readonly (readonly [string, string, string])[] = [
    ['d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '', 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'],
    ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72', '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'],
    ['fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'af82', '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'],
  ];
  return rows.map(([publicKey, message, signature], i) => ({ name: `RFC 8032, 7.1, test ${i + 1}`, publicKey: hex(publicKey), message: hex(message), signature: hex(signature), valid: true }));
}

export function signatureVectors(): Plain {
  return [...published(), ...ordinary(), ...smallKeys(), ...smallNonces(), ...otherEncodings(), ...mixedKeys(), ...mixedNonces()].map((one) => plain(one));
}
