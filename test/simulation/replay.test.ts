import { expect, it } from 'vitest';
import { encodeMessage } from '../../services/gossip/src/wire/codec.js';
import { simulate } from '../simulator/src/simulate.js';
import { Trace } from '../simulator/src/trace.js';
import { sampleOf, toyKey } from '../support/core-rig.js';
import { planOf } from './plan-of.js';

/** All that a run yields, but for how long it took here. */
function outcome(seed: number) {
  const { took: _took, ...report } = simulate({ plan: planOf('swarm'), nodes: 16, seconds: 30, seed });
  return report;
}

function hashOf(...messages: readonly Uint8Array[]): string {
  const trace = new Trace();
  for (const bytes of messages) trace.noteBytes(0, 0, bytes);
  return trace.hash;
}

it('runs twice the same, down to the trace', () => {
  expect(outcome(3)).toEqual(outcome(3));
});

it('runs differently from another seed', () => {
  expect(outcome(3).trace).not.toBe(outcome(4).trace);
});

it('traces what a push brings, not only its shape', () => {
  const push = (sequence: number) => encodeMessage({ type: 'push', path: 'eager', passages: [{ hops: 1, ageMs: 0, bytes: sampleOf(toyKey(1, 1), sequence) }] });
  expect(push(3)).toHaveLength(push(2).length);
  expect(hashOf(push(3))).not.toBe(hashOf(push(2)));
});

it('traces every bit of a message, and the order of messages', () => {
  // Of every remainder by four.
  for (const length of [64, 65, 66, 67]) {
    const message = new Uint8Array(length);
    const others = Array.from({ length: length * 8 }, (_, i) => message.map((byte, at) => (at === i >> 3 ? byte ^ (1 << (i & 7)) : byte)));
    const all = [message, new Uint8Array(length - 1), new Uint8Array(length + 1), ...others];
    expect(new Set(all.map((one) => hashOf(one))).size).toBe(all.length);
    expect(hashOf(message, others[0] as Uint8Array)).not.toBe(hashOf(others[0] as Uint8Array, message));
  }
});
