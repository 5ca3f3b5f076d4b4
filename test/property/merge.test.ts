/** The merge of bundles (docs/PROTOCOL.md 4.2): the order, the grouping and the repetition in which they come do not matter. */
import fc from 'fast-check';
import { kinds, toHex } from '@starling/gossip';
import { expect, it } from 'vitest';
import { bundleOf, CoreRig, credentialRecord, descriptorRecord, sampleRecord, toyKey } from '../support/core-rig.js';

const origin = toyKey(3, 0);

/** A bundle whose content depends on its number alone. */
interface Said {
  readonly incarnation: number;
  readonly sequence: number;
  readonly kinds: readonly number[];
}

function bytesOf({ incarnation, sequence, kinds: said }: Said): Uint8Array {
  const others = said.map((kind) => {
    if (kind === kinds.descriptor) return descriptorRecord(`${incarnation}:${sequence}`);
    return kind === kinds.sample ? sampleRecord(sequence) : { kind, payload: Uint8Array.from([incarnation, sequence]) };
  });
  return bundleOf(origin, { incarnation, sequence, records: [credentialRecord(origin), ...others] });
}

const someKinds = fc.uniqueArray(fc.constantFrom(kinds.descriptor, kinds.sample, kinds.trust, kinds.firstReport, kinds.firstReport + 1), { maxLength: 4 }).map((list) => list.sort((a, b) => a - b));
/** What an honest origin says: one content under each number. */
const life = fc.uniqueArray(fc.record({ incarnation: fc.integer({ min: 1, max: 3 }), sequence: fc.integer({ min: 1, max: 8 }), kinds: someKinds }), { minLength: 1, maxLength: 12, selector: ({ incarnation, sequence }) => incarnation * 100 + sequence });

/** A core that heard these, in this order, in messages of these sizes. */
function hearing(bundles: readonly Uint8Array[], sizes: readonly number[] = []): CoreRig {
  const rig = new CoreRig({ seed: 5 });
  const connection = rig.connect(toyKey(5, 1));
  const left = [...bundles];
  for (let i = 0; left.length > 0; i++) rig.push(connection, left.splice(0, sizes[i % Math.max(1, sizes.length)] ?? 1), 'graft');
  return rig;
}

/** Everything in force, and the digest of it, as a new peer gets to know it. */
function stateOf(rig: CoreRig): { readonly inForce: string[]; readonly digest: unknown } {
  const { inForce, digest } = rig.contents(toyKey(5, 9));
  const prefix = toHex(origin.publicKey.subarray(0, 8));
  return { inForce, digest: digest.filter((entry) => toHex(entry.prefix) === prefix).map((entry) => ({ ...entry, prefix })) };
}

/** The stupid way: per kind the newest of the newest incarnation, and the bundles that hold one of these. */
function twin(said: readonly Said[], but: number | null = null): string[] {
  const incarnation = Math.max(...said.map((one) => one.incarnation));
  const newest = new Map<number, Said>();
  for (const one of said.filter((other) => other.incarnation === incarnation)) {
    for (const kind of [kinds.credential, ...one.kinds]) if (kind !== but && (newest.get(kind)?.sequence ?? 0) < one.sequence) newest.set(kind, one);
  }
  return [...new Set(newest.values())].sort((a, b) => b.sequence - a.sequence).map((one) => toHex(bytesOf(one)));
}

const shuffled = (said: readonly Said[]) => fc.shuffledSubarray([...said], { minLength: said.length });

it('ends in what the stupid way ends in, whatever the order and the grouping', () => {
  fc.assert(
    fc.property(life.chain((said) => fc.tuple(fc.constant(said), shuffled(said))), fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), ([said, order], sizes) => {
      expect(stateOf(hearing(order.map(bytesOf), sizes)).inForce).toEqual(twin(said));
    }),
  );
});

it('has equal digests for equal contents, and others for others', () => {
  fc.assert(
    fc.property(life.chain((said) => fc.tuple(shuffled(said), shuffled(said), fc.subarray([...said], { minLength: 1 }))), ([one, other, part]) => {
      const [a, b, c] = [one, other, part].map((said) => stateOf(hearing(said.map(bytesOf))));
      expect(a).toEqual(b);
      // A sample that is older than the newest bundle is not missed (9.2).
      const differ = JSON.stringify(twin(one, kinds.sample)) !== JSON.stringify(twin(part, kinds.sample));
      if (differ) expect(c?.digest).not.toEqual(a?.digest);
    }),
  );
});

it('takes nothing from what it heard before, and from what it holds itself', () => {
  fc.assert(
    fc.property(life.chain((said) => fc.tuple(shuffled(said), fc.array(fc.constantFrom(...said), { maxLength: 20 }))), ([said, again]) => {
      const once = hearing(said.map(bytesOf));
      const often = hearing([...said, ...again, ...said].map(bytesOf));
      expect(often.all('record-merged').length).toBe(once.all('record-merged').length);
      expect(often.refusals()).toEqual([]);
      expect(stateOf(often)).toEqual(stateOf(once));
    }),
  );
});

it('is the same for the union of two halves as for the whole', () => {
  fc.assert(
    fc.property(life, fc.nat(12), (said, at) => {
      const halves = [said.slice(0, at % (said.length + 1)), said.slice(at % (said.length + 1))].filter((half) => half.length > 0);
      const held = halves.flatMap((half) => stateOf(hearing(half.map(bytesOf))).inForce);
      expect(stateOf(hearing(held.map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))))).inForce).toEqual(twin(said));
    }),
  );
});

it('is the same for two that tell each other what they hold, however much more than is kept was said', () => {
  const large = fc.record({ incarnation: fc.constant(1), sequence: fc.integer({ min: 1, max: 40 }), kind: fc.integer({ min: 16, max: 30 }), kilobytes: fc.constantFrom(1, 7, 15) });
  const much = fc.uniqueArray(large, { minLength: 8, maxLength: 30, selector: ({ sequence }) => sequence });
  fc.assert(
    fc.property(much.chain((said) => fc.tuple(fc.shuffledSubarray(said, { minLength: 4 }), fc.shuffledSubarray(said, { minLength: 4 }))), (heard) => {
      const bundles = heard.map((said) => said.map(({ sequence, kind, kilobytes }) => bundleOf(origin, { sequence, records: [credentialRecord(origin), { kind, payload: new Uint8Array(kilobytes * 1_024) }] })));
      const [a, b] = bundles.map((of) => hearing(of)) as [CoreRig, CoreRig];
      const tell = (from: CoreRig, to: CoreRig) => {
        const connection = to.connect(toyKey(5, 2));
        for (const hex of stateOf(from).inForce) to.push(connection, [new Uint8Array(Buffer.from(hex, 'hex'))], 'anti-entropy');
        to.give({ type: 'connection-closed', connection, reason: 'told' });
      };
      for (let exchange = 0; exchange < 3; exchange++) {
        tell(a, b);
        tell(b, a);
      }
      expect(stateOf(a).digest).toEqual(stateOf(b).digest);
      expect(stateOf(a).inForce.length).toBe(stateOf(b).inForce.length);
    }),
  );
});
