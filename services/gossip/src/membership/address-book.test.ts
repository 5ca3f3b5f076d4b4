import { expect, it } from 'vitest';
import { clusterTag, CoreRig, helloOf, toyKey } from '../../../../test/support/core-rig.js';
import { Context } from '../context.js';
import { limits } from '../limits.js';
import { AddressBook } from './address-book.js';

const address = (i: number) => `10.2.0.${i}:9740`;

it('forgets what discovery no longer names, but not for an answer of nothing', () => {
  const rig = new CoreRig();
  rig.give({ type: 'discovered', addresses: [address(1), address(2)] });
  expect(rig.engine.statistics().addresses).toBe(2);
  rig.give({ type: 'discovered', addresses: [] });
  expect(rig.engine.statistics().addresses).toBe(2);
  rig.give({ type: 'discovered', addresses: [address(2)] });
  expect(rig.engine.statistics().addresses).toBe(1);
});

it('bounds what is remembered of former peers', () => {
  const rig = new CoreRig();
  for (let i = 0; i < 3 * limits.maxLearnedAddresses; i++) {
    const connection = rig.connect(toyKey(3, i + 1));
    rig.give({ type: 'connection-closed', connection, reason: 'gone' });
  }
  expect(rig.engine.statistics().addresses).toBe(limits.maxLearnedAddresses);
});

it('remembers one address of a former peer, the newest, whatever it comes from', () => {
  const rig = new CoreRig();
  const leave = (i: number) => rig.give({ type: 'connection-closed', connection: rig.connect(toyKey(3, i)), reason: 'gone' });
  leave(1);
  for (let i = 0; i < limits.maxLearnedAddresses; i++) leave(2);
  expect(rig.engine.statistics().addresses).toBe(2);
  rig.clear();
  rig.advance(2_000);
  expect(rig.dialled.sort()).toEqual(['10.0.0.1:9740', `10.0.0.${limits.maxLearnedAddresses + 1}:9740`]);
});

it('waits longer after each failure, up to a bound, and then as at first', () => {
  const rig = new CoreRig();
  const context = new Context({ clusterTag, self: rig.key.id, incarnation: 1, credential: new Uint8Array(0), descriptor: { name: 'n', version: '1', labels: {}, metrics: [] }, advertise: null, sampleIntervalMs: 1_000, connections: { type: 'logarithmic' }, random: () => 0.5 });
  const book = new AddressBook(context);
  book.discovered([address(1)]);
  const waits = Array.from({ length: 10 }, () => {
    book.dial(address(1));
    book.failed(address(1));
    expect(book.next(new Set(), 'impatient')).toBe(address(1));
    expect(book.next(new Set(), 'patient')).toBeUndefined();
    const failedAtMs = context.nowMs;
    while (book.next(new Set(), 'alone') === undefined) context.now = { monotonicMs: context.nowMs + 500, wallMs: 0 };
    return context.nowMs - failedAtMs;
  });
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60].map((seconds) => seconds * limits.dialBackoffMs));
  book.lasted(address(1));
  expect(book.next(new Set(), 'patient')).toBe(address(1));
  book.failed(address(1));
  expect(book.next(new Set(), 'patient')).toBeUndefined();
  context.now = { monotonicMs: context.nowMs + limits.dialBackoffMs, wallMs: 0 };
  expect(book.next(new Set(), 'patient')).toBe(address(1));
});

it('leaves former peers out for a while, unless there is nobody else', () => {
  const rig = new CoreRig();
  rig.give({ type: 'connection-closed', connection: rig.connect(toyKey(3, 1)), reason: 'gone' });
  rig.advance(limits.overlayIntervalMs);
  expect(rig.dialled).toEqual(['10.0.0.1:9740']);
  rig.connect(toyKey(3, 2));
  rig.give({ type: 'connection-closed', connection: rig.connect(toyKey(3, 3)), reason: 'gone' });
  rig.advance(limits.healIntervalMs / 2);
  expect(rig.dialled).toEqual(['10.0.0.1:9740']);
});

it('never dials what it knows to be its own', () => {
  const rig = new CoreRig({ advertise: address(1) });
  rig.give({ type: 'discovered', addresses: [address(1)] });
  rig.advance(5_000);
  expect(rig.dialled).toEqual([]);
});

it('dials what led to itself not again for a while, and then again: it may have been a lie, or be another now', () => {
  const rig = new CoreRig();
  rig.give({ type: 'discovered', addresses: [address(1)] });
  expect(rig.dialled).toEqual([address(1)]);
  rig.hear(rig.open(rig.key, 'dialled', address(1)), helloOf(rig.key));
  rig.give({ type: 'discovered', addresses: [address(1)] });
  rig.advance(limits.ownAddressMs - 1_000);
  expect(rig.dialled).toEqual([address(1)]);
  expect(rig.engine.statistics().addresses).toBe(0);
  rig.advance(3_000);
  expect(rig.dialled).toEqual([address(1), address(1)]);
});

it('keeps the latest of the addresses that led to itself, and always the one that it advertises', () => {
  const rig = new CoreRig({ advertise: address(0) });
  const many = Array.from({ length: limits.maxDiscoveredAddresses }, (_, i) => address(i + 1));
  for (const one of [address(0), ...many]) rig.hear(rig.open(rig.key, 'dialled', one), helloOf(rig.key));
  rig.clear();
  rig.give({ type: 'discovered', addresses: [address(0), address(1), address(limits.maxDiscoveredAddresses)] });
  rig.advance(100);
  expect(rig.dialled).toEqual([address(1)]);
});
