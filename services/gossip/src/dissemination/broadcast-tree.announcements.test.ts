/** What an announcement leads to (docs/PROTOCOL.md 7.5, 4 and 5). */
import { describe, expect, it } from 'vitest';
import { CoreRig, introductionOf, sampleOf, toyKey } from '../../../../test/support/core-rig.js';
import { messagesOfType, origin, prefix, tree } from '../../../../test/support/tree-rig.js';
import { limits } from '../limits.js';

describe('an announcement', () => {
  const rumor = (sequence: number, hops = 1) => ({ prefix, incarnation: 1, sequence, hops });

  it('of what does not come is followed by a graft', () => {
    const { rig, b } = tree();
    rig.hear(b, { type: 'announce', rumors: [rumor(2)] });
    rig.advance(limits.graftDelayMs - 1);
    expect(messagesOfType(rig, b, 'graft')).toEqual([]);
    rig.advance(2);
    expect(messagesOfType(rig, b, 'graft')).toMatchObject([{ wanted: [{ incarnation: 1, sequence: 1 }] }]);
  });

  it('of what is known or comes in time is not', () => {
    const { rig, a, b, c } = tree();
    rig.hear(b, { type: 'announce', rumors: [rumor(1)] });
    rig.hear(c, { type: 'announce', rumors: [rumor(2)] });
    rig.push(a, [sampleOf(origin, 2)]);
    rig.advance(2 * limits.graftDelayMs);
    expect([b, c].flatMap((connection) => messagesOfType(rig, connection, 'graft'))).toEqual([]);
  });

  it('of a way that is worth it changes the parent', () => {
    const rig = new CoreRig();
    const [a, b] = [rig.connect(toyKey(6, 1)), rig.connect(toyKey(6, 2))];
    rig.push(a, [introductionOf(origin)], 'eager', { hops: 2 + limits.worthwhileHops });
    rig.hear(b, { type: 'announce', rumors: [rumor(1, 2)] });
    rig.advance(limits.pruneDelayMs);
    expect([a, b].map((connection) => [messagesOfType(rig, connection, 'graft').length, messagesOfType(rig, connection, 'prune').length])).toEqual([[0, 0], [0, 0]]);
    rig.hear(b, { type: 'announce', rumors: [rumor(1, 1)] });
    rig.advance(limits.pruneDelayMs);
    const graftsAndPrunes = () => [a, b].map((connection) => [messagesOfType(rig, connection, 'graft').length, messagesOfType(rig, connection, 'prune').length]);
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
    expect(messagesOfType(rig, a, 'prune')).toEqual([]);
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
    expect(messagesOfType(rig, b, 'graft').map(({ wanted }) => wanted.length)).toEqual([limits.maxRequestedOrigins, 1]);
  });

  it('leads to its announcer, though another announces all the time what it does not have', () => {
    const { rig, b, c } = tree();
    for (let round = 0; round < 8; round++) {
      rig.hear(b, { type: 'announce', rumors: [rumor(1_000_000 + round)] });
      rig.advance(10);
      rig.hear(c, { type: 'announce', rumors: [rumor(2 + round)] });
      rig.advance(limits.graftDelayMs - 10);
    }
    expect(messagesOfType(rig, c, 'graft').length).toBeGreaterThanOrEqual(3);
    rig.clear();
    rig.hear(c, { type: 'announce', rumors: [rumor(20)] });
    rig.advance(limits.maxAnnouncers * limits.graftDelayMs);
    expect(messagesOfType(rig, c, 'graft')).toHaveLength(1);
  });

  it('is followed by grafts to some of those from whom it came, one after the other, until it has come', () => {
    const rig = new CoreRig();
    const peers = Array.from({ length: limits.maxAnnouncers + 1 }, (_, i) => rig.connect(toyKey(6, 1 + i)));
    for (const peer of peers) rig.hear(peer, { type: 'announce', rumors: [rumor(1)] });
    const grafts = () => peers.map((peer) => messagesOfType(rig, peer, 'graft').length);
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
    const grafts = () => [b, c].map((peer) => messagesOfType(rig, peer, 'graft').length);
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
    expect(peers.map((peer) => messagesOfType(rig, peer, 'graft').length)).toEqual([0, 1, 1, 1, 0, 1]);
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
  expect(messagesOfType(rig, honest, 'graft').flatMap(({ wanted }) => wanted)).toHaveLength(limits.maxPeerMissing);
});
