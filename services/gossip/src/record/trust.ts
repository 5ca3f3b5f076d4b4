/** Kind 4: which roots a node trusts, so that a rotation can be watched (docs/PROTOCOL.md 4.5). */
import { limits } from '../limits.js';
import { Reader } from '../wire/reader.js';
import { Writer } from '../wire/writer.js';
import { compareBytes } from './node-id.js';

const fingerprintBytes = 32;

/** Takes SHA-256 fingerprints of 32 bytes in any order; keeps the first 16 of them in byte order. */
export function encodeTrust(fingerprints: readonly Uint8Array[]): Uint8Array {
  const sorted = [...fingerprints].sort(compareBytes);
  const roots = sorted.filter((root, i) => i === 0 || compareBytes(root, sorted[i - 1] as Uint8Array) !== 0).slice(0, limits.maxRoots);
  const writer = new Writer();
  writer.u8(roots.length);
  for (const root of roots) writer.bytes(root);
  return writer.finish();
}

/** Null for bytes that are no trust record. */
export function decodeTrust(payload: Uint8Array): Uint8Array[] | null {
  const reader = new Reader(payload);
  const count = reader.u8();
  const roots: Uint8Array[] = [];
  for (let i = 0; i < count && !reader.failed; i++) roots.push(reader.bytes(fingerprintBytes));
  const sorted = roots.every((root, i) => i === 0 || compareBytes(roots[i - 1] as Uint8Array, root) < 0);
  return reader.ended && count <= limits.maxRoots && sorted ? roots : null;
}
