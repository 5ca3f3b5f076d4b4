/** What one origin may cost, which an honest one never reaches (docs/PROTOCOL.md 4.2, 5.10). */
import { describe, expect, it } from 'vitest';
import { bundleOf, credentialRecord, introductionOf, rigWith, sampleOf, sampleRecord, toyKey } from '../../../../test/support/core-rig.js';
import { toyCredential } from '../../../../test/simulator/src/toy-crypto.js';
import { limits } from '../limits.js';
import { decodeBundle } from '../record/bundle.js';
import { kinds } from '../record/kinds.js';

const peer = toyKey(1, 1);
const other = toyKey(1, 2);

describe('of one origin no more than an answer of the repair can carry', () => {
  const large = (sequence: number) => bundleOf(other, { sequence, records: [{ kind: 16 + sequence, payload: new Uint8Array(16_000) }] });
  /** Newest first: so many have room. */
  const numbers = Array.from({ length: 40 }, (_, i) => 41 - i);
  const room = 8;

  it.each([['in order', [...numbers].reverse()], ['backwards', numbers]])('is held, the newest, when it comes %s', (_, order) => {
    const { rig, connection } = rigWith(peer);
    rig.push(connection, [introductionOf(other)]);
    for (const sequence of order) rig.push(connection, [large(sequence)]);
    const { inForce } = rig.contents(toyKey(1, 9));
    const held = inForce.map((hex) => decodeBundle(Buffer.from(hex, 'hex'))).map((decoding) => (decoding.ok ? decoding.bundle.sequence : 0));
    expect(held).toEqual([...numbers.slice(0, room), 1]);
    expect(rig.closed).toEqual([]);
    expect(rig.all('limit-reached').map(({ limit }) => limit)).toContain('maxOriginBytes');
  });

  it('is held, and of one that finds no room any more at the merge not even the credential is taken', () => {
    const { rig, connection } = rigWith(peer);
    rig.push(connection, [introductionOf(other)]);
    rig.clear();
    rig.holdsAnswers = true;
    for (const sequence of numbers.slice(0, room)) rig.push(connection, [large(sequence)]);
    const renewed = toyCredential(other, { notAfterS: 4_000_000_001 });
    rig.push(connection, [bundleOf(other, { sequence: 2, records: [{ kind: kinds.credential, payload: renewed }, { kind: 99, payload: new Uint8Array(15_000) }] })]);
    rig.release();
    expect(rig.refusals()).toEqual(['too-many-bytes']);
    expect(rig.all('credential-admitted')).toEqual([]);
  });
});

describe('an origin that says more than anybody needs (PROTOCOL 5.10)', () => {
  const { maxBundleBurst, maxBundlesPerSecond } = limits;

  it('is heard as often as its rate allows, and its further words are not even checked', () => {
    const { rig, connection } = rigWith(peer);
    const say = (from: number, count: number) => {
      rig.clear();
      for (let sequence = from; sequence < from + count; sequence++) rig.push(connection, [sequence === 1 ? introductionOf(other) : sampleOf(other, sequence)]);
      return { merged: rig.all('record-merged').length, refused: rig.refusals() };
    };
    const first = say(1, maxBundleBurst + 50);
    expect(first.merged).toBeGreaterThanOrEqual(maxBundleBurst);
    expect(first.merged).toBeLessThan(maxBundleBurst + 50);
    expect(new Set(first.refused)).toEqual(new Set(['too-frequent']));
    rig.advance(1_000);
    const later = say(maxBundleBurst + 51, 2 * maxBundlesPerSecond);
    expect(later.merged).toBeGreaterThanOrEqual(maxBundlesPerSecond - 1);
    expect(later.merged).toBeLessThanOrEqual(maxBundlesPerSecond + 1);
    expect(rig.closed).toEqual([]);
  });

  it('pays not for what another says again of it and is refused', () => {
    const { rig, connection } = rigWith(peer);
    rig.push(connection, [introductionOf(other)]);
    const liar = rig.connect(toyKey(1, 3));
    const refused = bundleOf(other, { sequence: 100, records: [credentialRecord(peer), sampleRecord()] });
    const tooMuch = bundleOf(other, { sequence: 9, records: [{ kind: 99, payload: new Uint8Array(16_000) }] });
    const filling = Array.from({ length: 8 }, (_, i) => bundleOf(other, { sequence: 10 + i, records: [{ kind: 16 + i, payload: new Uint8Array(16_000) }] }));
    rig.push(connection, filling.slice(0, 4));
    rig.push(connection, filling.slice(4));
    rig.clear();
    let checked = 0;
    for (let i = 0; i < 2 * maxBundleBurst; i++) {
      rig.push(liar, [refused]);
      checked += rig.push(liar, [tooMuch]).filter(({ type }) => type === 'verify-signature').length;
    }
    expect(checked).toBe(0);
    expect(new Set(rig.refusals())).toEqual(new Set(['credential-wrong-node', 'too-many-bytes']));
    for (let sequence = 110; sequence < 110 + maxBundleBurst / 2; sequence++) rig.push(connection, [sampleOf(other, sequence)]);
    expect(rig.all('record-merged')).toHaveLength(maxBundleBurst / 2);
  });

  it('pays for what was checked, also when it says it backwards and nothing but the first is merged', () => {
    const { rig, connection } = rigWith(peer);
    rig.push(connection, [introductionOf(other)]);
    rig.clear();
    rig.holdsAnswers = true;
    const said = maxBundleBurst + 4 * maxBundlesPerSecond;
    for (let sequence = said; sequence > 1; sequence--) rig.push(connection, [sampleOf(other, sequence)]);
    rig.release();
    expect(rig.all('record-merged')).toHaveLength(1);
    const isHeard = (sequence: number) => {
      rig.clear();
      rig.push(connection, [sampleOf(other, sequence)]);
      return rig.all('record-merged').length === 1;
    };
    rig.advance(3_000);
    expect(isHeard(said + 1)).toBe(false);
    rig.advance(2_000);
    expect(isHeard(said + 2)).toBe(true);
  });
});
