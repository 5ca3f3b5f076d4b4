/** docs/PROTOCOL.md against the code: it must not say what is not so, and the code must not cite what is not there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { limits, refusalReasons, reportedLimits } from '@starling/gossip';
import { closeCodes } from '../../services/gossip/src/membership/connections.js';
import { faults } from '../../services/gossip/src/record/refusal-reason.js';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const text = readFileSync(join(root, 'docs', 'PROTOCOL.md'), 'utf8');
const clauses = [...text.matchAll(/^(\d+\.\d+) /gm)].map(([, clause]) => clause as string);
const sections = [...text.matchAll(/^## (\d+) /gm)].map(([, section]) => section as string);
/** The numbered rules within clauses, as 7.5.1. */
function* rules(): Generator<string> {
  let clause = '';
  for (const line of text.split('\n')) {
    clause = /^(\d+\.\d+) /.exec(line)?.[1] ?? clause;
    const rule = /^(\d+)\. /.exec(line)?.[1];
    if (rule !== undefined) yield `${clause}.${rule}`;
  }
}

function section(number: number): string {
  const begin = text.indexOf(`\n## ${number} `);
  const end = text.indexOf('\n## ', begin + 1);
  return text.slice(begin, end === -1 ? undefined : end);
}

it('numbers its clauses without gaps and without repetition', () => {
  const expected = sections.flatMap((number) => {
    const count = clauses.filter((clause) => clause.startsWith(`${number}.`)).length;
    return Array.from({ length: count }, (_, i) => `${number}.${i + 1}`);
  });
  expect(sections).toEqual(Array.from({ length: 12 }, (_, i) => String(i + 1)));
  expect(clauses).toEqual(expected);
});

it('has the limits of the code, with their values', () => {
  const rows = [...section(11).matchAll(/^\| `(\w+)` \| ([\d,.]+) \|/gm)].map(([, name, value]) => [name, Number((value as string).replaceAll(',', ''))]);
  expect(rows).toEqual(Object.entries(limits));
});

it('marks the limits that are counted', () => {
  const counted = [...section(11).matchAll(/^\| `(\w+)` \|.*\bcounted \|$/gm)].map(([, name]) => name as string);
  expect(counted.sort()).toEqual([...reportedLimits].sort());
});

it('has the codes of closing of the code', () => {
  const rows = [...section(7).matchAll(/^\| (\d+) \| (\w+) \|/gm)].map(([, code, name]) => [name, Number(code)]);
  expect(rows).toEqual(Object.entries(closeCodes));
});

it('has the reasons and verdicts of the code', () => {
  const quoted = (part: string) => [...part.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name as string);
  const row = (verdict: string) => quoted(new RegExp(`^\\| ${verdict} \\|(.*)\\|$`, 'm').exec(section(5))?.[1] ?? '').filter((name) => name !== 'credential-');
  expect(row('reject')).toEqual([...faults]);
  expect([...row('reject'), ...row('ignore')].sort()).toEqual([...refusalReasons].sort());
});

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !['node_modules', 'dist', 'test-results'].includes(entry.name)) yield* sources(path);
    else if (/\.(ts|vue|mjs|yaml|tpl|md|txt)$/.test(entry.name)) yield path;
  }
}

/** Clauses, rules and sections that a file cites. */
function* citations(path: string): Generator<string> {
  for (const [, list] of readFileSync(path, 'utf8').matchAll(/PROTOCOL(?:\.md)?,? (?:sections? )?(\d+(?:\.\d+){0,2}(?:(?:, | and | to )\d+(?:\.\d+){0,2})*)/g)) yield* (list as string).split(/, | and | to /);
}

it('has every clause that is cited', () => {
  const known = new Set([...rules(), ...clauses, ...sections]);
  const cited = ['services', 'ui', 'charts', 'k8s', 'test', 'docs'].flatMap((folder) => [...sources(join(root, folder))]).flatMap((path) => [...citations(path)].map((clause) => ({ path: path.slice(root.length + 1), clause })));
  expect(cited.filter(({ clause }) => !known.has(clause))).toEqual([]);
  expect(cited.length).toBeGreaterThan(60);
});

it('is cited, clause by clause, where the code keeps it', () => {
  const code = [...sources(join(root, 'services'))].filter((path) => !path.endsWith('.test.ts'));
  const cited = new Set(code.flatMap((path) => [...citations(path)]).map((clause) => clause.split('.').slice(0, 2).join('.')));
  const rulesOfCode = clauses.filter((clause) => !['1', '11', '12'].includes(clause.split('.')[0] as string));
  expect(rulesOfCode.filter((clause) => !cited.has(clause))).toEqual([]);
});
