import { describe, expect, it } from 'vitest';
import { bundleOf, CoreRig, credentialRecord, metrics, sampleRecord, toyKey } from '../../../test/support/core-rig.js';
import { toyCredential } from '../../../test/simulator/src/toy-crypto.js';
import { limits } from './limits.js';
import { decodeDescriptor } from './record/descriptor.js';
import { kinds } from './record/kinds.js';
import { decodeSample } from './record/sample.js';

const sampled = { type: 'sampled', values: [5] } as const;
const said = (rig: CoreRig) => rig.all('record-merged').filter(({ origin }) => origin === rig.key.id).map(({ bundle }) => bundle);
const kindsOf = (rig: CoreRig) => said(rig).map(({ records }) => records.map(({ kind }) => kind));
const sampleIn = (rig: CoreRig, at: number) => decodeSample(said(rig)[at]?.records.find(({ kind }) => kind === kinds.sample)?.payload ?? new Uint8Array(0));

describe('a node says', () => {
  it('at its first moment who it is, and then what it measures', () => {
    const rig = new CoreRig({ incarnation: 4 });
    rig.give(sampled);
    rig.give(sampled);
    expect(kindsOf(rig)).toEqual([[kinds.credential, kinds.descriptor, kinds.sample], [kinds.sample]]);
    expect(said(rig).map(({ incarnation, sequence }) => [incarnation, sequence])).toEqual([[4, 1], [4, 2]]);
    expect([sampleIn(rig, 0), sampleIn(rig, 1)]).toMatchObject([{ descriptorSequence: 1, multiples: [5] }, { descriptorSequence: 1, multiples: [5] }]);
  });

  it('a new description with the first sample that refers to it', () => {
    const rig = new CoreRig();
    rig.give(sampled);
    rig.give({ type: 'described', descriptor: { name: 'renamed', version: '1', labels: {}, metrics: [...metrics, ...metrics] } });
    rig.give({ type: 'sampled', values: [1, 2] });
    expect(kindsOf(rig)[1]).toEqual([kinds.descriptor, kinds.sample]);
    expect(decodeDescriptor(said(rig)[1]?.records[0]?.payload ?? new Uint8Array(0))?.name).toBe('renamed');
    expect(sampleIn(rig, 1)).toMatchObject({ descriptorSequence: 2, multiples: [1, 2] });
  });

  it('renewed credentials and reports with the next sample', () => {
    const rig = new CoreRig();
    rig.give(sampled);
    rig.give({ type: 'credential-renewed', credential: toyCredential(rig.key) });
    rig.give({ type: 'reported', records: [{ kind: 17, payload: new Uint8Array(3) }, { kind: kinds.sample, payload: new Uint8Array(1) }, { kind: kinds.end, payload: new Uint8Array(1) }] });
    rig.give(sampled);
    expect(kindsOf(rig)[1]).toEqual([kinds.credential, kinds.sample, 17]);
  });

  it('more than one bundle holds in the next ones, and what none holds never', () => {
    const rig = new CoreRig();
    rig.give(sampled);
    rig.give({ type: 'reported', records: [16, 17, 18].map((kind) => ({ kind, payload: new Uint8Array(kind === 16 ? limits.maxBundleBytes : 9_000) })) });
    rig.give(sampled);
    rig.give(sampled);
    expect(kindsOf(rig).slice(1)).toEqual([[kinds.sample, 17], [kinds.sample, 18]]);
    expect(rig.all('limit-reached')).toEqual([{ type: 'limit-reached', limit: 'maxBundleBytes' }]);
  });

  it('what waits, though others are said anew each time', () => {
    const rig = new CoreRig();
    rig.give(sampled);
    rig.give({ type: 'reported', records: [{ kind: 20, payload: new Uint8Array(2_000) }] });
    for (let i = 0; i < 3; i++) {
      rig.give({ type: 'reported', records: [16, 17].map((kind) => ({ kind, payload: new Uint8Array(7_500) })) });
      rig.give(sampled);
    }
    expect(kindsOf(rig).flat()).toContain(20);
    expect(kindsOf(rig).flat()).toContain(17);
  });

  it('no more reports than are kept of one origin', () => {
    const rig = new CoreRig();
    rig.give({ type: 'reported', records: Array.from({ length: 100 }, (_, i) => ({ kind: 16 + i, payload: new Uint8Array(4) })) });
    for (let i = 0; i < 5; i++) rig.give(sampled);
    expect(rig.refusals()).toEqual([]);
    expect(new Set(kindsOf(rig).flat()).size).toBe(64 + 3);
    expect(rig.all('limit-reached')[0]).toEqual({ type: 'limit-reached', limit: 'maxKindsPerOrigin' });
  });

  it('everything again after its clock was set back, and once', () => {
    const rig = new CoreRig();
    rig.wallOffsetMs = 3_600_000;
    rig.give(sampled);
    rig.give(sampled);
    rig.wallOffsetMs = 0;
    rig.give(sampled);
    rig.give(sampled);
    const whole = [kinds.credential, kinds.descriptor, kinds.sample];
    expect(kindsOf(rig)).toEqual([whole, [kinds.sample], whole, [kinds.sample]]);
  });

  it('nothing while too many of its bundles wait for a signature', () => {
    const rig = new CoreRig();
    rig.holdsAnswers = true;
    for (let i = 0; i < 40; i++) rig.give(sampled);
    expect(rig.held.filter(({ type }) => type === 'signed')).toHaveLength(limits.maxUnsigned);
    expect(new Set(rig.all('limit-reached').map(({ limit }) => limit))).toEqual(new Set(['maxUnsigned']));
    rig.release();
    rig.give(sampled);
    expect(said(rig).at(-1)?.sequence).toBe(limits.maxUnsigned + 1);
  });

  it('at the end a farewell and nothing more', () => {
    const rig = new CoreRig();
    const connection = rig.connect(toyKey(13, 1));
    rig.give(sampled);
    rig.give({ type: 'leaving' });
    rig.give(sampled);
    rig.advance(limits.batchMs);
    expect(kindsOf(rig).at(-1)).toEqual([kinds.farewell]);
    expect(said(rig)).toHaveLength(2);
    expect(rig.pushedTo(connection).at(-1)).toEqual(said(rig).at(-1)?.bytes);
    expect(rig.departures).toBe(1);
  });
});

