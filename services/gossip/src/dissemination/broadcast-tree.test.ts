import { describe, expect, it } from 'vitest';
import { CoreRig, introductionOf, sampleOf, toyKey } from '../../../../test/support/core-rig.js';
import { limits } from '../limits.js';
import type { Message } from '../wire/message.js';

const origin = toyKey(6, 9);
const prefix = origin.publicKey.subarray(0, 8);

/** A core with three peers that hears of an origin from the first of them. */
function tree() {
  const rig = new CoreRig();
  const [a, b, c] = [1, 2, 3].map((i) => rig.connect(toyKey(6, i))) as [number, number, number];
  rig.clear();
  rig.push(a, [introductionOf(origin)]);
  return { rig, a, b, c };
}

const ofType = <T extends Message['type']>(rig: CoreRig, connection: number, type: T) => rig.messagesTo(connection).filter((message): message is Extract<Message, { type: T }> => message.type === type);

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
    const rumors = [a, b, c].map((connection) => ofType(rig, connection, 'announce').flatMap((message) => message.rumors).length);
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
      const rumors = ofType(rig, connection, 'announce').flatMap((message) => message.rumors);
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
  expect([b, c].map((connection) => ofType(rig, connection, 'prune').length)).toEqual([0, 1]);
  expect(ofType(rig, c, 'announce')).toHaveLength(1);
});

describe('what comes twice', () => {
  it('prunes the link that brought it later, not the parent', () => {
    const { rig, a, b } = tree();
    rig.clear();
    rig.push(b, [introductionOf(origin)]);
    rig.push(a, [introductionOf(origin)]);
    expect(rig.all('record-repeated')).toHaveLength(2);
    rig.advance(limits.pruneDelayMs);
    expect([a, b].map((connection) => ofType(rig, connection, 'prune').flatMap((message) => message.prefixes).length)).toEqual([0, 1]);
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
    expect([b, c].map((connection) => ofType(rig, connection, 'prune').length)).toEqual([0, 1]);
  });

  it('prunes nothing when it comes by repair', () => {
    const { rig, b } = tree();
    rig.push(b, [introductionOf(origin)], 'anti-entropy');
    rig.advance(limits.pruneDelayMs);
    expect(ofType(rig, b, 'prune')).toEqual([]);
  });
});

