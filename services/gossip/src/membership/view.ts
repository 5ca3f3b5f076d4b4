/**
 * The settled view: who is in the network, as a digest that travels with each sample, so that every node knows how many
 * different views exist (docs/PROTOCOL.md section 10).
 */
import type { Context } from '../context.js';
import { limits } from '../limits.js';
import type { ReadBundle } from '../record/bundle.js';
import { kinds } from '../record/kinds.js';
import { viewDigestBytes } from '../record/sample.js';
import type { Origin } from '../store/origin.js';

/** Exclusive or over bytes 8 to 15 of the ids of all settled members (docs/PROTOCOL.md 10.2). */
export function viewDigest(context: Context): Uint8Array {
  let high = 0;
  let low = 0;
  const settledBeforeMs = context.nowMs - limits.settledIntervals * context.sampleIntervalMs;
  for (const origin of context.origins.all()) {
    if (!isSettled(origin, settledBeforeMs)) continue;
    high ^= origin.word2;
    low ^= origin.word3;
  }
  const digest = new Uint8Array(viewDigestBytes);
  const view = new DataView(digest.buffer);
  view.setInt32(0, high);
  view.setInt32(4, low);
  return digest;
}

/** Present, and long enough that everybody should have heard of it. Suspects stay until they fail (docs/PROTOCOL.md 10.1). */
function isSettled(origin: Origin, settledBeforeMs: number): boolean {
  if (origin.isSelf) return true;
  if (origin.state === 'suspect') return true;
  return origin.state === 'alive' && origin.stateSinceMs <= settledBeforeMs;
}

/** Compares our digest with what the others said last, and reports it (docs/PROTOCOL.md 10.3). */
export function compareViews(context: Context, own: Uint8Array): void {
  const ownKey = keyOf(own);
  const views = new Set<number>([ownKey]);
  let agreeing = 1;
  let total = 1;
  for (const origin of context.origins.all()) {
    if (origin.state !== 'alive' || origin.isSelf) continue;
    total += 1;
    if (origin.viewKey === ownKey) agreeing += 1;
    else if (origin.viewKey >= 0) views.add(origin.viewKey);
  }
  context.emit({ type: 'views-compared', agreeing, total, views: views.size });
}

/** Keeps what view an origin's newest sample states: it stands behind the one varint at the head of a sample. */
export function noteView(origin: Origin, bundle: ReadBundle): void {
  const sample = bundle.payload(kinds.sample);
  if (sample === null) return;
  let at = 0;
  while (at < sample.length && (sample[at] as number) >= 0x80) at += 1;
  origin.viewKey = sample.length > at + viewDigestBytes ? keyOf(sample, at + 1) : -1;
}

function keyOf(bytes: Uint8Array, at = 0): number {
  let key = 0;
  for (let i = 0; i < 6; i++) key = key * 256 + (bytes[at + i] as number);
  return key;
}
