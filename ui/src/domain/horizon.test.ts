import { describe, expect, it } from 'vitest';
import { layoutHorizon, spacingFor, type Horizon, type Route } from './horizon.js';
import { idOf } from './sample-network.fixture.js';

/** Node 0 in the middle, then its peers, then those behind them, two to four hops away. */
function networkOf(size: number): { peerIds: string[]; routes: Map<string, Route> } {
  const peers = Math.min(size - 1, Math.floor(Math.log2(size)) + 1);
  const peerIds = Array.from({ length: peers }, (_, i) => idOf(i + 1));
  const routes = new Map<string, Route>([[idOf(0), { via: null, hops: 0 }]]);
  for (let i = 1; i < size; i++) {
    const via = idOf(1 + (i % peers));
    routes.set(idOf(i), i <= peers ? { via: idOf(i), hops: 1 } : { via, hops: 2 + (i % 3) });
  }
  return { peerIds, routes };
}

function layoutOf(size: number): Horizon {
  return layoutHorizon({ selfId: idOf(0), ...networkOf(size), aspect: 1 });
}

function leastDistance(horizon: Horizon): number {
  const points = [...horizon.places.values()];
  let least = Number.POSITIVE_INFINITY;
  points.forEach((a, i) => points.slice(i + 1).forEach((b) => (least = Math.min(least, Math.hypot(a.x - b.x, a.y - b.y)))));
  return least;
}

describe('layoutHorizon', () => {
  it('gives the same picture for the same network, in whatever order it is told', () => {
    const { peerIds, routes } = networkOf(120);
    const told = layoutHorizon({ selfId: idOf(0), peerIds, routes, aspect: 1.4 });
    const toldBackwards = layoutHorizon({ selfId: idOf(0), peerIds: [...peerIds].reverse(), routes: new Map([...routes].reverse()), aspect: 1.4 });
    expect(new Map([...toldBackwards.places].sort())).toEqual(new Map([...told.places].sort()));
    expect(toldBackwards.rings).toEqual(told.rings);
  });

  it.each([1, 2, 3, 10, 41, 121, 300, 1_000])('places each of %i nodes once, and none upon another', (size) => {
    const horizon = layoutOf(size);
    expect(horizon.places.size).toBe(size);
    if (size > 1) expect(leastDistance(horizon)).toBeGreaterThan(spacingFor(size) * 0.45);
  });

  it('puts itself in the middle, peers on the first ring, and others on the ring of their hops', () => {
    const { routes, peerIds } = networkOf(40);
    const horizon = layoutOf(40);
    expect(horizon.places.get(idOf(0))).toEqual({ x: 0, y: 0, ring: 0 });
    for (const [id, { hops }] of routes) expect(horizon.places.get(id)?.ring).toBe(peerIds.includes(id) ? 1 : hops);
    expect(horizon.rings.map((ring) => ring.hops)).toEqual([1, 2, 3, 4]);
  });

  it('keeps a peer on the first ring even when its news came around', () => {
    const { peerIds, routes } = networkOf(10);
    routes.set(idOf(1), { via: idOf(2), hops: 3 });
    expect(layoutHorizon({ selfId: idOf(0), peerIds, routes, aspect: 1 }).places.get(idOf(1))?.ring).toBe(1);
  });

  it('puts an outer node closer to the direction of its neighbour than of any other', () => {
    const { peerIds, routes } = networkOf(10);
    const { places } = layoutOf(10);
    const angle = (id: string) => Math.atan2(places.get(id)?.y ?? 0, places.get(id)?.x ?? 0);
    const apart = (a: number, b: number) => Math.abs(Math.atan2(Math.sin(a - b), Math.cos(a - b)));
    for (const [id, { via, hops }] of routes) {
      if (hops < 2 || via === null) continue;
      const nearest = [...peerIds].sort((a, b) => apart(angle(id), angle(a)) - apart(angle(id), angle(b)))[0];
      expect(nearest).toBe(via);
    }
  });

  it('lets a peer that was heard first hand keep its place, and its sector, when the connection ends', () => {
    const { peerIds, routes } = networkOf(10);
    const left = peerIds.filter((id) => id !== idOf(2));
    expect(layoutHorizon({ selfId: idOf(0), peerIds: left, routes, aspect: 1 }).places).toEqual(layoutOf(10).places);
  });

  it('has a place for those whose neighbour is gone', () => {
    const { peerIds, routes } = networkOf(10);
    routes.set(idOf(9), { via: idOf(77), hops: 2 });
    expect(layoutHorizon({ selfId: idOf(0), peerIds, routes, aspect: 1 }).places.get(idOf(9))?.ring).toBe(2);
  });
});
