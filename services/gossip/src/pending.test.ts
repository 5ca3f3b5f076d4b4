import { expect, it } from 'vitest';
import { Pending } from './pending.js';
import { seededRandom } from './random.js';

it('gives back what was asked for, once, in whatever order answers come', () => {
  const random = seededRandom(5);
  const [ours, theirs] = [new Pending<string>(), new Pending<string>()];
  const twin = new Map<number, string>();
  const numbers = new Set<number>();
  for (let serial = 1; serial < 3_000; serial++) {
    const pending = random() < 0.5 ? ours : theirs;
    const request = pending.add(serial, `${serial}`);
    expect(numbers.has(request)).toBe(false);
    numbers.add(request);
    if (pending === ours) twin.set(request, `${serial}`);
    const asked = [...numbers][Math.floor(random() * numbers.size)] as number;
    expect(ours.take(asked)).toBe(twin.get(asked));
    twin.delete(asked);
    expect(ours.size).toBe(twin.size);
  }
  expect(ours.take(-1)).toBeUndefined();
});

it('needs no more places than were ever under way at once', () => {
  const pending = new Pending<number>();
  const places = 2 ** 16;
  const used = new Set<number>();
  for (let serial = 1; serial < 1_000; serial++) {
    const requests = [pending.add(2 * serial, 0), pending.add(2 * serial + 1, 1)];
    for (const request of requests) {
      used.add(request % places);
      pending.take(request);
    }
  }
  expect([...used].sort()).toEqual([0, 1]);
});
