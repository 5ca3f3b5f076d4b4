import { describe, expect, it } from 'vitest';
import { CoreRig, introductionOf, toyKey } from '../../../../test/support/core-rig.js';
import { limits } from '../limits.js';
import { closeCodes } from './connections.js';
import { targetDegree } from './overlay.js';

const peers = Array.from({ length: 40 }, (_, i) => toyKey(4, i + 1));
const walker = '10.3.0.1:9740';

describe('the connections sought (PROTOCOL 6.1)', () => {
  it.each([
    [1, 1], [2, 1], [3, 2], [4, 3], [10, 5], [1_000, 11], [20_000, 16],
  ])('of %i members, by their logarithm: %i', (members, sought) => expect(targetDegree(members, { type: 'logarithmic' })).toBe(sought));

  it.each([
    [1, 0.3, 1], [3, 0.3, 2], [10, 0.3, 3], [10, 1, 9], [100, 0.5, 50], [10_000, 0.5, limits.maxConnections - 32],
  ])('of %i members, by a ratio of %f: %i', (members, ratio, sought) => expect(targetDegree(members, { type: 'ratio', ratio })).toBe(sought));
});

describe('a walk that looks for peers', () => {
  const walking = () => {
    const rig = new CoreRig();
    const [from, to] = [rig.connect(peers[0] as (typeof peers)[number]), rig.connect(peers[1] as (typeof peers)[number])];
    rig.clear();
    return { rig, from, to };
  };
  const joins = (rig: CoreRig, connection: number) => rig.messagesTo(connection).filter((message) => message.type === 'join');

  it('goes on to another than it came from, a step shorter, and is not remembered', () => {
    const { rig, from, to } = walking();
    rig.hear(from, { type: 'join', steps: 3, address: walker });
    expect(joins(rig, to)).toEqual([{ type: 'join', steps: 2, address: walker }]);
    expect(joins(rig, from)).toEqual([]);
    expect(rig.dialled).toEqual([]);
    expect(rig.engine.statistics().addresses).toBe(0);
  });

  it('ends where its steps do: the address is dialled', () => {
    const { rig, from, to } = walking();
    rig.hear(from, { type: 'join', steps: 0, address: walker });
    expect(joins(rig, to)).toEqual([]);
    expect(rig.dialled).toEqual([walker]);
  });

  it('leaves a dial for the addresses known, whatever others name', () => {
    const { rig, from } = walking();
    const named = Array.from({ length: limits.maxDials }, (_, i) => `10.3.1.${i}:9740`);
    for (const address of named) rig.hear(from, { type: 'join', steps: 0, address });
    expect(rig.dialled).toEqual(named.slice(0, limits.maxJoinDials));
    rig.clear();
    const known = [walker, '10.3.0.2:9740'];
    rig.give({ type: 'discovered', addresses: known });
    rig.advance(2 * limits.rotateIntervalMs);
    expect(rig.dialled).toHaveLength(1);
    rig.give({ type: 'dial-failed', address: named[0] as string, reason: 'no answer' });
    rig.advance(2 * limits.overlayIntervalMs);
    expect(rig.dialled.sort()).toEqual(known.sort());
  });

  it('is cut to the steps of a walk', () => {
    const { rig, from, to } = walking();
    rig.hear(from, { type: 'join', steps: 255, address: walker });
    expect(joins(rig, to)).toEqual([{ type: 'join', steps: limits.joinSteps - 1, address: walker }]);
  });

  it('is of no use for what is no address, and too often', () => {
    const { rig, from, to } = walking();
    rig.hear(from, { type: 'join', steps: 3, address: 'example.org:80' });
    expect(joins(rig, to)).toEqual([]);
    for (let i = 0; i < 2 * limits.maxJoinsPerMinute; i++) rig.hear(from, { type: 'join', steps: 3, address: walker });
    expect(joins(rig, to)).toHaveLength(limits.maxJoinsPerMinute - 1);
    expect(rig.all('limit-reached')[0]).toMatchObject({ limit: 'maxJoinsPerMinute' });
    expect(rig.closed).toEqual([]);
  });

  it('starts where connections are wanted and no address is left, with the own address alone', () => {
    const rig = new CoreRig({ advertise: '10.3.0.9:9740' });
    const connection = rig.connect(peers[0] as (typeof peers)[number]);
    for (const key of peers.slice(1, 20)) rig.push(connection, [introductionOf(key, 1, rig.nowMs)]);
    rig.clear();
    rig.advance(4_000);
    expect(joins(rig, connection)[0]).toEqual({ type: 'join', steps: limits.joinSteps, address: '10.3.0.9:9740' });
  });
});

