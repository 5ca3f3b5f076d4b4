import { expect, it } from 'vitest';
import { bundleOf, sampleRecord, toyKey } from '../../../test/support/core-rig.js';
import { OwnMemory } from './memory.js';
import { decodeBundle } from './record/bundle.js';

it('gives nobody the bytes of another', () => {
  const memory = new OwnMemory();
  const sizes = Array.from({ length: 400 }, (_, i) => (i * 131) % 6_000);
  const taken = sizes.map((size, i) => memory.take(size).fill(i));
  for (const [i, bytes] of taken.entries()) {
    expect(bytes.length).toBe(sizes[i]);
    expect(bytes.every((byte) => byte === i % 256)).toBe(true);
  }
  expect(memory.take(100).every((byte) => byte === 0)).toBe(true);
});

it('keeps of a bundle what it says and nothing of the message around it', () => {
  const bytes = bundleOf(toyKey(1, 1), { sequence: 7, records: [sampleRecord(3)] });
  const message = new Uint8Array(60_000).fill(9);
  message.set(bytes, 500);
  const decoding = decodeBundle(message.subarray(500, 500 + bytes.length));
  if (!decoding.ok) throw new Error(decoding.reason);
  const kept = new OwnMemory().keep(decoding.bundle);
  message.fill(0);
  expect(kept.bytes).toEqual(bytes);
  expect(kept.bytes.buffer.byteLength).toBe(bytes.length);
  expect(kept.records).toEqual([sampleRecord(3)]);
});
