/** The checks themselves: each complains of what it is there for, and of nothing else. */
import { decodeBundle, encodeBundle, type EngineStatistics, type Event, kinds, limits, messageOfUnsigned, sealBundle } from '@starling/gossip';
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeMessage } from '../../services/gossip/src/wire/codec.js';
import type { Push } from '../../services/gossip/src/wire/message.js';
import { excesses } from '../simulator/src/bounds.js';
import { clone } from '../simulator/src/faults.js';
import { Run } from '../simulator/src/run.js';
import type { SimulatedNode } from '../simulator/src/simulated-node.js';
import { clusterTag, toySign } from '../simulator/src/toy-crypto.js';
import { planOf } from './plan-of.js';

let run: Run;
let observer: SimulatedNode;
let origin: SimulatedNode;

beforeEach(() => {
  run = new Run({ plan: planOf('steady'), seed: 1, nodes: 4, seconds: 20 });
  [observer, origin] = run.populate(4, 1) as [SimulatedNode, SimulatedNode];
  run.advance(10);
  expect(run.checks.failures).toEqual([]);
});

function complaints(): string[] {
  return run.checks.failures.map(({ what }) => what);
}

function merge(sequence: number, signed: 'signed' | 'not signed', hops = 1): void {
  const unsigned = encodeBundle({ clusterTag, origin: origin.key.id, incarnation: 1, sequence, timeMs: 1, lifetimeS: 1, records: [{ kind: kinds.sample, payload: new Uint8Array(9) }] });
  const message = messageOfUnsigned(unsigned);
  const bytes = sealBundle(unsigned, signed === 'signed' ? run.world.sign(origin, message) : toySign(origin.key.publicKey, message));
  const decoding = decodeBundle(bytes);
  if (!decoding.ok) throw new Error(decoding.reason);
  run.checks.onEvent(observer, { type: 'record-merged', origin: origin.key.id, bundle: decoding.bundle, kinds: [kinds.sample], dropped: [], via: null, hops, ageMs: 0, path: 'eager' });
}

it('takes what its origin signed, in order', () => {
  merge(1_000, 'signed');
  merge(1_001, 'signed');
  expect(complaints()).toEqual([]);
});

it('sees what nobody signed', () => {
  merge(1_000, 'not signed');
  expect(complaints()).toEqual([expect.stringContaining('forged')]);
});

it('sees an order that goes back', () => {
  merge(1_001, 'signed');
  merge(1_000, 'signed');
  expect(complaints()).toEqual([expect.stringContaining('went back')]);
});

it('sees too many hops', () => {
  merge(1_000, 'signed', limits.maxHops + 1);
  expect(complaints()).toEqual([expect.stringContaining('hops')]);
});

it('sees who comes back from a farewell', () => {
  const change = { type: 'member-changed', origin: origin.key.id, incarnation: 1 } as const;
  run.checks.onEvent(observer, { ...change, state: 'left', previous: 'alive' });
  run.checks.onEvent(observer, { ...change, incarnation: 2, state: 'alive', previous: 'left' });
  expect(complaints()).toEqual([]);
  run.checks.onEvent(observer, { ...change, state: 'alive', previous: 'left' });
  expect(complaints()).toEqual([expect.stringContaining('come back')]);
});

it('sees a message that is too large', () => {
  const [link] = observer.links.values();
  if (link === undefined) throw new Error('no link');
  run.checks.onSend(observer, link, 'datagram', new Uint8Array(2_000));
  run.checks.onSend(observer, link, 'stream', new Uint8Array(limits.maxMessageBytes + 1));
  expect(complaints()).toHaveLength(2);
});

describe('a bound of the core', () => {
  const calm: EngineStatistics = { origins: 3, tombstones: 0, connections: 2, peers: 2, eagerPeers: 2, pendingVerifications: 0, queuedBytes: 0, addresses: 1, targetDegree: 2 };

  it.each<[string, number, (value: number) => string[]]>([
    ['origins', limits.maxOrigins, (origins) => excesses({ ...calm, origins }, 0)],
    ['tombstones', limits.maxTombstones, (tombstones) => excesses({ ...calm, tombstones }, 0)],
    ['connections', limits.maxConnections, (connections) => excesses({ ...calm, connections }, 0)],
    ['peers', calm.connections, (peers) => excesses({ ...calm, peers }, 0)],
    ['checks under way', limits.maxPendingVerifications, (pendingVerifications) => excesses({ ...calm, pendingVerifications }, 0)],
    ['addresses', limits.maxDiscoveredAddresses + limits.maxLearnedAddresses, (addresses) => excesses({ ...calm, addresses }, 0)],
    ['dials', limits.maxDials, (dials) => excesses(calm, dials)],
    ['queued bytes', 2 * 3 * limits.maxOriginBytes, (queuedBytes) => excesses({ ...calm, queuedBytes }, 0)],
  ])('of %s is kept at %i, and exceeded by one more or by less than nothing', (what, most, having) => {
    expect(having(most)).toEqual([]);
    expect(having(most + 1)).toEqual([expect.stringContaining(`${most + 1} ${what}`)]);
    expect(having(-1)).toContainEqual(expect.stringContaining(`-1 ${what}`));
  });

  it('is asked each round, of the core and of its dials, unless the node is malicious', () => {
    const { engine } = observer;
    if (engine === null) throw new Error('nothing runs');
    engine.statistics = () => ({ ...calm, tombstones: limits.maxTombstones + 1 });
    origin.dialling = limits.maxDials + 1;
    run.checks.round();
    expect(complaints()).toEqual([expect.stringMatching(`node ${observer.index} .* tombstones`), expect.stringMatching(`node ${origin.index} .* dials`)]);
    run.corrupt([observer, origin], ['forge']);
    run.checks.round();
    expect(complaints()).toHaveLength(2);
  });
});

