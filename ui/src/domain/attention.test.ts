import { refusalReasons } from '@starling/gossip';
import { describe, expect, it } from 'vitest';
import { attentionOf, maxItems, passingMs } from './attention.js';
import { livenessOf, type LivenessFacts } from './liveness.js';
import { viewOfSnapshot, viewWithChanges, type NetworkView } from './network-view.js';
import { changesOf, idOf, nodeOf, particularsOf, snapshotOf } from './sample-network.fixture.js';

const nowMs = Date.parse('2026-11-24T12:00:00Z');
const hour = 3_600_000;
const live = { state: 'live', text: 'live', detail: null } as const;

function certificate(fromHours: number, untilHours: number) {
  const at = (hours: number) => new Date(nowMs + hours * hour).toISOString();
  return { fingerprint: 'ab', uri: 'spiffe://test/leaf/x', binding: 'first-come' as const, notBefore: at(fromHours), notAfter: at(untilHours), rootFingerprint: 'cd' };
}

it('has nothing to say of a network that is well', () => {
  const view = viewOfSnapshot(snapshotOf([nodeOf(0), nodeOf(1, { state: 'left', ageSeconds: 500 })], { details: { [idOf(0)]: particularsOf({ certificate: certificate(-1, 23) }) } }), nowMs);
  expect(attentionOf(view, live)).toEqual({ items: [], more: 0 });
});

it('puts the worst first, and the oldest first among equals', () => {
  const nodes = [nodeOf(0), nodeOf(1, { state: 'suspect', ageSeconds: 8 }), nodeOf(2, { state: 'failed', ageSeconds: 20 }), nodeOf(3, { ageSeconds: 6 }), nodeOf(4), nodeOf(5), nodeOf(6)];
  const details = { [idOf(4)]: particularsOf({ certificate: certificate(-9, 1) }), [idOf(5)]: particularsOf({ certificate: certificate(-9, -1) }), [idOf(6)]: particularsOf({ equivocated: true }) };
  const view = viewOfSnapshot(snapshotOf(nodes, { details, agreement: { agreeing: 3, total: 5, views: 2 }, refused: { 'signature-invalid': 2, malformed: 0 } }), nowMs);
  expect(attentionOf(view, live).items.map((item) => item.key)).toEqual([
    `equivocation:${idOf(6)}`,
    `failed:${idOf(2)}`,
    `expired:${idOf(5)}`,
    `suspect:${idOf(1)}`,
    `quiet:${idOf(3)}`,
    `expiring:${idOf(4)}`,
    'refused:signature-invalid',
    'views',
  ]);
});

it('says why a node is away, where that is known', () => {
  const absence = { reason: 'machine-lost', since: new Date(nowMs).toISOString() } as const;
  const view = viewOfSnapshot(snapshotOf([nodeOf(0, { state: 'failed', absence }), nodeOf(1, { state: 'failed' })]), nowMs);
  expect(attentionOf(view, live).items.map(({ text }) => text)).toEqual(expect.arrayContaining(['failed 1 min 00 s ago: machine lost', 'failed 1 min 00 s ago']));
});

it('says how many more there are than it lists', () => {
  const nodes = Array.from({ length: maxItems + 3 }, (_, i) => nodeOf(i, { state: 'failed' }));
  const proven = idOf(maxItems + 3);
  nodes.push(nodeOf(maxItems + 3, { ageSeconds: 0 }));
  const attention = attentionOf(viewOfSnapshot(snapshotOf(nodes, { details: { [proven]: particularsOf({ equivocated: true }) } }), nowMs), live);
  expect(attention.items).toHaveLength(maxItems);
  expect([attention.items[0]?.nodeId, attention.more]).toEqual([proven, 4]);
});

