/** Choices are uniform: each count stays within five standard deviations of its mean, with seeds that do not change. */
import fc from 'fast-check';
import { limits, seededRandom } from '@starling/gossip';
import { describe, expect, it } from 'vitest';
import { choose, pick } from '../../services/gossip/src/random.js';
import { CoreRig, toyKey } from '../support/core-rig.js';

/** Of `draws` choices, each of probability p. */
function expectUniform(counts: readonly number[], draws: number, p: number): void {
  const mean = draws * p;
  const bound = 5 * Math.sqrt(draws * p * (1 - p));
  for (const count of counts) expect(Math.abs(count - mean)).toBeLessThanOrEqual(bound);
}

function countsOf<T>(items: readonly T[], drawn: readonly T[]): number[] {
  return items.map((item) => drawn.filter((one) => one === item).length);
}

describe('choose', () => {
  it('takes distinct items, as many as there are at the most', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.uniqueArray(fc.nat(1_000), { maxLength: 30 }), fc.nat(40), (seed, items, count) => {
        const chosen = choose(seededRandom(seed), items, count);
        expect(chosen.length).toBe(Math.min(count, items.length));
        expect(new Set(chosen).size).toBe(chosen.length);
        expect(chosen.every((item) => items.includes(item))).toBe(true);
      }),
    );
  });

  it.each([1, 3, 9])('takes each of ten equally often, %i at a time, and first equally often', (count) => {
    const random = seededRandom(17 + count);
    const items = Array.from({ length: 10 }, (_, i) => i);
    const draws = 20_000;
    const chosen = Array.from({ length: draws }, () => choose(random, items, count));
    expectUniform(countsOf(items, chosen.flat()), draws, count / items.length);
    expectUniform(countsOf(items, chosen.map(([first]) => first as number)), draws, 1 / items.length);
  });
});

it('picks each of seven equally often', () => {
  const random = seededRandom(23);
  const items = Array.from({ length: 7 }, (_, i) => i);
  const draws = 20_000;
  expectUniform(countsOf(items, Array.from({ length: draws }, () => pick(random, items) as number)), draws, 1 / items.length);
});

describe('a core', () => {
  it('compares its store with each of its peers equally often', () => {
    const rig = new CoreRig({ seed: 41 });
    const connections = Array.from({ length: 4 }, (_, i) => rig.connect(toyKey(41, i + 1)));
    const answerAll = () => {
      for (const connection of connections) {
        const asked = rig.messagesTo(connection).filter((message) => message.type === 'digest').length;
        for (let i = 0; i < asked; i++) rig.hear(connection, { type: 'request', prefixes: [], continueAt: null });
      }
      rig.clear();
    };
    for (let i = 0; i < 5; i++) answerAll();
    const asked = connections.map(() => 0);
    const rounds = 2_000;
    for (let i = 0; i < rounds; i++) {
      rig.advance(limits.antiEntropyIntervalMs);
      connections.forEach((connection, at) => (asked[at] = (asked[at] as number) + rig.messagesTo(connection).filter((message) => message.type === 'digest').length));
      answerAll();
    }
    const total = asked.reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThan(rounds * 0.9);
    expectUniform(asked, total, 1 / connections.length);
  });

  it('keeps each of many addresses that discovery names equally often', () => {
    const addresses = Array.from({ length: 64 }, (_, i) => `10.1.0.${i}:9740`);
    const kept = addresses.map(() => 0);
    const draws = 400;
    for (let seed = 1; seed <= draws; seed++) {
      const rig = new CoreRig({ seed });
      rig.give({ type: 'discovered', addresses });
      expect(rig.engine.statistics().addresses).toBe(limits.maxDiscoveredAddresses);
      for (const address of rig.dialled) kept[addresses.indexOf(address)] = (kept[addresses.indexOf(address)] as number) + 1;
    }
    const dialled = kept.reduce((sum, count) => sum + count, 0);
    expect(dialled).toBeGreaterThan(draws);
    expectUniform(kept, dialled, 1 / addresses.length);
  });
});
