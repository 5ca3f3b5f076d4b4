import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { simulate } from '../simulator/src/simulate.js';
import { planOf } from './plan-of.js';

interface Regression {
  readonly plan: string;
  readonly nodes: number;
  readonly seconds: number;
  readonly seed: number;
  readonly bug: string;
}

const regressions = JSON.parse(readFileSync(new URL('regression-seeds.json', import.meta.url), 'utf8')) as Regression[];

it.each(regressions)('$plan, $nodes nodes, seed $seed: $bug', ({ plan, nodes, seconds, seed }) => {
  const report = simulate({ plan: planOf(plan), nodes, seconds, seed });
  expect(report.failures, report.command).toEqual([]);
});
