import { expect, it } from 'vitest';
import { readAddress, writeAddress, type PageState } from './page-address.js';
import { defaultSort } from './node-rows.js';
import { idOf } from './sample-network.fixture.js';

const plain: PageState = { node: null, view: null, metric: null, sort: defaultSort, search: '', from: null };

it('leaves the address alone while everything is as it is by default', () => {
  expect(writeAddress(plain)).toBe('');
  expect(readAddress('')).toEqual(plain);
});

it('reads what it wrote', () => {
  const state: PageState = { node: idOf(1), view: 'table', metric: 'system.memory.usage', sort: { column: 'age', direction: 'descending' }, search: 'zone=a &b', from: 'node 3' };
  expect(readAddress(writeAddress(state))).toEqual(state);
});

it('takes nothing from an address that it would not have written', () => {
  expect(readAddress('?node=xyz&view=cube&metric=<b>&sort=-colour')).toEqual(plain);
  expect(readAddress(`?search=${'x'.repeat(1_000)}`).search).toHaveLength(200);
});
