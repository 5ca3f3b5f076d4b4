import { expect, it } from 'vitest';
import { plans } from '../simulator/src/plans/index.js';
import { simulate } from '../simulator/src/simulate.js';
import { planOf } from './plan-of.js';

/** Small versions of every plan; `npm run sim -- --nightly` runs the large ones. */
const small: Readonly<Record<string, { readonly nodes: number; readonly seconds: number; readonly seeds: readonly number[] }>> = {
  steady: { nodes: 40, seconds: 30, seeds: [1] },
  'half-crashes': { nodes: 40, seconds: 60, seeds: [1] },
  lossy: { nodes: 30, seconds: 30, seeds: [1] },
  pauses: { nodes: 30, seconds: 60, seeds: [1] },
  'partition-heals': { nodes: 24, seconds: 110, seeds: [1] },
  newcomer: { nodes: 1_000, seconds: 25, seeds: [1] },
  'churn-observer': { nodes: 30, seconds: 310, seeds: [1] },
  malicious: { nodes: 55, seconds: 40, seeds: [1, 2] },
  swarm: { nodes: 16, seconds: 40, seeds: [1, 2, 3, 4, 5, 6] },
  'ten-thousand': { nodes: 100, seconds: 15, seeds: [1] },
};

it('knows a small version of every plan', () => {
  expect(Object.keys(small).sort()).toEqual(plans.map(({ name }) => name).sort());
});

it.each(Object.entries(small).flatMap(([name, { nodes, seconds, seeds }]) => seeds.map((seed) => ({ name, nodes, seconds, seed }))))('$name, $nodes nodes, seed $seed', ({ name, nodes, seconds, seed }) => {
  const report = simulate({ plan: planOf(name), nodes, seconds, seed });
  expect(report.failures, report.command).toEqual([]);
});

it('sends each record to each node about once, over few hops', () => {
  const { figures } = simulate({ plan: planOf('steady'), nodes: 60, seconds: 30, seed: 7 });
  expect(figures['copies per delivery']).toBeLessThan(1.15);
  expect(figures['hops p99 / log2 N']).toBeLessThan(1.5);
  expect(figures['false deaths']).toBe(0);
});
