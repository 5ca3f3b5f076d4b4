import { describe, expect, it } from 'vitest';
import type { Route } from '../../domain/horizon.js';
import { viewOfSnapshot } from '../../domain/network-view.js';
import { idOf, nodeOf, peerOf, snapshotOf } from '../../domain/sample-network.fixture.js';
import { linesOf, stopsOf } from './horizon-lines.js';

/** Node 1 is a peer, node 2 was one; node 3 is behind the one, node 4 behind the other. */
const nodes = [nodeOf(0), nodeOf(1), nodeOf(2), nodeOf(3, { via: idOf(1), hops: 2 }), nodeOf(4, { via: idOf(2), hops: 2 })];
const view = viewOfSnapshot(snapshotOf(nodes, { peers: [peerOf(1)] }), 0);
const everyone: ReadonlySet<string> = new Set(view.nodes.keys());
const routes = new Map<string, Route>(nodes.map((node) => [node.id, node]));

/** As `from kind to`, by the numbers of the nodes. */
function drawn(lines: ReturnType<typeof linesOf>): string[] {
  const numberOf = (id: string) => nodes.findIndex((node) => node.id === id);
  return lines.map(({ from, to, kind }) => `${numberOf(from)} ${kind} ${numberOf(to)}`).sort();
}

describe('linesOf', () => {
  it('has a connection for each peer, and a way for all others, also for a peer that was', () => {
    expect(drawn(linesOf(view, routes, null, everyone))).toEqual(['0 link 1', '2 way 0', '3 way 1', '4 way 2']);
  });

  it.each([
    [2, ['2 way 0']],
    [3, ['0 link 1', '3 way 1']],
    [4, ['2 way 0', '4 way 2']],
  ])('marks the whole way of node %i, to the middle', (chosen, way) => {
    expect(drawn(linesOf(view, routes, idOf(chosen), everyone).filter(({ tone }) => tone === 'chosen'))).toEqual(way);
  });

  it.each([
    ['nobody', [], ['0 link 1', '2 way 0', '3 way 1', '4 way 2']],
    ['node 1', [1], ['2 way 0', '4 way 2']],
    ['node 4', [4], ['0 link 1', '2 way 0', '3 way 1']],
  ])('dims the lines that lead from and to nobody found, when %s is', (_, found, dimmed) => {
    const ids = new Set(found.map(idOf));
    expect(drawn(linesOf(view, routes, null, ids).filter(({ tone }) => tone === 'dimmed'))).toEqual(dimmed);
  });

  it('marks the way of the selected node whatever the search finds, and a connection that loses where it finds an end', () => {
    const lossy = { ...view, peers: [peerOf(1, { lossRatio: 0.1 })] };
    const tones = (found: ReadonlySet<string>) => linesOf(lossy, routes, idOf(4), found).map(({ tone }) => tone);
    expect(tones(everyone)).toEqual(['lossy', 'chosen', 'plain', 'chosen']);
    expect(tones(new Set())).toEqual(['dimmed', 'chosen', 'dimmed', 'chosen']);
  });
});

describe('stopsOf', () => {
  it.each([
    ['far', 'near', ['far', 'near', 'self']],
    ['near', 'near', ['near', 'self']],
    ['near', null, ['near', 'self']],
    ['self', null, []],
    ['self', 'near', []],
  ])('leads from %s by way of %s to the middle', (origin, via, stops) => {
    expect(stopsOf(origin, via, 'self')).toEqual(stops);
  });
});
