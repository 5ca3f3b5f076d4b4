import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bundleOf, introductionOf, rigWith, sampleRecord, toyKey } from '../../../../test/support/core-rig.js';
import { NetworkView } from './network-view.js';

const [peer, other] = [toyKey(1, 1), toyKey(1, 2)];
const hexOf = (base64: string) => Buffer.from(base64, 'base64').toString('hex');

/** What the core holds of an origin and what the view shows of it, after this origin spoke so. */
function told(bundles: readonly (readonly (readonly [kind: number, bytes: number])[])[]): { readonly held: string[]; readonly shown: string[] } {
  const { rig, connection } = rigWith(peer);
  const now = () => ({ monotonicMs: rig.nowMs, wallMs: 0 });
  const view = new NetworkView({ self: rig.key.id, name: 'a', clock: { now }, sampleIntervalMs: () => 1_000, connectionFigures: () => null });
  rig.push(connection, [introductionOf(other)]);
  bundles.forEach((reports, i) => {
    const records = reports.map(([kind, bytes]) => ({ kind, payload: new Uint8Array(bytes).fill(i) }));
    rig.push(connection, [bundleOf(other, { sequence: i + 2, records: [sampleRecord(i), ...records] })]);
  });
  for (const event of rig.events) view.onEvent(event, now());
  return { held: rig.contents(toyKey(1, 9)).inForce.sort(), shown: (view.proof(other.id)?.bundles ?? []).map(({ bytes }) => hexOf(bytes)).sort() };
}

it('shows of a node the bundles that the core holds, however much more the node said', () => {
  const reports = fc.uniqueArray(fc.tuple(fc.integer({ min: 16, max: 60 }), fc.constantFrom(10, 1_000, 7_000)), { selector: ([kind]) => kind, minLength: 1, maxLength: 2 });
  fc.assert(
    fc.property(fc.array(reports.map((some) => [...some].sort(([a], [b]) => a - b)), { minLength: 10, maxLength: 60 }), (bundles) => {
      const { held, shown } = told(bundles);
      expect(shown).toEqual(held);
    }),
    { seed: 7, numRuns: 40 },
  );
});

it('forgets what a node said that always says something else', () => {
  const { held, shown } = told(Array.from({ length: 100 }, (_, i) => [[16 + i, 10]]));
  expect(shown).toEqual(held);
  expect(shown.length).toBeLessThan(75);
});
