import { expect, it } from 'vitest';
import { addressesOfSlice, addressesOfSlices } from './endpoint-slices.js';

const slice = (endpoints: readonly object[], port: object = { name: 'gossip', port: 9_740, protocol: 'UDP' }) => addressesOfSlice({ ports: [{ name: 'api', port: 9_741 }, port], endpoints });

it('gives the addresses of a slice at the port of gossip, ready or not', () => {
  const endpoints = [
    { addresses: ['10.0.0.1'], conditions: { ready: true, serving: true, terminating: false } },
    { addresses: ['fd00::2'], conditions: { ready: false, serving: false } },
    { addresses: ['10.0.0.3'], conditions: null },
  ];
  expect(slice(endpoints)).toEqual(['10.0.0.1:9740', '[fd00::2]:9740', '10.0.0.3:9740']);
});

it('leaves out who is on its way out, and what is no address', () => {
  expect(slice([{ addresses: ['10.0.0.1'], conditions: { ready: true, terminating: true } }, { addresses: ['a.example', 7] }, {}, null as unknown as object])).toEqual([]);
});

it('is nothing without the port', () => {
  for (const port of [{ name: 'other', port: 1 }, { name: 'gossip' }, { name: 'gossip', port: 0 }, { name: 'gossip', port: 70_000 }]) expect(slice([{ addresses: ['10.0.0.1'] }], port)).toBeNull();
  for (const foreign of [null, 7, 'x', {}, { ports: {} }]) expect(addressesOfSlice(foreign)).toBeNull();
});

it('names nobody twice, and of too many only some, any of them', () => {
  expect(addressesOfSlices([['a', 'b'], ['b', 'c']], () => 0)).toEqual(['a', 'b', 'c']);
  const many = Array.from({ length: 300 }, (_, i) => `10.0.${i >> 8}.${i & 255}:1`);
  for (const random of [0, 0.5, 0.999_999]) {
    const some = addressesOfSlices([many], () => random);
    expect(new Set(some).size).toBe(256);
    expect(some.every((address) => many.includes(address))).toBe(true);
  }
  expect(addressesOfSlices([many], () => 0.999_999)).toContain(many[299]);
});
