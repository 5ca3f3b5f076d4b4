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
  const isNewIncarnation = bundle.incarnation > origin.incarnation;
  if (isNewIncarnation || !replaceNewest(origin, held)) insert(origin, held);
  if (isNewIncarnation || bundle.sequence > origin.sequence) {
    origin.incarnation = bundle.incarnation;
    origin.sequence = bundle.sequence;
    origin.hops = held.hops;
  }
  return null;
}

/** What nearly always happens: a sample takes the place of the sample before it. */
function replaceNewest(origin: Origin, held: HeldBundle): boolean {
  const newest = origin.held[0];
  if (newest === undefined || !isSampleAlone(held.kinds) || !isSampleAlone(newest.kinds)) return false;
  newest.kinds = none;
  origin.held[0] = held;
  return true;
}

function isSampleAlone(kindsIn: readonly number[]): boolean {
  return kindsIn.length === 1 && kindsIn[0] === kinds.sample;
}

function insert(origin: Origin, held: HeldBundle): void {
  const { incarnation, sequence } = held.bundle;
  for (const older of origin.held) older.kinds = incarnation > origin.incarnation ? none : without(older.kinds, held.kinds);
  const inForce = origin.held.filter((older) => older.kinds.length > 0);
  const firstOlder = inForce.findIndex((other) => other.bundle.sequence < sequence);
  const place = firstOlder < 0 ? inForce.length : firstOlder;
  // What `concat` and `slice` make is exactly as long as it has to be; an array that grew is several times longer.
  origin.held = inForce.slice(0, place).concat(held, inForce.slice(place));
}

/** The limit that the origin would exceed with this bundle in force for these kinds. One bundle alone exceeds none of them; what it adds to others of its incarnation may. */
export function exceededLimit(origin: Origin, bundle: ReadBundle, superseding: readonly number[]): OriginLimit | null {
  if (bundle.incarnation > origin.incarnation) return null;
  let records = superseding.length;
  let bytes = bundle.bytes.length;
  for (const older of origin.held) {
    const left = without(older.kinds, superseding).length;
    records += left;
    if (left > 0) bytes += older.bundle.bytes.length;
  }
  if (records > limits.maxKindsPerOrigin) return 'maxKindsPerOrigin';
  return bytes > limits.maxOriginBytes ? 'maxOriginBytes' : null;
}

/** Most of what is held is left as it is, or superseded as a whole: both make no new list. */
function without(inForce: readonly number[], superseded: readonly number[]): readonly number[] {
  if (!inForce.some((kind) => superseded.includes(kind))) return inForce;
  const left = inForce.filter((kind) => !superseded.includes(kind));
  return left.length === 0 ? none : left.slice();
}
