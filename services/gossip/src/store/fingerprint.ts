/** What two nodes compare to see whether they hold the same of an origin (docs/PROTOCOL.md 9.2). */
import { kinds } from '../record/kinds.js';
import type { Origin } from './origin.js';

/** 32 bits over what is in force except samples: equal sets give equal numbers. */
export function fingerprintOf(origin: Origin): number {
  let fingerprint = 0;
  for (const { bundle, kinds: inForce } of origin.held) {
    for (const kind of inForce) if (kind !== kinds.sample) fingerprint ^= mix(kind, bundle.sequence);
  }
  return fingerprint >>> 0;
}

/** 32 bits of (kind, sequence), exclusive-ored into the fingerprint (murmur3's finaliser). */
function mix(kind: number, sequence: number): number {
  let h = (Math.imul(kind + 1, 0x9e3779b1) ^ (sequence >>> 0) ^ Math.imul(Math.floor(sequence / 2 ** 32), 0x85ebca6b)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
