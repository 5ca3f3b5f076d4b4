/** The trees (docs/PROTOCOL.md 7.5): over any connected network, whatever is lost and in whatever order it comes, every record reaches everybody, and the application once. */
import fc from 'fast-check';
import { seededRandom } from '@starling/gossip';
import { describe, expect, it } from 'vitest';
import { CoreNetwork } from '../support/core-network.js';
import type { CoreRig } from '../support/core-rig.js';

interface Plan {
  readonly seed: number;
  readonly size: number;
  /** For each but the first: to whom it is linked among those before it. */
  readonly trunk: readonly number[];
  readonly extra: readonly (readonly [number, number])[];
}

const plan: fc.Arbitrary<Plan> = fc.integer({ min: 2, max: 6 }).chain((size) =>
  fc.record({
    seed: fc.nat(1_000),
    size: fc.constant(size),
    trunk: fc.array(fc.nat(100), { minLength: size - 1, maxLength: size - 1 }),
    extra: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 6 }),
  }),
);

function build({ seed, size, trunk, extra }: Plan, loss: number, passes?: ConstructorParameters<typeof CoreNetwork>[1]['passes']): CoreNetwork {
  const network = new CoreNetwork(size, { seed: 60 + (seed % 40), random: seededRandom(seed), loss, ...(passes === undefined ? {} : { passes }) });
  const linked = new Set<string>();
  const link = (a: number, b: number) => {
    const name = [a, b].sort((x, y) => x - y).join('-');
    if (a === b || linked.has(name)) return;
    linked.add(name);
    network.link(network.rigs[a] as CoreRig, network.rigs[b] as CoreRig);
  };
  trunk.forEach((to, i) => link(i + 1, to % (i + 1)));
  for (const [a, b] of extra) link(a, b);
  return network;
}

/** Everybody with everybody. */
function mesh(size: number, seed: number): Plan {
  const everybody = Array.from({ length: size }, (_, i) => i);
  return { seed, size, trunk: everybody.slice(1).map(() => 0), extra: everybody.flatMap((a) => everybody.filter((b) => b > a).map((b) => [a, b] as const)) };
}

const speak = (rig: CoreRig, value: number) => rig.give({ type: 'sampled', values: [value] });
const mergedBy = (rig: CoreRig) => rig.all('record-merged').map(({ bundle }) => `${bundle.origin} ${bundle.sequence}`);

/** All speak, a few times; the newest sequence of each. */
function converse(network: CoreNetwork, rounds: number): void {
  for (let round = 0; round < rounds; round++) {
    for (const rig of network.rigs) {
      speak(rig, round);
      network.settle();
    }
    network.advance(1_000);
  }
}

const newestOf = (rig: CoreRig) => {
  const newest = new Map<string, number>();
  for (const { bundle } of rig.all('record-merged')) newest.set(bundle.origin, Math.max(newest.get(bundle.origin) ?? 0, bundle.sequence));
  return newest;
};

function expectEverythingOnce(network: CoreNetwork, last: number): void {
  for (const rig of network.rigs) {
    const merged = mergedBy(rig);
    expect(new Set(merged).size).toBe(merged.length);
    expect([...newestOf(rig).values()]).toEqual(network.rigs.map(() => last));
  }
}

describe('a record', () => {
  it('reaches everybody in order of nothing, and the application once', () => {
    fc.assert(
      fc.property(plan, (of) => {
        const network = build(of, 0);
        converse(network, 4);
        expectEverythingOnce(network, 4);
        expect(network.rigs.flatMap((rig) => rig.refusals()).filter((reason) => reason !== 'credential-missing')).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it('reaches everybody over links that lose every third datagram', () => {
    fc.assert(
      fc.property(plan, (of) => {
        const network = build(of, 0.33);
        converse(network, 4);
        // A last sample of which push and announcement are lost is left to the repair, which asks one random peer a second.
        network.advance(9_000);
        expectEverythingOnce(network, 4);
      }),
      { numRuns: 15 },
    );
  });

  it('reaches by announcement and graft the one to whom its way is cut, without any comparison of stores', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 5 }), fc.nat(1_000), fc.nat(100), fc.nat(100), (size, seed, a, b) => {
        fc.pre(a % size !== b % size);
        let way: string | null = null;
        const network = build(mesh(size, seed), 0, (message, from, to) => {
          if (way === null) return true;
          if (message.type === 'digest' || message.type === 'request') return false;
          return !(message.type === 'push' && message.path === 'eager' && from.key.id === way && to === child);
        });
        const [origin, child] = [network.rigs[a % size], network.rigs[b % size]] as [CoreRig, CoreRig];
        const heard = (type: 'record-merged' | 'record-repeated') => child.all(type).filter((one) => one.origin === origin.key.id);
        converse(network, 5);
        const repeated = heard('record-repeated').length;
        converse(network, 1);
        // While it comes twice, cutting one way takes nothing away.
        fc.pre(heard('record-repeated').length === repeated);
        way = heard('record-merged').at(-1)?.via ?? null;
        converse(network, 3);
        network.advance(2_000);
        expectEverythingOnce(network, 9);
        expect(child.all('record-merged').filter(({ path }) => path === 'graft')).not.toEqual([]);
      }),
      { numRuns: 15 },
    );
  });
});

it('prunes: once the trees stand, a record crosses each link to a node once', () => {
  const network = build(mesh(5, 3), 0);
  converse(network, 8);
  for (const rig of network.rigs) rig.events.length = 0;
  converse(network, 10);
  const merged = network.rigs.flatMap((rig) => rig.all('record-merged')).length;
  const repeated = network.rigs.flatMap((rig) => rig.all('record-repeated')).length;
  expect(merged).toBe(5 * 5 * 10);
  expect(repeated / merged).toBeLessThan(0.1);
});
