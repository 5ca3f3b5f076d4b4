/**
 * The newest record of a node comes now through one neighbour, now through another. The picture would never stand still
 * if it followed each; so a node moves to another place only once its news has kept to the other way for a while.
 */
import type { Route } from './horizon.js';
import type { NetworkView } from './network-view.js';

export interface SettledRoute extends Route {
  /** The way that the news takes since `sinceMs`, where it is another one. */
  readonly candidate: (Route & { readonly sinceMs: number }) | null;
}

/** How long the news must keep to another way, milliseconds. */
export const settleMs = 5_000;

export function settleRoutes(before: ReadonlyMap<string, SettledRoute>, view: NetworkView): Map<string, SettledRoute> {
  const peers = new Set(view.peers.map((peer) => peer.id));
  const after = new Map<string, SettledRoute>();
  for (const [id, { node }] of view.nodes) {
    after.set(id, settle(before.get(id), { via: node.via, hops: node.hops }, peers, view.readAtMs));
  }
  return after;
}

function settle(before: SettledRoute | undefined, now: Route, peers: ReadonlySet<string>, nowMs: number): SettledRoute {
  if (before === undefined) return { ...now, candidate: null };
  if (same(before, now)) return before.candidate === null ? before : { via: before.via, hops: before.hops, candidate: null };
  // A neighbour that is gone brings nothing more: there is nothing to wait for.
  if (before.via !== null && !peers.has(before.via)) return { ...now, candidate: null };
  if (before.candidate === null || !same(before.candidate, now)) return { via: before.via, hops: before.hops, candidate: { ...now, sinceMs: nowMs } };
  return nowMs - before.candidate.sinceMs >= settleMs ? { ...now, candidate: null } : before;
}

function same(a: Route, b: Route): boolean {
  return a.via === b.via && a.hops === b.hops;
}