it('takes nobody for quiet because this page hears nothing itself', () => {
  const facts: LivenessFacts = { connection: 'open', upstream: null, from: 'node-0', isOffered: true, lastChangeMs: nowMs, sampleIntervalSeconds: 1, nowMs: nowMs + 60_000 };
  const snapshot = viewOfSnapshot(snapshotOf([nodeOf(0), nodeOf(1)]), nowMs);
  const itemsIn = (fields: Partial<LivenessFacts>) => attentionOf(snapshot, livenessOf({ ...facts, ...fields })).items.map(({ severity, title, text }) => [severity, title, text]);
  expect(itemsIn({})).toEqual([['warning', 'node-0', 'sends nothing: nothing newer is known']]);
  expect(itemsIn({ upstream: { state: 'away', since: '2026-11-24T12:00:00Z', detail: null } })).toEqual([['critical', 'node-0', 'is out of reach: nothing newer is known']]);
  expect(itemsIn({ connection: 'reconnecting' })).toEqual([['critical', 'This page', 'is reconnecting: nothing newer is known']]);
  // As little as this page is alarmed itself.
  expect(itemsIn({ connection: 'reconnecting', nowMs })).toEqual([]);
  expect(attentionOf(snapshot, null).items).toEqual([]);

  const later = viewWithChanges(snapshot, changesOf({ nodes: [nodeOf(0)] }), nowMs + 10_000);
  expect(later === null ? [] : attentionOf(later, live).items.map(({ title, text }) => `${title} ${text}`)).toEqual(['node-1 quiet for 10 s, still counted alive']);
});

it('puts its own silence before all else', () => {
  const view = viewOfSnapshot(snapshotOf([nodeOf(0), nodeOf(1, { state: 'failed' })]), nowMs);
  const stale = livenessOf({ connection: 'open', upstream: null, from: 'node-0', isOffered: true, lastChangeMs: nowMs, sampleIntervalSeconds: 1, nowMs: nowMs + 5_000 });
  expect(attentionOf(view, stale).items.map(({ key }) => key)).toEqual(['silence', `failed:${idOf(1)}`]);
});

describe('of refused records', () => {
  const began = viewOfSnapshot(snapshotOf([nodeOf(0)], { refused: { 'own-identity': 1, 'credential-missing': 11, superseded: 3 } }), nowMs);
  const after = (view: NetworkView, atMs: number, refused: Record<string, number> | null) => viewWithChanges(view, changesOf({ nodes: [nodeOf(0)], refused }), atMs) as NetworkView;
  const refusalsIn = (view: NetworkView) => attentionOf(view, live).items.map(({ severity, title, text }) => `${severity}: ${title} ${text.replace(/:.*/, '')}`);
  const ownIdentity = 'warning: 1 record refused by node-0 since it began';

  it('keeps the grave ones, and lists the others while they come', () => {
    expect(refusalsIn(began)).toEqual([ownIdentity]);
    const grown = after(began, nowMs + 1_000, { 'own-identity': 1, 'credential-missing': 12, superseded: 4, departed: 1 });
    expect(refusalsIn(grown)).toEqual([ownIdentity, 'notice: 12 records refused by node-0 since it began, the last 0.0 s ago']);
    const last = after(grown, nowMs + 1_000 + passingMs, { 'own-identity': 1, 'credential-missing': 12, superseded: 9 });
    expect(refusalsIn(last)).toEqual([ownIdentity, 'notice: 12 records refused by node-0 since it began, the last 10 min 00 s ago']);
    expect(refusalsIn(after(last, nowMs + 2_000 + passingMs, null))).toEqual([ownIdentity]);
  });

  it('knows of those that came before the stream was opened anew', () => {
    const again = viewOfSnapshot(snapshotOf([nodeOf(0)], { refused: { 'too-old': 2, 'credential-missing': 11 } }), nowMs + 5_000, began);
    expect(refusalsIn(again)).toEqual(['notice: 2 records refused by node-0 since it began, the last 0.0 s ago']);
  });

  it('says what each means, in words', () => {
    const reasons = [...refusalReasons, ...['malformed', 'untrusted-chain', 'expired', 'bad-signature', 'unheard-of'].map((name) => `credential-${name}`)];
    const counted = after(began, nowMs, Object.fromEntries(reasons.map((reason) => [reason, 20])));
    const { items } = attentionOf(counted, live);
    expect(items.length).toBe(reasons.length - 2);
    for (const { key, text } of items) {
      const [, name = ''] = key.split(':');
      expect(text).toMatch(/: [a-z].{20}/);
      if (name.includes('-')) expect(text).not.toContain(name);
    }
  });
});
