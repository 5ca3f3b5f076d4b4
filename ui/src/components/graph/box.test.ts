import { expect, it } from 'vitest';
import { boxAround, isFree } from './box.js';

const taken = [boxAround(0, 0, 10, 5), boxAround(100, 0, 10, 5)];

it.each([
  [boxAround(0, 0, 1, 1), false],
  [boxAround(19, 0, 10, 5), false],
  [boxAround(-19, 0, 10, 5), false],
  [boxAround(0, 9, 10, 5), false],
  [boxAround(0, -9, 10, 5), false],
  [boxAround(100, 0, 200, 200), false],
  [boxAround(20, 0, 10, 5), true],
  [boxAround(0, 10, 10, 5), true],
  [boxAround(0, -10, 10, 5), true],
  [boxAround(-20, 0, 10, 5), true],
  [boxAround(50, 0, 39, 5), true],
])('tells whether %o is free', (box, free) => {
  expect(isFree(box, taken)).toBe(free);
});
