import { expect, it } from 'vitest';
import { simulate } from '../simulator/src/simulate.js';
import { planOf } from './plan-of.js';

/** All that a run yields, but for how long it took here. */
function outcome(seed: number) {
  const { took: _took, ...report } = simulate({ plan: planOf('swarm'), nodes: 16, seconds: 30, seed });
  return report;
}

it('runs twice the same, down to the trace', () => {
  expect(outcome(3)).toEqual(outcome(3));
});

it('runs differently from another seed', () => {
  expect(outcome(3).trace).not.toBe(outcome(4).trace);
});
