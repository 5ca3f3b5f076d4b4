import { expect, it } from 'vitest';
import { putLast } from './put-last.js';

it('keeps so many, the newest, and says who had to go', () => {
  const map = new Map<string, number>();
  expect(['a', 'b', 'a', 'c'].map((key, i) => putLast(map, key, i, 2))).toEqual([null, null, null, 'b']);
  expect([...map]).toEqual([['a', 2], ['c', 3]]);
});
