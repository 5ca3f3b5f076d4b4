/** The detector against arrivals (docs/PROTOCOL.md 8.2, 8.3): recorded ones and made-up ones, beside the formula computed the stupid way. */
import fc from 'fast-check';
import { limits } from '@starling/gossip';
import { describe, expect, it } from 'vitest';
import { CoreRig, farewellRecord, bundleOf, introductionOf, sampleOf, toyKey } from '../support/core-rig.js';

const origin = toyKey(51, 2);
const intervalMs = 1_000;
/** Deadlines are looked at so often. */
const sweepMs = intervalMs / 2;

/** Intervals between arrivals, milliseconds, as links brought them: one machine room; two continents; a loaded laptop on a bad wireless link; with losses repaired a round later. */
const recorded: Readonly<Record<string, readonly number[]>> = {
  'a machine room': [1003, 941, 1057, 998, 1012, 969, 1024, 1049, 933, 1001, 1062, 978, 950, 1031, 1008, 987, 1044, 962, 1019, 990, 1055, 937, 1006, 1028, 971],
  'two continents': [1081, 902, 1110, 1344, 688, 1022, 967, 1093, 1250, 771, 1004, 958, 1167, 912, 1039, 1288, 733, 990, 1071, 944, 1102, 1019, 897, 1155, 886],
  'a bad wireless link': [1350, 640, 1010, 2210, 120, 95, 1480, 860, 990, 1920, 310, 770, 1640, 980, 450, 2480, 60, 410, 1290, 1110, 870, 1760, 530, 650, 1380],
  'losses, repaired a round later': [1002, 2031, 44, 961, 1018, 3047, 12, 30, 992, 1034, 2012, 71, 943, 1007, 1090, 925, 2102, 15, 980, 1011, 1046, 957, 1993, 80, 1004],
};

function watching() {
  const rig = new CoreRig({ seed: 51 });
  const connection = rig.connect(toyKey(51, 1));
  rig.push(connection, [introductionOf(origin, 1, rig.nowMs)]);
  let sequence = 1;
  return {
    rig,
    arrive(ageMs = 0): void {
      sequence += 1;
      rig.push(connection, [sampleOf(origin, sequence, rig.nowMs)], 'eager', { ageMs });
    },
    /** What it took the origin for, in order; the peer says nothing of itself and is never judged. */
    states: () => rig.all('member-changed').filter((event) => event.origin === origin.id).map(({ state }) => state),
  };
}

/** 8.2 word by word. */
function silenceAllowed(intervals: readonly number[]): number {
  let mean = intervalMs;
  let variance = 0;
  for (const interval of intervals) {
    const difference = Math.min(interval, 2 * intervalMs) - mean;
    mean += 0.1 * difference;
    variance = 0.9 * (variance + 0.1 * difference * difference);
  }
  return Math.max(mean, intervalMs) + 5.226 * Math.max(Math.sqrt(variance), 0.6 * intervalMs);
}

/** Milliseconds from the last arrival until the state is this. */
function timeUntil(watched: ReturnType<typeof watching>, state: string): number {
  const beganMs = watched.rig.nowMs;
  for (let i = 0; i < 4_000 && watched.states().at(-1) !== state; i++) watched.rig.advance(10);
  return watched.rig.nowMs - beganMs;
}

describe.each(Object.entries(recorded))('arrivals of %s', (_, intervals) => {
  it('raise no suspicion', () => {
    const watched = watching();
    for (const interval of [...intervals, ...intervals, ...intervals, ...intervals]) {
      watched.rig.advance(interval);
      watched.arrive();
    }
    expect(watched.states()).toEqual(['alive']);
  });

  it('are missed after the time that the formula says, and given up ten intervals later', () => {
    const watched = watching();
    for (const interval of intervals) {
      watched.rig.advance(interval);
      watched.arrive();
    }
    const allowed = silenceAllowed(intervals);
    const suspected = timeUntil(watched, 'suspect');
    expect(suspected).toBeGreaterThanOrEqual(allowed - 20);
    expect(suspected).toBeLessThanOrEqual(allowed + sweepMs + 20);
    const failed = timeUntil(watched, 'failed');
    expect(Math.abs(failed - limits.failureIntervals * intervalMs)).toBeLessThanOrEqual(sweepMs + 20);
  });
});

it('suspects nobody whose samples come within twice the interval, whatever their pattern', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2 * intervalMs }), { minLength: 5, maxLength: 60 }), (intervals) => {
      const watched = watching();
      for (const interval of intervals) {
        watched.rig.advance(interval);
        watched.arrive();
      }
      expect(watched.states()).toEqual(['alive']);
    }),
    { numRuns: 60 },
  );
});

it('suspects within eight intervals after any pattern, and takes it back with the next sample', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5 * intervalMs }), { maxLength: 40 }), (intervals) => {
      const watched = watching();
      for (const interval of intervals) {
        watched.rig.advance(interval);
        watched.arrive();
      }
      expect(timeUntil(watched, 'suspect')).toBeLessThanOrEqual(8 * intervalMs);
      watched.arrive();
      expect(watched.states().at(-1)).toBe('alive');
    }),
    { numRuns: 40 },
  );
});

it('counts the age of what arrives: an old sample is missed sooner by as much', () => {
  const [fresh, old] = [watching(), watching()];
  for (const [watched, ageMs] of [[fresh, 0], [old, 2_000]] as const) {
    watched.rig.advance(intervalMs);
    watched.arrive(ageMs);
  }
  expect(Math.abs(timeUntil(fresh, 'suspect') - timeUntil(old, 'suspect') - 2_000)).toBeLessThanOrEqual(2 * sweepMs);
});

it('suspects nobody for a time in which it did not run itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: 5_000, max: 600_000 }), fc.boolean(), (pauseMs, isTold) => {
      const watched = watching();
      for (let i = 0; i < 10; i++) {
        watched.rig.advance(intervalMs);
        watched.arrive();
      }
      watched.rig.nowMs += pauseMs;
      if (isTold) watched.rig.give({ type: 'stalled', milliseconds: pauseMs });
      watched.rig.advance(limits.stallGraceIntervals * intervalMs - 50);
      expect(watched.states()).toEqual(['alive']);
      expect(timeUntil(watched, 'suspect')).toBeLessThanOrEqual(10 * intervalMs);
    }),
    { numRuns: 40 },
  );
});

it('tells a farewell from a failure', () => {
  const watched = watching();
  const connection = watched.rig.connect(toyKey(51, 3));
  watched.rig.push(connection, [bundleOf(origin, { sequence: 2, atMs: watched.rig.nowMs, records: [farewellRecord] })]);
  watched.rig.advance(60_000);
  expect(watched.states()).toEqual(['alive', 'left']);
});
