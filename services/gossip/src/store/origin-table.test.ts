import { expect, it } from 'vitest';
import { toyCredential, toyCredentialFacts, toyKey } from '../../../../test/simulator/src/toy-crypto.js';
import { limits } from '../limits.js';
import { seededRandom } from '../random.js';
import { compareBytes, fromHex } from '../record/node-id.js';
import type { CredentialFacts } from '../record/credential.js';
import { OriginTable } from './origin-table.js';

const bytes = toyCredential(toyKey(1, 1));
const credential = { bytes, facts: toyCredentialFacts(bytes) as CredentialFacts };
const bytesOf = (id: string) => fromHex(id) as Uint8Array;

/** Ids of which many share their first four and some their first eight bytes. */
function ids(count: number): string[] {
  const random = seededRandom(3);
  const digits = (length: number, most = 16) => Array.from({ length }, () => Math.floor(random() * most).toString(16)).join('');
  return [...new Set(Array.from({ length: count }, () => `000000${digits(2, 3)}0000000${digits(1, 4)}${digits(48)}`))];
}

it('finds what a list of all would find, though ids begin alike', () => {
  const random = seededRandom(4);
  const table = new OriginTable('ff'.repeat(32));
  const pool = ids(60);
  const twin = new Set<string>();
  for (let i = 0; i < 3_000; i++) {
    const id = pool[Math.floor(random() * pool.length)] as string;
    const origin = table.get(id);
    expect(origin !== undefined).toBe(twin.has(id));
    if (origin === undefined) table.add(id, credential);
    else table.forget(origin, 0);
    if (!twin.delete(id)) twin.add(id);
    const asked = pool[i % pool.length] as string;
    expect(table.find(bytesOf(asked), 0)?.id).toBe(twin.has(asked) ? asked : undefined);
    const byPrefix = table.findByPrefix(bytesOf(asked).subarray(0, 8));
    expect(byPrefix !== undefined).toBe([...twin].some((other) => other.startsWith(asked.slice(0, 16))));
    if (byPrefix !== undefined) expect(byPrefix.id.slice(0, 16)).toBe(asked.slice(0, 16));
  }
  const prefixes = table.all().map(({ prefix }) => prefix);
  expect(table.size).toBe(twin.size);
  for (let i = 1; i < prefixes.length; i++) expect(compareBytes(prefixes[i - 1] as Uint8Array, prefixes[i] as Uint8Array)).toBeLessThanOrEqual(0);
  for (const id of pool) {
    const at = table.firstAtLeast(bytesOf(id).subarray(0, 8));
    expect(at).toBe(prefixes.filter((prefix) => compareBytes(prefix, bytesOf(id).subarray(0, 8)) < 0).length);
  }
});

it('remembers of the forgotten how far they had come, for a while', () => {
  const table = new OriginTable('ff'.repeat(32));
  const id = 'ab'.repeat(32);
  const origin = table.add(id, credential);
  [origin.incarnation, origin.sequence] = [2, 7];
  table.forget(origin, 1_000);
  const prefix = bytesOf(id).subarray(0, 8);
  expect(table.tombstone(id, 1_000)).toMatchObject({ incarnation: 2, sequence: 7 });
  expect([[1, 99], [2, 7], [2, 8], [3, 1]].map(([incarnation, sequence]) => table.isForgotten(prefix, incarnation as number, sequence as number, 1_000))).toEqual([true, true, false, false]);
  expect(table.tombstone(id, 1_001 + limits.tombstoneMs)).toBeUndefined();
  expect(table.isForgotten(prefix, 2, 7, 1_001 + limits.tombstoneMs)).toBe(false);
  expect(table.tombstones).toBe(0);
});

it('keeps a bounded number of tombstones: the oldest go, and who was forgotten again is new', () => {
  const table = new OriginTable('ff'.repeat(32));
  const id = (i: number) => i.toString(16).padStart(64, '0').split('').reverse().join('');
  for (let i = 0; i < limits.maxTombstones; i++) table.forget(table.add(id(i), credential), i);
  table.forget(table.add(id(0), credential), limits.maxTombstones);
  table.forget(table.add(id(limits.maxTombstones), credential), limits.maxTombstones);
  expect(table.tombstones).toBe(limits.maxTombstones);
  expect(table.tombstone(id(0), limits.maxTombstones)).toBeDefined();
  expect(table.tombstone(id(1), limits.maxTombstones)).toBeUndefined();
});