it('sheds what is beyond the target, not before its time and not all at once', () => {
  const rig = new CoreRig();
  for (const key of peers.slice(0, 12)) rig.connect(key, 'accepted', { peers: 4 });
  const { peers: count, targetDegree: target } = rig.engine.statistics();
  const surplus = count - target - limits.surplusConnections;
  expect(surplus).toBeGreaterThan(4);
  rig.advance(limits.crowdedAfterMs - 300);
  expect(rig.closed).toEqual([]);
  rig.advance(2_000);
  expect(rig.closed.length).toBeGreaterThan(0);
  expect(rig.closed.length).toBeLessThan(surplus);
  rig.advance(60_000);
  expect(new Set(rig.closed.map(({ code }) => code))).toEqual(new Set([closeCodes.surplus]));
  expect(rig.engine.statistics().peers).toBe(rig.engine.statistics().targetDegree + limits.surplusConnections);
});

describe('a node without a connection', () => {
  const seed = '10.3.2.1:9740';
  const key = peers[0] as (typeof peers)[number];
  /** What may become of a dial, at once. */
  const ends: [string, (rig: CoreRig) => void][] = [
    ['that fails', (rig) => rig.give({ type: 'dial-failed', address: seed, reason: 'no address that this socket reaches' })],
    ['that is refused after TLS', (rig) => rig.give({ type: 'connection-closed', connection: rig.open(key, 'dialled', seed), reason: 'closed by the other side' })],
    ['that is refused by itself', (rig) => rig.hearBytes(rig.open(key, 'dialled', seed), new Uint8Array(3))],
    ['that is refused when it holds the other for a peer', (rig) => rig.give({ type: 'connection-closed', connection: rig.connect(key, 'dialled', { address: seed }), reason: 'closed by the other side' })],
    ['for which it has no room itself', (rig) => {
      const others = Array.from({ length: limits.maxHandshakesPerLeaf }, () => rig.open(key));
      rig.open(key, 'dialled', seed);
      for (const connection of others) rig.give({ type: 'connection-closed', connection, reason: 'gone' });
    }],
  ];
  it.each(ends)('waits longer after each dial %s', (_, end) => {
    const rig = new CoreRig();
    // Past the first try of PROTOCOL 6.9, which leaves nothing out.
    rig.advance(2 * limits.healIntervalMs);
    rig.give({ type: 'discovered', addresses: [seed] });
    const waits: number[] = [];
    for (let dialledAtMs = rig.nowMs; waits.length < 4; dialledAtMs = rig.nowMs) {
      rig.clear();
      end(rig);
      while (rig.dialled.length === 0) rig.advance(100);
      waits.push(rig.nowMs - dialledAtMs);
    }
    waits.forEach((wait, i) => expect(wait).toBeGreaterThanOrEqual(0.75 * limits.dialBackoffMs * 2 ** i));
  });

  it('dials at once whom it was connected with for a while, however often it had failed to be', () => {
    const rig = new CoreRig();
    rig.advance(2 * limits.healIntervalMs);
    rig.give({ type: 'discovered', addresses: [seed] });
    for (let i = 0; i < 5; i++) rig.give({ type: 'dial-failed', address: seed, reason: 'no answer' });
    const connection = rig.connect(key, 'dialled', { address: seed });
    rig.advance(limits.handshakeDeadlineMs);
    rig.clear();
    rig.give({ type: 'connection-closed', connection, reason: 'gone' });
    rig.advance(limits.overlayIntervalMs / 4);
    expect(rig.dialled).toEqual([seed]);
  });

  it('goes on trying every few seconds when it had one', () => {
    const rig = new CoreRig();
    const connection = rig.connect(key, 'dialled', { address: seed });
    rig.advance(limits.handshakeDeadlineMs);
    rig.give({ type: 'connection-closed', connection, reason: 'gone' });
    const dialsOf = (milliseconds: number) => {
      let dials = 0;
      for (const untilMs = rig.nowMs + milliseconds; rig.nowMs < untilMs; rig.advance(100)) {
        for (const address of rig.dialled.splice(0)) {
          dials += 1;
          rig.give({ type: 'dial-failed', address, reason: 'no answer' });
        }
      }
      return dials;
    };
    dialsOf(limits.retentionMs);
    const inAMinute = dialsOf(60_000);
    expect(inAMinute).toBeGreaterThan(60_000 / (2 * limits.healIntervalMs));
    expect(inAMinute).toBeLessThan(120_000 / limits.healIntervalMs);
  });
});