it('says everything again before what it said first is too old for who comes later (PROTOCOL 8.8)', () => {
  const rig = new CoreRig();
  rig.give({ type: 'reported', records: [{ kind: kinds.firstReport, payload: Uint8Array.of(1) }] });
  const introduction = [kinds.credential, kinds.descriptor, kinds.sample, kinds.firstReport];
  for (let passedMs = 0; passedMs <= limits.maxSampleAgeMs; passedMs += 10_000) {
    rig.give(sampled);
    rig.advance(10_000);
  }
  const bundles = rig.all('record-merged').map(({ bundle }) => bundle);
  const whole = bundles.filter(({ records }) => records.length === introduction.length);
  expect(whole.map(({ records }) => records.map(({ kind }) => kind))).toEqual(whole.map(() => introduction));
  expect(whole[0]).toBe(bundles[0]);
  const gapsMs = whole.slice(1).map(({ timeMs }, i) => timeMs - (whole[i]?.timeMs ?? 0));
  expect(gapsMs.length).toBeGreaterThan(0);
  expect(Math.max(...gapsMs)).toBeLessThanOrEqual(limits.introduceIntervalMs + 10_000);
  expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(limits.introduceIntervalMs / 2);
});

describe('a bundle of its own key that it did not make (PROTOCOL 8.5)', () => {
  function met(incarnation: number, sequence: number) {
    const rig = new CoreRig({ incarnation: 3 });
    rig.give(sampled);
    const connection = rig.connect(toyKey(13, 1));
    rig.push(connection, [bundleOf(rig.key, { incarnation, sequence, records: [credentialRecord(rig.key), sampleRecord(9)] })]);
    return { rig, connection };
  }

  it('of a later life makes it take one above that, keep it, and say everything again', () => {
    const { rig } = met(9, 1);
    expect(rig.all('own-identity-conflict')).toMatchObject([{ incarnation: 9, sequence: 1, repeated: false }]);
    expect(rig.persisted).toEqual([10]);
    rig.give(sampled);
    expect(said(rig).at(-1)).toMatchObject({ incarnation: 10, sequence: 1 });
    expect(kindsOf(rig).at(-1)).toEqual([kinds.credential, kinds.descriptor, kinds.sample]);
    expect(rig.refusals()).toEqual(['own-identity']);
  });

  it('of this life, beyond or beside what it said, too', () => {
    for (const sequence of [1, 2]) expect(met(3, sequence).rig.persisted).toEqual([4]);
  });

  it('is one conflict, in however many bundles the former life is met', () => {
    const rig = new CoreRig({ incarnation: 3 });
    rig.give(sampled);
    const connection = rig.connect(toyKey(13, 1));
    const bundles = [9, 1].map((sequence) => bundleOf(rig.key, { incarnation: 3, sequence, records: [credentialRecord(rig.key), sampleRecord(9)] }));
    rig.push(connection, bundles, 'anti-entropy');
    expect(rig.all('own-identity-conflict')).toMatchObject([{ incarnation: 3, sequence: 9, repeated: false }]);
    expect(rig.persisted).toEqual([4]);
  });

  it('that is met before the farewell is signed takes nothing from the farewell', () => {
    const rig = new CoreRig({ incarnation: 3 });
    rig.give(sampled);
    const connection = rig.connect(toyKey(13, 1));
    rig.holdsAnswers = true;
    rig.give({ type: 'leaving' });
    const signed = rig.held.splice(0);
    rig.holdsAnswers = false;
    rig.push(connection, [bundleOf(rig.key, { incarnation: 5, sequence: 9, records: [credentialRecord(rig.key), sampleRecord(9)] })]);
    for (const answer of signed) rig.give(answer);
    expect(kindsOf(rig).at(-1)).toEqual([kinds.farewell]);
    expect(said(rig).at(-1)?.incarnation).toBe(6);
  });

  it('of an earlier life is only old', () => {
    const { rig } = met(2, 50);
    expect(rig.persisted).toEqual([]);
    expect(rig.all('own-identity-conflict')).toEqual([]);
  });

  it('is answered not at once again', () => {
    const { rig, connection } = met(9, 1);
    rig.push(connection, [bundleOf(rig.key, { incarnation: 20, sequence: 1, records: [sampleRecord(9)] })]);
    expect(rig.all('own-identity-conflict').map(({ repeated }) => repeated)).toEqual([false, true]);
    expect(rig.persisted).toEqual([10]);
    rig.nowMs += limits.conflictIntervalMs;
    rig.push(connection, [bundleOf(rig.key, { incarnation: 20, sequence: 2, records: [sampleRecord(9)] })]);
    expect(rig.persisted).toEqual([10, 21]);
  });

  it('that is not signed by it is nothing but a fault of the sender', () => {
    const rig = new CoreRig({ incarnation: 3 });
    const connection = rig.connect(toyKey(13, 1));
    const bytes = bundleOf(rig.key, { incarnation: 9, sequence: 1, records: [sampleRecord(9)] });
    rig.push(connection, [bytes.map((byte, i) => (i === bytes.length - 64 ? byte ^ 1 : byte))]);
    expect(rig.persisted).toEqual([]);
    expect(rig.closed).toHaveLength(1);
  });
});