describe('an announcement', () => {
  const rumor = (sequence: number, hops = 1) => ({ prefix, incarnation: 1, sequence, hops });

  it('of what does not come is followed by a graft', () => {
    const { rig, b } = tree();
    rig.hear(b, { type: 'announce', rumors: [rumor(2)] });
    rig.advance(limits.graftDelayMs - 1);
    expect(ofType(rig, b, 'graft')).toEqual([]);
    rig.advance(2);
    expect(ofType(rig, b, 'graft')).toMatchObject([{ wanted: [{ incarnation: 1, sequence: 1 }] }]);
  });

  it('of what is known or comes in time is not', () => {
    const { rig, a, b, c } = tree();
    rig.hear(b, { type: 'announce', rumors: [rumor(1)] });
    rig.hear(c, { type: 'announce', rumors: [rumor(2)] });
    rig.push(a, [sampleOf(origin, 2)]);
    rig.advance(2 * limits.graftDelayMs);
    expect([b, c].flatMap((connection) => ofType(rig, connection, 'graft'))).toEqual([]);
  });

  it('of a way that is worth it changes the parent', () => {
    const rig = new CoreRig();
    const [a, b] = [rig.connect(toyKey(6, 1)), rig.connect(toyKey(6, 2))];
    rig.push(a, [introductionOf(origin)], 'eager', { hops: 2 + limits.worthwhileHops });
    rig.hear(b, { type: 'announce', rumors: [rumor(1, 2)] });
    rig.advance(limits.pruneDelayMs);
    expect([a, b].map((connection) => [ofType(rig, connection, 'graft').length, ofType(rig, connection, 'prune').length])).toEqual([[0, 0], [0, 0]]);
    rig.hear(b, { type: 'announce', rumors: [rumor(1, 1)] });
    rig.advance(limits.pruneDelayMs);
    const graftsAndPrunes = () => [a, b].map((connection) => [ofType(rig, connection, 'graft').length, ofType(rig, connection, 'prune').length]);
    expect(graftsAndPrunes()).toEqual([[0, 0], [1, 0]]);
    // The old way is cut when the new one was first, not for its word.
    rig.push(b, [sampleOf(origin, 2)]);
    rig.push(a, [sampleOf(origin, 2)]);
    rig.advance(limits.pruneDelayMs);
    expect(graftsAndPrunes()).toEqual([[0, 1], [1, 0]]);
  });

  it('of a way that brings nothing cuts none', () => {
    const rig = new CoreRig();
    const [a, b] = [rig.connect(toyKey(6, 1)), rig.connect(toyKey(6, 2))];
    rig.push(a, [introductionOf(origin)], 'eager', { hops: 2 + limits.worthwhileHops });
    for (let sequence = 1; sequence < 5; sequence++) {
      rig.hear(b, { type: 'announce', rumors: [rumor(sequence, 0)] });
      rig.push(a, [sampleOf(origin, sequence + 1)], 'eager', { hops: 2 + limits.worthwhileHops });
      rig.advance(limits.pruneDelayMs);
    }
    expect(ofType(rig, a, 'prune')).toEqual([]);
  });

  it('of the parent itself, when the repair had been first by a long way, changes nothing', () => {
    const { rig, a, b } = tree();
    rig.push(b, [sampleOf(origin, 2)], 'anti-entropy', { hops: 2 + limits.worthwhileHops });
    rig.clear();
    rig.hear(a, { type: 'announce', rumors: [rumor(2, 1)] });
    rig.advance(limits.pruneDelayMs);
    expect(rig.messagesTo(a).filter(({ type }) => type === 'graft' || type === 'prune')).toEqual([]);
  });

  it('of more shorter ways than a graft may name is answered in messages that the other takes', () => {
    const rig = new CoreRig();
    const [a, b] = [rig.connect(toyKey(6, 1)), rig.connect(toyKey(6, 2))];
    const origins = Array.from({ length: limits.maxRequestedOrigins + 1 }, (_, i) => toyKey(8, i));
    for (let i = 0; i < origins.length; i += 50) rig.push(a, origins.slice(i, i + 50).map((key) => introductionOf(key)), 'eager', { hops: 2 + limits.worthwhileHops });
    rig.clear();
    rig.hear(b, { type: 'announce', rumors: origins.map((key) => ({ ...rumor(1), prefix: key.publicKey.subarray(0, 8) })) });
    expect(ofType(rig, b, 'graft').map(({ wanted }) => wanted.length)).toEqual([limits.maxRequestedOrigins, 1]);
  });

  it('leads to its announcer, though another announces all the time what it does not have', () => {
    const { rig, b, c } = tree();
    for (let round = 0; round < 8; round++) {
      rig.hear(b, { type: 'announce', rumors: [rumor(1_000_000 + round)] });
      rig.advance(10);
      rig.hear(c, { type: 'announce', rumors: [rumor(2 + round)] });
      rig.advance(limits.graftDelayMs - 10);
    }
    expect(ofType(rig, c, 'graft').length).toBeGreaterThanOrEqual(3);
    rig.clear();
    rig.hear(c, { type: 'announce', rumors: [rumor(20)] });
    rig.advance(limits.maxAnnouncers * limits.graftDelayMs);
    expect(ofType(rig, c, 'graft')).toHaveLength(1);
  });

  it('is followed by grafts to some of those from whom it came, one after the other, until it has come', () => {
    const rig = new CoreRig();
    const peers = Array.from({ length: limits.maxAnnouncers + 1 }, (_, i) => rig.connect(toyKey(6, 1 + i)));
    for (const peer of peers) rig.hear(peer, { type: 'announce', rumors: [rumor(1)] });
    const grafts = () => peers.map((peer) => ofType(rig, peer, 'graft').length);
    rig.advance(limits.graftDelayMs);
    expect(grafts()).toEqual([1, 0, 0, 0, 0]);
    rig.give({ type: 'connection-closed', connection: peers[1] as number, reason: 'gone' });
    rig.advance(limits.graftDelayMs);
    expect(grafts()).toEqual([1, 0, 1, 0, 0]);
    rig.push(peers[2] as number, [introductionOf(origin)], 'graft');
    rig.advance(limits.maxAnnouncers * limits.graftDelayMs);
    expect(grafts()).toEqual([1, 0, 1, 0, 0]);
    expect(rig.all('limit-reached')).toEqual([]);
  });

  it('is asked for as it was announced last', () => {
    const { rig, a, b, c } = tree();
    for (const peer of [b, c]) rig.hear(peer, { type: 'announce', rumors: [rumor(2)] });
    const grafts = () => [b, c].map((peer) => ofType(rig, peer, 'graft').length);
    rig.advance(limits.graftDelayMs);
    expect(grafts()).toEqual([1, 0]);
    rig.push(a, [sampleOf(origin, 2)]);
    rig.hear(c, { type: 'announce', rumors: [rumor(3)] });
    rig.advance(limits.graftDelayMs);
    expect(grafts()).toEqual([1, 1]);
  });

  it('by more than are asked is asked for of the first of them, and of others in place of those that are gone', () => {
    const rig = new CoreRig();
    const peers = Array.from({ length: limits.maxAnnouncers + 2 }, (_, i) => rig.connect(toyKey(6, 1 + i)));
    const [gone = 0] = peers;
    const late = peers.at(-1) as number;
    for (const peer of peers.slice(0, -1)) for (const sequence of [1, 2]) rig.hear(peer, { type: 'announce', rumors: [rumor(sequence)] });
    rig.give({ type: 'connection-closed', connection: gone, reason: 'gone' });
    rig.hear(late, { type: 'announce', rumors: [rumor(1)] });
    rig.advance(2 * limits.maxAnnouncers * limits.graftDelayMs);
    expect(peers.map((peer) => ofType(rig, peer, 'graft').length)).toEqual([0, 1, 1, 1, 0, 1]);
  });

  it('is waited for within a bound for each peer, and one for all', () => {
    const rig = new CoreRig();
    const rumors = (round: number) => Array.from({ length: limits.maxAnnouncements }, (_, j) => ({ ...rumor(1), prefix: Uint8Array.from([9, round, j >> 8, j & 255, 0, 0, 0, 0]) }));
    const peers = Array.from({ length: limits.maxMissing / limits.maxPeerMissing + 1 }, (_, i) => rig.connect(toyKey(6, i)));
    const reached = () => rig.all('limit-reached').map(({ limit }) => limit);
    const [first = 0, second = 0] = peers;
    rig.hear(first, { type: 'announce', rumors: rumors(0) });
    rig.hear(first, { type: 'announce', rumors: rumors(1) });
    expect(reached()).toEqual(['maxPeerMissing']);
    rig.hear(second, { type: 'announce', rumors: rumors(1) });
    expect(reached()).toEqual(['maxPeerMissing']);
    peers.slice(2).forEach((peer, i) => rig.hear(peer, { type: 'announce', rumors: rumors(2 + i) }));
    expect(reached()).toEqual(['maxPeerMissing', 'maxMissing']);
    rig.advance(limits.graftDelayMs);
    rig.clear();
    rig.hear(first, { type: 'announce', rumors: rumors(1) });
    expect(reached()).toEqual([]);
  });
});

