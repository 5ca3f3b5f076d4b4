/**
 * The merge of a bundle into what is held of its origin: per kind the newest wins, a new incarnation supersedes all of
 * the old. Any order and any repetition of the same bundles ends in the same state (docs/PROTOCOL.md 4.2).
 */
import type { Bundle } from '../record/bundle.js';
import { kinds } from '../record/kinds.js';
import { limits } from '../limits.js';
import type { HeldBundle, Origin } from './origin.js';

/** Kinds of this bundle that would supersede what is held. Empty when it brings nothing. */
export function supersedingKinds(origin: Origin, bundle: Bundle): number[] {
  if (bundle.incarnation < origin.incarnation) return [];
  const fresh = bundle.incarnation > origin.incarnation;
  const superseding: number[] = [];
  for (const { kind } of bundle.records) if (fresh || (origin.byKind.get(kind)?.bundle.sequence ?? 0) < bundle.sequence) superseding.push(kind);
  return superseding;
}

export type OriginLimit = 'maxKindsPerOrigin' | 'maxOriginBytes';

/** Puts the bundle in force for these kinds, or names the limit of what is held of one origin that it would exceed. */
export function mergeBundle(origin: Origin, arrival: Omit<HeldBundle, 'recordsInForce'>, superseding: readonly number[]): OriginLimit | null {
  const { bundle } = arrival;
  const exceeded = bundle.incarnation > origin.incarnation ? null : exceededLimit(origin, bundle, superseding);
  if (exceeded !== null) return exceeded;
  if (bundle.incarnation > origin.incarnation) clear(origin);
  const held: HeldBundle = { bundle, hops: arrival.hops, ageMs: arrival.ageMs, receivedAtMs: arrival.receivedAtMs, recordsInForce: superseding.length };
  for (const kind of superseding) {
    const older = origin.byKind.get(kind);
    if (older !== undefined) release(origin, older, kind);
    origin.byKind.set(kind, held);
    if (kind !== kinds.sample) origin.fingerprint = (origin.fingerprint ^ mix(kind, bundle.sequence)) >>> 0;
  }
  let place = 0;
  while (place < origin.held.length && (origin.held[place] as HeldBundle).bundle.sequence >= bundle.sequence) place += 1;
  if (place === 0) origin.held.unshift(held);
  else origin.held.splice(place, 0, held);
  origin.incarnation = bundle.incarnation;
  origin.sequence = Math.max(origin.sequence, bundle.sequence);
  if (origin.sequence === bundle.sequence) origin.hops = held.hops;
  return null;
}

/** One bundle alone exceeds none of them; what it adds to others of its incarnation may. */
function exceededLimit(origin: Origin, bundle: Bundle, superseding: readonly number[]): OriginLimit | null {
  let most = bundle.bytes.length;
  for (const held of origin.held) most += held.bundle.bytes.length;
  if (origin.byKind.size + superseding.length <= limits.maxKindsPerOrigin && most <= limits.maxOriginBytes) return null;
  const added = superseding.filter((kind) => !origin.byKind.has(kind)).length;
  if (origin.byKind.size + added > limits.maxKindsPerOrigin) return 'maxKindsPerOrigin';
  const losses = new Map<HeldBundle, number>();
  for (const kind of superseding) {
    const older = origin.byKind.get(kind);
    if (older !== undefined) losses.set(older, (losses.get(older) ?? 0) + 1);
  }
  let bytes = bundle.bytes.length;
  for (const held of origin.held) if (losses.get(held) !== held.recordsInForce) bytes += held.bundle.bytes.length;
  return bytes > limits.maxOriginBytes ? 'maxOriginBytes' : null;
}

function release(origin: Origin, held: HeldBundle, kind: number): void {
  if (kind !== kinds.sample) origin.fingerprint = (origin.fingerprint ^ mix(kind, held.bundle.sequence)) >>> 0;
  held.recordsInForce -= 1;
  if (held.recordsInForce > 0) return;
  if (origin.held[0] === held) origin.held.shift();
  else origin.held.splice(origin.held.indexOf(held), 1);
}

function clear(origin: Origin): void {
  for (const held of origin.held) held.recordsInForce = 0;
  origin.held.length = 0;
  origin.byKind.clear();
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
