import { describe, expect, it } from 'vitest';
import { introductionOf, sampleOf, toyKey } from '../../../../test/support/core-rig.js';
import { messagesOfType, origin, prefix, tree } from '../../../../test/support/tree-rig.js';
import { limits } from '../limits.js';

describe('the news of an origin', () => {
  it('flood when it is new, but not back', () => {
    const { rig, a, b, c } = tree();
    expect([a, b, c].map((connection) => rig.pushedTo(connection).length)).toEqual([0, 1, 1]);
  });

  it('go no more to whom a prune came from, who hears of them by announcement', () => {
    const { rig, a, b, c } = tree();
    rig.hear(b, { type: 'prune', prefixes: [prefix] });
    rig.clear();
    rig.push(a, [sampleOf(origin, 2)]);
    rig.advance(2 * limits.announceIntervalMs);
    expect([b, c].map((connection) => rig.pushedTo(connection).length)).toEqual([0, 1]);
    const rumors = [a, b, c].map((connection) => messagesOfType(rig, connection, 'announce').flatMap((message) => message.rumors).length);
    expect(rumors[0]).toBe(0);
    expect(rumors[2]).toBe(0);
  });

  it('are announced to each in turn', () => {
    const { rig, a, b, c } = tree();
    for (const connection of [b, c]) rig.hear(connection, { type: 'prune', prefixes: [prefix] });
    for (let sequence = 2; sequence < 8; sequence++) {
      rig.push(a, [sampleOf(origin, sequence)]);
      rig.advance(limits.announceIntervalMs + 10);
    }
    for (const connection of [b, c]) {
      const rumors = messagesOfType(rig, connection, 'announce').flatMap((message) => message.rumors);
      expect(rumors.length).toBeGreaterThanOrEqual(3);
      expect(rumors[0]).toMatchObject({ incarnation: 1, hops: 1 });
    }
  });

  it('come again to whom a graft came from, with what it lacks', () => {
    const { rig, a, b } = tree();
    rig.hear(b, { type: 'prune', prefixes: [prefix] });
    rig.push(a, [sampleOf(origin, 2)]);
    rig.clear();
    rig.hear(b, { type: 'graft', wanted: [{ prefix, incarnation: 1, sequence: 1 }] });
    expect(rig.pushedTo(b, 'graft')).toEqual([sampleOf(origin, 2)]);
    rig.push(a, [sampleOf(origin, 3)]);
    rig.advance(50);
    expect(rig.pushedTo(b)).toEqual([sampleOf(origin, 3)]);
  });
});

it('the news of who had failed flood again, also those from the first pass of a new peer: everybody lacks them', () => {
  const { rig, a, b, c } = tree();
  for (const connection of [b, c]) rig.hear(connection, { type: 'prune', prefixes: [prefix] });
  rig.push(a, [sampleOf(origin, 2)]);
  rig.advance(30_000);
  expect(rig.all('member-changed').at(-1)).toMatchObject({ origin: origin.id, state: 'failed' });
  const other = rig.connect(toyKey(6, 4));
  rig.clear();
  rig.push(other, [sampleOf(origin, 3)], 'anti-entropy');
  expect([a, b, c, other].map((connection) => rig.pushedTo(connection).length)).toEqual([1, 1, 1, 0]);
});

it('the first pass over the store of a new peer is passed on as far as it is news of whom we know', () => {
  const { rig, a, b, c } = tree();
  const other = rig.connect(toyKey(6, 4));
  rig.clear();
  rig.push(other, [introductionOf(toyKey(6, 8)), sampleOf(origin, 2)], 'anti-entropy');
  rig.advance(limits.batchMs);
  expect(rig.all('record-merged')).toHaveLength(2);
  expect([a, b, c, other].map((connection) => rig.pushedTo(connection))).toEqual([[], [sampleOf(origin, 2)], [sampleOf(origin, 2)], []]);
});

it('the news of one who went while they were checked make nobody gone the parent, and are announced', () => {
  const { rig, a, b, c } = tree();
  rig.hear(c, { type: 'prune', prefixes: [prefix] });
  rig.holdsAnswers = true;
  rig.push(a, [sampleOf(origin, 2)]);
  rig.give({ type: 'connection-closed', connection: a, reason: 'gone' });
  rig.release();
  for (const connection of [b, c]) rig.push(connection, [sampleOf(origin, 2)]);
  rig.advance(2 * limits.announceIntervalMs);
  expect([b, c].map((connection) => messagesOfType(rig, connection, 'prune').length)).toEqual([0, 1]);
  expect(messagesOfType(rig, c, 'announce')).toHaveLength(1);
});

describe('what comes twice', () => {
  it('prunes the link that brought it later, not the parent', () => {
    const { rig, a, b } = tree();
    rig.clear();
    rig.push(b, [introductionOf(origin)]);
    rig.push(a, [introductionOf(origin)]);
    expect(rig.all('record-repeated')).toHaveLength(2);
    rig.advance(limits.pruneDelayMs);
    expect([a, b].map((connection) => messagesOfType(rig, connection, 'prune').flatMap((message) => message.prefixes).length)).toEqual([0, 1]);
    rig.clear();
    rig.push(a, [sampleOf(origin, 2)]);
    expect(rig.pushedTo(b)).toEqual([]);
  });

  it('gives an origin without a parent a new one', () => {
    const { rig, a, b, c } = tree();
    rig.give({ type: 'connection-closed', connection: a, reason: 'gone' });
    rig.push(b, [introductionOf(origin)]);
    rig.push(c, [introductionOf(origin)]);
    rig.advance(limits.pruneDelayMs);
    expect([b, c].map((connection) => messagesOfType(rig, connection, 'prune').length)).toEqual([0, 1]);
  });

  it('prunes nothing when it comes by repair', () => {
    const { rig, b } = tree();
    rig.push(b, [introductionOf(origin)], 'anti-entropy');
    rig.advance(limits.pruneDelayMs);
    expect(messagesOfType(rig, b, 'prune')).toEqual([]);
  });
});

describe('a new peer', () => {
  it('gets everything at once if it has nobody else', () => {
    const { rig, a } = tree();
    const [alone, settled] = [rig.connect(toyKey(6, 4), 'accepted', { peers: 0 }), rig.connect(toyKey(6, 5), 'accepted', { peers: 3 })];
    rig.clear();
    rig.push(a, [sampleOf(origin, 2)]);
    expect([alone, settled].map((connection) => rig.pushedTo(connection).length)).toEqual([1, 0]);
  });
});

it('carries nothing of the forgotten', () => {
  const { rig } = tree();
  expect(rig.engine.statistics().eagerPeers).toBe(2);
  rig.judge = () => null;
  rig.give({ type: 'trust-changed' });
  expect(rig.engine.statistics().eagerPeers).toBe(0);
  expect(rig.all('peer-push-changed').filter(({ push }) => push === 'lazy').length).toBeGreaterThanOrEqual(2);
});

it('asks a peer for a credential not at every bundle', () => {
  const { rig, a } = tree();
  const unknown = toyKey(6, 20);
  for (let sequence = 2; sequence < 12; sequence++) rig.push(a, [sampleOf(unknown, sequence)]);
  expect(messagesOfType(rig, a, 'graft')).toHaveLength(1);
  rig.advance(limits.askIntervalMs);
  rig.push(a, [sampleOf(unknown, 20)]);
  expect(messagesOfType(rig, a, 'graft')).toHaveLength(2);
});