it('tries a known address soon when somebody is missed, and otherwise now and then', () => {
  const rig = new CoreRig();
  const [near, far, silent] = peers.slice(0, 3) as [(typeof peers)[number], (typeof peers)[number], (typeof peers)[number]];
  const connection = rig.connect(near);
  rig.connect(far);
  rig.give({ type: 'discovered', addresses: [walker] });
  /** Time until the next dial, which fails. */
  const next = () => {
    const fromMs = rig.nowMs;
    while (rig.dialled.length === 0) rig.advance(100);
    for (const address of rig.dialled.splice(0)) rig.give({ type: 'dial-failed', address, reason: 'no answer' });
    return rig.nowMs - fromMs;
  };
  next();
  expect(next()).toBeGreaterThan(limits.rotateIntervalMs / 2);
  rig.push(connection, [introductionOf(silent, 1, rig.nowMs)]);
  while (rig.all('member-changed').every(({ state }) => state !== 'suspect')) rig.advance(100);
  expect(next()).toBeLessThan(2 * limits.healIntervalMs);
});

/** When discovery is asked, from the wake-ups of so long, milliseconds. */
function asked(rig: CoreRig, milliseconds: number): number[] {
  const times: number[] = [];
  for (const untilMs = rig.nowMs + milliseconds; rig.nowMs < untilMs; ) {
    rig.nowMs = rig.engine.nextWakeup()?.atMs ?? untilMs;
    if (rig.give({ type: 'wake-up' }).some(({ type }) => type === 'discover')) times.push(rig.nowMs);
  }
  return times;
}

it('asks discovery again for ever: soon while peers are wanting', () => {
  const times = asked(new CoreRig(), 600_000);
  expect((times[1] as number) - (times[0] as number)).toBeLessThan(4 * limits.discoverHurryMs);
  const last = times.slice(-2) as [number, number];
  expect(last[1] - last[0]).toBeGreaterThanOrEqual(limits.discoverIntervalMs);
});

it('asks discovery soon when the last peer is lost, and soon again', () => {
  const rig = new CoreRig();
  const connection = rig.connect(peers[0] as (typeof peers)[number]);
  asked(rig, 100_000);
  rig.give({ type: 'connection-closed', connection, reason: 'gone' });
  const lostAtMs = rig.nowMs;
  const [first, second] = asked(rig, 60_000) as [number, number];
  expect(first - lostAtMs).toBeLessThan(3 * limits.discoverHurryMs);
  expect(second - first).toBeLessThan(3 * limits.discoverHurryMs);
});
