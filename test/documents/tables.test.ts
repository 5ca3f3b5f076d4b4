/** docs/OPERATING.md has the settings, ports, metrics and alerts that there are: `npm run docs` writes them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { reportedLimits } from '../../services/gossip/src/limits.js';
import { alerts, tables, withTables } from './tables.js';

const path = join(import.meta.dirname, '..', '..', 'docs', 'OPERATING.md');

it('the tables are current', () => {
  const current = withTables(readFileSync(path, 'utf8'));
  if (process.env['STARLING_WRITE_DOCUMENTS'] === '1') writeFileSync(path, current);
  expect(readFileSync(path, 'utf8') === current, 'run npm run docs, and look at what changed').toBe(true);
});

it('every table is in the document', () => {
  const text = readFileSync(path, 'utf8');
  expect(Object.keys(tables).filter((name) => !text.includes(`<!-- generated: ${name} -->`))).toEqual([]);
});

it('every alert has its advice', () => {
  const advised = [...readFileSync(path, 'utf8').matchAll(/^- \*\*(Starling\w+)\*\*/gm)].map(([, name]) => name);
  expect(advised).toEqual(alerts.map(({ alert }) => alert));
});

it('the advice on limits names some that are reported', () => {
  const [, advice = ''] = /^- \*\*StarlingLimitReached\*\*(.*(?:\n {2}.*)*)/m.exec(readFileSync(path, 'utf8')) ?? [];
  const named = [...advice.matchAll(/`((?:max|antiEntropy)[A-Za-z]+)`/g)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !(reportedLimits as readonly (string | undefined)[]).includes(name))).toEqual([]);
});
