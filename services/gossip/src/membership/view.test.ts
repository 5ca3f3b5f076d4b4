import { expect, it } from 'vitest';
import { bundleOf, CoreRig, credentialRecord, descriptorRecord, type ToyKey, toyKey } from '../../../../test/support/core-rig.js';
import { limits } from '../limits.js';
import { kinds } from '../record/kinds.js';
import { decodeSample, encodeSample } from '../record/sample.js';

const others = [toyKey(10, 1), toyKey(10, 2), toyKey(10, 3)];

/** docs/PROTOCOL.md 10.2 word by word. */
function digestOf(keys: readonly ToyKey[]): number[] {
  return Array.from({ length: 8 }, (_, i) => keys.reduce((sum, key) => sum ^ (key.publicKey[8 + i] as number), 0));
}

/** The digest that the next sample carries. */
function spoken(rig: CoreRig): number[] {
  rig.events.length = 0;
  rig.give({ type: 'sampled', values: [1] });
  const own = rig.all('record-merged').find(({ origin }) => origin === rig.key.id);
  const payload = own?.bundle.records.find(({ kind }) => kind === kinds.sample)?.payload;
  return [...(decodeSample(payload ?? new Uint8Array(0))?.viewDigest ?? [])];
}

const sampleStating = (key: ToyKey, sequence: number, viewDigest: Uint8Array, atMs: number) =>
  bundleOf(key, { sequence, atMs, records: [...(sequence === 1 ? [credentialRecord(key), descriptorRecord()] : []), { kind: kinds.sample, payload: encodeSample({ descriptorSequence: 1, viewDigest, multiples: [] }) }] });

it('is of the node itself and of all who are present long enough', () => {
  const rig = new CoreRig();
  rig.give({ type: 'sampled', values: [1] });
  const connection = rig.connect(others[0] as ToyKey);
  expect(spoken(rig)).toEqual(digestOf([rig.key]));
  for (const key of others) rig.push(connection, [sampleStating(key, 1, new Uint8Array(8), rig.nowMs)]);
  expect(spoken(rig)).toEqual(digestOf([rig.key]));
  for (let i = 0; i < limits.settledIntervals; i++) {
    rig.advance(1_000);
    for (const key of others) rig.push(connection, [sampleStating(key, 2 + i, new Uint8Array(8), rig.nowMs)]);
  }
  expect(spoken(rig)).toEqual(digestOf([rig.key, ...others]));
});

it('holds suspects until they fail', () => {
  const rig = new CoreRig();
  rig.give({ type: 'sampled', values: [1] });
  const [key] = others as [ToyKey];
  const connection = rig.connect(others[1] as ToyKey);
  rig.push(connection, [sampleStating(key, 1, new Uint8Array(8), rig.nowMs)]);
  const states = () => rig.all('member-changed').filter(({ origin }) => origin === key.id).map(({ state }) => state);
  while (!states().includes('suspect')) rig.advance(100);
  expect(spoken(rig)).toEqual(digestOf([rig.key, key]));
  while (!states().includes('failed')) rig.advance(100);
  expect(spoken(rig)).toEqual(digestOf([rig.key]));
});

it('is compared with what the others state', () => {
  const rig = new CoreRig();
  rig.give({ type: 'sampled', values: [1] });
  const connection = rig.connect(others[0] as ToyKey);
  const views = [Uint8Array.from(digestOf([rig.key])), new Uint8Array(8).fill(1), new Uint8Array(8).fill(1)];
  others.forEach((key, i) => rig.push(connection, [sampleStating(key, 1, views[i] as Uint8Array, rig.nowMs)]));
  spoken(rig);
  expect(rig.all('views-compared')).toEqual([{ type: 'views-compared', agreeing: 2, total: 4, views: 2 }]);
});
