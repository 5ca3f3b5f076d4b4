import { seededRandom } from '@starling/gossip';
import { expect, it } from 'vitest';
import { randomBytes } from '../../../gossip/src/random.js';
import { StreamAssembly } from './stream-assembly.js';

const maxBytes = 65_536;

it('puts messages together, whatever the pieces and however they alternate', () => {
  const random = seededRandom(5);
  const assembly = new StreamAssembly(maxBytes);
  const streams = [2, 6, 10].map((stream) => ({ stream, message: randomBytes(random, 1 + Math.floor(random() * maxBytes)), at: 0, whole: null as Uint8Array | null }));
  for (let open = streams; open.length > 0; open = open.filter(({ whole }) => whole === null)) {
    for (const one of open) {
      const piece = one.message.subarray(one.at, one.at + Math.floor(random() ** 4 * 20_000));
      one.at += piece.length;
      const answer = assembly.add(one.stream, piece, one.at === one.message.length);
      if (answer === 'oversized') throw new Error('refused');
      one.whole = answer;
    }
  }
  for (const { message, whole } of streams) expect(Buffer.compare(message, whole ?? new Uint8Array(0))).toBe(0);
});

it('begins anew after a message, and after one that was dropped', () => {
  const assembly = new StreamAssembly(4);
  expect(assembly.add(2, Uint8Array.of(1, 2), false)).toBeNull();
  assembly.drop(2);
  expect(assembly.add(2, Uint8Array.of(3, 4), false)).toBeNull();
  expect(assembly.add(2, new Uint8Array(0), true)).toEqual(Uint8Array.of(3, 4));
  expect(assembly.add(2, Uint8Array.of(5), true)).toEqual(Uint8Array.of(5));
});

it('refuses more than a message may have, as soon as it is more', () => {
  const assembly = new StreamAssembly(4);
  expect(assembly.add(2, new Uint8Array(5), false)).toBe('oversized');
  expect(assembly.add(6, new Uint8Array(4), false)).toBeNull();
  expect(assembly.add(6, new Uint8Array(1), true)).toBe('oversized');
});

it('holds about what came, when it comes byte by byte', () => {
  const assembly = new StreamAssembly(maxBytes);
  const [streams, piece] = [16, Uint8Array.of(7)];
  const inUse = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const before = inUse();
  for (let i = 0; i < streams * maxBytes; i++) assembly.add(i % streams, piece, false);
  const held = inUse() - before;
  expect(assembly.add(0, new Uint8Array(0), true)).toHaveLength(maxBytes);
  expect(held).toBeLessThan(40 * streams * maxBytes);
});
