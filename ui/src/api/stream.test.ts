import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { StreamMessage } from '@starling/contract';
import { changesOf, nodeOf, snapshotOf } from '../domain/sample-network.fixture.js';
import { openStream, type Stream } from './stream.js';

class FakeSocket {
  static readonly opened: FakeSocket[] = [];
  readonly address: URL;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  constructor(address: URL) {
    this.address = address;
    FakeSocket.opened.push(this);
  }

  close() {
    this.closed = true;
    this.onclose?.();
  }

  say(message: unknown) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const last = () => FakeSocket.opened.at(-1) as FakeSocket;
const longEnoughMs = 60_000;
let stream: Stream;
let taken: StreamMessage[];
let states: string[];
let answer: string | null;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeSocket);
  FakeSocket.opened.length = 0;
  taken = [];
  states = [];
  answer = 'a:5';
  stream = openStream('https://page.test', 'node 3', {
    message: (message) => {
      taken.push(message);
      return answer;
    },
    connection: (state) => states.push(state),
  });
});

afterEach(() => {
  stream.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('looks from the target that was asked for, and begins without a resume', () => {
  expect(last().address.href).toBe('wss://page.test/v1/stream?from=node+3');
  expect(states).toEqual(['connecting']);
});

it('goes on where a dropped connection ended', () => {
  last().say(snapshotOf([nodeOf(0)]));
  answer = 'a:6';
  last().say(changesOf({}));
  last().close();
  expect(states.at(-1)).toBe('reconnecting');
  vi.advanceTimersByTime(longEnoughMs);
  expect(FakeSocket.opened.length).toBeGreaterThan(1);
  expect(FakeSocket.opened[1]?.address.searchParams.get('resume')).toBe('a:6');
});

it('comes back for a snapshot when changes fit nothing', () => {
  last().say(snapshotOf([nodeOf(0)]));
  answer = null;
  last().say(changesOf({ session: 'b' }));
  expect(FakeSocket.opened[0]?.closed).toBe(true);
  vi.advanceTimersByTime(500);
  expect(last().address.searchParams.has('resume')).toBe(false);
});

it('keeps its place over words of the gateway', () => {
  last().say(snapshotOf([nodeOf(0)]));
  answer = null;
  last().say({ type: 'upstream', upstream: { state: 'away', since: '2026-11-24T12:00:00Z', detail: null } });
  last().say({ type: 'targets', targets: [{ name: 'node-1' }] });
  expect(taken.map(({ type }) => type)).toEqual(['snapshot', 'upstream', 'targets']);
  expect(FakeSocket.opened[0]?.closed).toBe(false);
  last().close();
  vi.advanceTimersByTime(500);
  expect(last().address.searchParams.get('resume')).toBe('a:5');
});

it('takes a silent connection for dead', () => {
  last().onopen?.();
  vi.advanceTimersByTime(40_000);
  expect(FakeSocket.opened[0]?.closed).toBe(true);
  expect(FakeSocket.opened.length).toBeGreaterThan(1);
});

it('passes over what it does not know', () => {
  last().onmessage?.({ data: 'not json' });
  last().say({ type: 'of a later version' });
  last().say(null);
  expect(taken).toEqual([]);
  expect(FakeSocket.opened[0]?.closed).toBe(false);
});

it('ends for good', () => {
  stream.close();
  vi.advanceTimersByTime(longEnoughMs);
  expect(FakeSocket.opened).toHaveLength(1);
});
