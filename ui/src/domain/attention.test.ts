import { expect, it } from 'vitest';
import { attentionOf, maxItems } from './attention.js';
import { viewOfSnapshot } from './network-view.js';
import { idOf, nodeOf, particularsOf, snapshotOf } from './sample-network.fixture.js';

const nowMs = Date.parse('2026-11-24T12:00:00Z');
const hour = 3_600_000;

function certificate(fromHours: number, untilHours: number) {
  const at = (hours: number) => new Date(nowMs + hours * hour).toISOString();
  return { fingerprint: 'ab', uri: 'spiffe://test/leaf/x', binding: 'first-come' as const, notBefore: at(fromHours), notAfter: at(untilHours), rootFingerprint: 'cd' };
}

it('has nothing to say of a network that is well', () => {
  const view = viewOfSnapshot(snapshotOf([nodeOf(0), nodeOf(1, { state: 'left', ageSeconds: 500 })], { details: { [idOf(0)]: particularsOf({ certificate: certificate(-1, 23) }) } }), nowMs);
  expect(attentionOf(view, nowMs)).toEqual({ items: [], more: 0 });
});

it('puts the worst first, and the oldest first among equals', () => {
  const nodes = [nodeOf(0), nodeOf(1, { state: 'suspect', ageSeconds: 8 }), nodeOf(2, { state: 'failed', ageSeconds: 20 }), nodeOf(3, { ageSeconds: 6 }), nodeOf(4), nodeOf(5), nodeOf(6)];
  const details = { [idOf(4)]: particularsOf({ certificate: certificate(-9, 1) }), [idOf(5)]: particularsOf({ certificate: certificate(-9, -1) }), [idOf(6)]: particularsOf({ equivocated: true }) };
  const view = viewOfSnapshot(snapshotOf(nodes, { details, agreement: { agreeing: 3, total: 5, views: 2 }, refused: { 'bad-signature': 2, expired: 0 } }), nowMs);
  expect(attentionOf(view, nowMs).items.map((item) => item.key)).toEqual([
    `failed:${idOf(2)}`,
    ...[`equivocation:${idOf(6)}`, `expired:${idOf(5)}`].sort(),
    `suspect:${idOf(1)}`,
    `quiet:${idOf(3)}`,
    `expiring:${idOf(4)}`,
    'refused:bad-signature',
    'views',
  ]);
});

it('says why a node is away, where that is known', () => {
  const absence = { reason: 'machine-lost', since: new Date(nowMs).toISOString() } as const;
  const view = viewOfSnapshot(snapshotOf([nodeOf(0, { state: 'failed', absence }), nodeOf(1, { state: 'failed' })]), nowMs);
  expect(attentionOf(view, nowMs).items.map(({ text }) => text)).toEqual(expect.arrayContaining(['failed 1 min 00 s ago: machine lost', 'failed 1 min 00 s ago']));
});

it('says how many more there are than it lists', () => {
  const nodes = Array.from({ length: maxItems + 3 }, (_, i) => nodeOf(i, { state: 'failed' }));
  const attention = attentionOf(viewOfSnapshot(snapshotOf(nodes), nowMs), nowMs);
  expect(attention.items).toHaveLength(maxItems);
  expect(attention.more).toBe(3);
});
