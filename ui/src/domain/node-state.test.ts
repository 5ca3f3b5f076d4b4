import { expect, it } from 'vitest';
import { agreementWord } from './node-state.js';
import { nodeOf } from './sample-network.fixture.js';

it('compares the views of nodes that speak, and of no others', () => {
  expect(agreementWord(nodeOf(1, { view: 'aa' }), 'aa')).toBe('agrees');
  expect(agreementWord(nodeOf(1, { view: 'aa', state: 'suspect' }), 'bb')).toBe('differs');
  expect(agreementWord(nodeOf(1, { view: null }), null)).toBe('not settled');
  expect(agreementWord(nodeOf(1, { view: 'aa', state: 'failed' }), 'aa')).toBe('–');
  expect(agreementWord(nodeOf(1, { view: null, state: 'left' }), 'aa')).toBe('–');
});
