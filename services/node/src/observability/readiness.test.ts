import { expect, it } from 'vitest';
import { type ReadinessFacts, readinessOf } from './readiness.js';

const well: ReadinessFacts = { notAfterMs: 2_000, wallMs: 2_000, isApiOpen: true, sequence: 1 };

it('a node is ready when it can be asked', () => {
  expect(readinessOf(well)).toEqual({ ready: true, reason: '' });
});

it.each<[Partial<ReadinessFacts>, string]>([
  [{ notAfterMs: null }, 'the certificate of this node is not there yet'],
  [{ wallMs: 2_001 }, 'the certificate of this node has expired, at 1970-01-01T00:00:02.000Z'],
  [{ isApiOpen: false }, 'the API does not listen yet'],
  [{ sequence: 0 }, 'its own first record is not admitted yet'],
])('it is not ready with %j, and says so', (changes, reason) => {
  expect(readinessOf({ ...well, ...changes })).toEqual({ ready: false, reason });
});
