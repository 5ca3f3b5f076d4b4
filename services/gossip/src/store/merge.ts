/**
 * The merge of a bundle into what is held of its origin: per kind the newest wins, a new incarnation supersedes all of
 * the old, and beyond the limits the newest stay. Within the limits any order and any repetition of the same bundles ends in
 * the same state; at the limits stores agree when they have been compared (docs/PROTOCOL.md 4.2).
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

/** What older bundles said that went out of force for want of room. */
export interface Dropped {
  readonly limit: OriginLimit;
  readonly kinds: readonly number[];
}

/** Puts the bundle in force for `held.kinds`. */
export function mergeBundle(origin: Origin, held: HeldBundle): Dropped | null {
  const { bundle } = held;
  const isNewIncarnation = bundle.incarnation > origin.incarnation;
  if (isNewIncarnation || !replaceNewest(origin, held)) insert(origin, held);
  if (isNewIncarnation || bundle.sequence > origin.sequence) {
    origin.incarnation = bundle.incarnation;
    origin.sequence = bundle.sequence;
    origin.hops = held.hops;
  }
  return dropBeyondLimits(origin);
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

/** The limit for which what is newer of this origin leaves no room for the bundle, in force for these kinds. */
export function exceededLimit(origin: Origin, bundle: ReadBundle, superseding: readonly number[]): OriginLimit | null {
  if (bundle.incarnation > origin.incarnation) return null;
  let records = superseding.length;
  let bytes = bundle.bytes.length;
  for (const other of origin.held) {
    if (other.bundle.sequence < bundle.sequence) break;
    records += other.kinds.length;
    bytes += other.bundle.bytes.length;
  }
  return limitOf(records, bytes);
}

/** From the newest on, each stays for which there is room. */
function dropBeyondLimits(origin: Origin): Dropped | null {
  let records = 0;
  let bytes = 0;
  let exceeded: OriginLimit | null = null;
  const dropped: number[] = [];
  for (const held of origin.held) {
    const limit = limitOf(records + held.kinds.length, bytes + held.bundle.bytes.length);
    if (limit === null) {
      records += held.kinds.length;
      bytes += held.bundle.bytes.length;
    } else {
      exceeded = limit;
      dropped.push(...held.kinds);
      held.kinds = none;
    }
  }
  if (exceeded === null) return null;
  origin.held = origin.held.filter((held) => held.kinds.length > 0);
  return { limit: exceeded, kinds: dropped };
}

function limitOf(records: number, bytes: number): OriginLimit | null {
  if (records > limits.maxKindsPerOrigin) return 'maxKindsPerOrigin';
  return bytes > limits.maxOriginBytes ? 'maxOriginBytes' : null;
}

/** Most of what is held is left as it is, or superseded as a whole: both make no new list. */
function without(inForce: readonly number[], superseded: readonly number[]): readonly number[] {
  if (!inForce.some((kind) => superseded.includes(kind))) return inForce;
  const left = inForce.filter((kind) => !superseded.includes(kind));
  return left.length === 0 ? none : left.slice();
}
