/**
 * The merge of a bundle into what is held of its origin: per kind the newest wins, a new incarnation supersedes all of
 * the old. Any order and any repetition of the same bundles ends in the same state (docs/PROTOCOL.md 4.2).
 */
import type { ReadBundle } from '../record/bundle.js';
import { kinds } from '../record/kinds.js';
import { limits } from '../limits.js';
import type { HeldBundle, Origin } from './origin.js';

const none: readonly number[] = [];

/** Kinds of this bundle that would supersede what is held. Empty when it brings nothing. */
export function supersedingKinds(origin: Origin, bundle: ReadBundle): readonly number[] {
  if (origin.isNews(bundle.incarnation, bundle.sequence)) return bundle.kinds;
  if (bundle.incarnation < origin.incarnation) return none;
  return bundle.kinds.filter((kind) => (origin.inForce(kind)?.bundle.sequence ?? 0) < bundle.sequence);
}

export type OriginLimit = 'maxKindsPerOrigin' | 'maxOriginBytes';

/** Puts the bundle in force for `held.kinds`, or names the limit of what is held of one origin that it would exceed. */
export function mergeBundle(origin: Origin, held: HeldBundle): OriginLimit | null {
  const { bundle } = held;
  const exceeded = exceededLimit(origin, bundle, held.kinds);
  if (exceeded !== null) return exceeded;
  if (bundle.incarnation > origin.incarnation) clear(origin);
  for (const kind of held.kinds) if (kind !== kinds.sample) origin.fingerprint = (origin.fingerprint ^ mix(kind, bundle.sequence)) >>> 0;
  origin.heldBytes += bundle.bytes.length;
  origin.recordsInForce += held.kinds.length;
  if (!replaceNewest(origin, held)) {
    release(origin, held.kinds);
    let place = 0;
    while (place < origin.held.length && (origin.held[place] as HeldBundle).bundle.sequence > bundle.sequence) place += 1;
    // What `concat` and `slice` make is exactly as long as it has to be; an array that grew is several times longer.
    origin.held = origin.held.slice(0, place).concat(held, origin.held.slice(place));
  }
  origin.incarnation = bundle.incarnation;
  if (bundle.sequence > origin.sequence) {
    origin.sequence = bundle.sequence;
    origin.hops = held.hops;
  }
  return null;
}

/** What nearly always happens: a sample takes the place of the sample before it. */
function replaceNewest(origin: Origin, held: HeldBundle): boolean {
  const newest = origin.held[0];
  if (newest === undefined || !isSampleAlone(held.kinds) || !isSampleAlone(newest.kinds)) return false;
  origin.heldBytes -= newest.bundle.bytes.length;
  origin.recordsInForce -= 1;
  newest.kinds = none;
  origin.held[0] = held;
  return true;
}

function isSampleAlone(kindsIn: readonly number[]): boolean {
  return kindsIn.length === 1 && kindsIn[0] === kinds.sample;
}

/** The limit that the origin would exceed with this bundle in force for these kinds. One bundle alone exceeds none of them; what it adds to others of its incarnation may. */
export function exceededLimit(origin: Origin, bundle: ReadBundle, superseding: readonly number[]): OriginLimit | null {
  if (bundle.incarnation > origin.incarnation) return null;
  let bytes = origin.heldBytes + bundle.bytes.length;
  if (bytes <= limits.maxOriginBytes && origin.recordsInForce + superseding.length <= limits.maxKindsPerOrigin) return null;
  let others = 0;
  for (const older of origin.held) {
    const left = older.kinds.filter((kind) => !superseding.includes(kind)).length;
    others += left;
    if (left === 0) bytes -= older.bundle.bytes.length;
  }
  if (others + superseding.length > limits.maxKindsPerOrigin) return 'maxKindsPerOrigin';
  return bytes > limits.maxOriginBytes ? 'maxOriginBytes' : null;
}

/** Takes what is in force for these kinds out of force. */
function release(origin: Origin, superseded: readonly number[]): void {
  for (let i = origin.held.length - 1; i >= 0; i--) {
    const held = origin.held[i] as HeldBundle;
    if (!held.kinds.some((kind) => superseded.includes(kind))) continue;
    for (const kind of held.kinds) if (kind !== kinds.sample && superseded.includes(kind)) origin.fingerprint = (origin.fingerprint ^ mix(kind, held.bundle.sequence)) >>> 0;
    const left = held.kinds.filter((kind) => !superseded.includes(kind));
    origin.recordsInForce -= held.kinds.length - left.length;
    held.kinds = left.slice();
    if (held.kinds.length > 0) continue;
    origin.heldBytes -= held.bundle.bytes.length;
    origin.held.splice(i, 1);
  }
}

function clear(origin: Origin): void {
  for (const held of origin.held) held.kinds = none;
  origin.held = [];
  origin.heldBytes = 0;
  origin.recordsInForce = 0;
  origin.fingerprint = 0;
  origin.sequence = 0;
}

/** 32 bits of (kind, sequence), exclusive-ored into the fingerprint (docs/PROTOCOL.md 9.2; murmur3's finaliser). */
export function mix(kind: number, sequence: number): number {
  let h = (Math.imul(kind + 1, 0x9e3779b1) ^ (sequence >>> 0) ^ Math.imul(Math.floor(sequence / 2 ** 32), 0x85ebca6b)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
