/** docs/OPERATING.md has the settings, ports, metrics and alerts that there are: `npm run docs` writes them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
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