describe('the budget of the repair', () => {
  const bundleBytes = limits.maxBundleBytes;
  const push = (path: Push['path']) => encodeMessage({ type: 'push', path, passages: [{ hops: 1, ageMs: 0, bytes: new Uint8Array(bundleBytes) }] });
  const send = (path: Push['path'], count: number) => {
    const [link] = observer.links.values();
    if (link === undefined) throw new Error('no link');
    for (let i = 0; i < count; i++) run.checks.onSend(observer, link, 'stream', push(path));
  };
  /** Bundles that may go at once when none went for a second. */
  const atOnce = limits.antiEntropyBytesPerSecond / bundleBytes;

  it('may be spent at once when it was saved', () => {
    send('anti-entropy', atOnce);
    send('eager', 2 * atOnce);
    run.checks.round();
    expect(complaints()).toEqual([]);
  });

  it('may not be overdrawn by more than a bundle', () => {
    send('anti-entropy', atOnce + 1);
    run.checks.round();
    expect(complaints()).toEqual([expect.stringMatching(`node ${observer.index} repaired with`)]);
  });

  it('is a new one after a round of a second', () => {
    for (let i = 0; i < 2; i++) {
      send('anti-entropy', atOnce);
      run.advance(1);
    }
    expect(complaints()).toEqual([]);
    send('anti-entropy', 2 * atOnce + 1);
    run.advance(1);
    expect(complaints()).toHaveLength(1);
  });
});

it('sees a healthy node given up for too long', () => {
  const change = { type: 'member-changed', origin: origin.key.id, incarnation: 1 } as const;
  run.health.onEvent(observer, { ...change, state: 'failed', previous: 'suspect' });
  run.advance(31);
  expect(complaints()).toEqual([expect.stringContaining('given up')]);
});

describe('an accusation', () => {
  const accusations = (): Event[] => [
    { type: 'own-identity-conflict', incarnation: 1, sequence: 9, repeated: false },
    { type: 'equivocation-proven', origin: origin.key.id, first: new Uint8Array(1), second: new Uint8Array(2) },
    { type: 'leaf-reused', fingerprint: new Uint8Array(32), first: origin.key.id, second: (run.world.nodes[2] as SimulatedNode).key.id },
    { type: 'peer-refused', connection: [...observer.links.keys()][0] as number, peer: null, reason: 'bytes that are no message' },
  ];
  const accuse = () => {
    for (const event of accusations()) run.reputation.onEvent(observer, event);
  };

  it('is seen where all are honest', () => {
    accuse();
    expect(complaints()).toEqual([expect.stringContaining('its own words'), expect.stringContaining('equivocation'), expect.stringContaining('one certificate'), expect.stringContaining('refuses node')]);
  });

  it('is right where one is malicious', () => {
    run.corrupt(run.world.nodes.filter((node) => node !== observer), ['forge']);
    accuse();
    expect(complaints()).toEqual([expect.stringContaining('its own words')]);
  });

  it('is right where two run under one identity, or a disk was restored', () => {
    clone(run, origin);
    for (const node of run.world.nodes.slice(2, 4)) {
      node.disk.incarnation -= 1;
      run.world.crash(node);
      run.world.start(node);
    }
    clone(run, observer);
    accuse();
    expect(complaints()).toEqual([]);
  });
});

it('sees that a network in pieces does not agree', () => {
  run.world.wiring.reaches = (from, to) => from.index % 2 === to.index % 2;
  run.checks.longestFalseDeathMs = Number.POSITIVE_INFINITY;
  run.advance(40);
  expect(run.converge(3)).toBeNull();
  expect(complaints()).toEqual([expect.stringContaining('not converged')]);
});