it('gives up the place of what a peer announced when its connection ends (PROTOCOL 7.5.4)', () => {
  const rig = new CoreRig();
  const rumors = (round: number) => Array.from({ length: limits.maxPeerMissing }, (_, i) => ({ prefix: Uint8Array.from([9, round, i >> 8, i & 255, 0, 0, 0, 0]), incarnation: 1, sequence: 1, hops: 1 }));
  for (let round = 0; round < limits.maxMissing / limits.maxPeerMissing; round++) {
    const connection = rig.connect(toyKey(6, 1), 'accepted', { incarnation: round + 1 });
    rig.hear(connection, { type: 'announce', rumors: rumors(round) });
    rig.give({ type: 'connection-closed', connection, reason: 'gone' });
  }
  const honest = rig.connect(toyKey(6, 2));
  rig.hear(honest, { type: 'announce', rumors: rumors(9) });
  rig.advance(limits.graftDelayMs);
  expect(ofType(rig, honest, 'graft').flatMap(({ wanted }) => wanted)).toHaveLength(limits.maxPeerMissing);
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
  expect(ofType(rig, a, 'graft')).toHaveLength(1);
  rig.advance(limits.askIntervalMs);
  rig.push(a, [sampleOf(unknown, 20)]);
  expect(ofType(rig, a, 'graft')).toHaveLength(2);
});
