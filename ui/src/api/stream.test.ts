import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Node, StreamMessage, TimelineEvent } from '@starling/contract';
import { maxNodes } from '../domain/network-view.js';
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
const event: TimelineEvent = { type: 'joined', node: null, name: null, time: '2026-11-24T12:00:00Z', text: 'node-0 joined' };
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

it('waits longer for a snapshot after each time that it did not come: the line may be slow', () => {
  const openFor = (milliseconds: number) => {
    const socket = last();
    socket.onopen?.();
    vi.advanceTimersByTime(milliseconds);
    const isOpen = last() === socket;
    vi.advanceTimersByTime(longEnoughMs);
    return isOpen;
  };
  expect(openFor(31_000)).toBe(false);
  expect(openFor(59_000)).toBe(true);
});

it('passes over what a later version may send', () => {
  last().say({ type: 'of a later version' });
  last().say(snapshotOf([{ ...nodeOf(0), mood: 'calm' } as Node], { events: [{ type: 'of a later version' } as never, event] }));
  expect(taken).toEqual([snapshotOf([{ ...nodeOf(0), mood: 'calm' } as Node], { events: [event] })]);
  expect(FakeSocket.opened[0]?.closed).toBe(false);
});

it.each([
  ['no text', new ArrayBuffer(4)],
  ['no JSON', '{"type":"changes"'],
  ['no message', 'null'],
  ['a message without what it needs', '{"type":"snapshot"}'],
  ['a node without a name', JSON.stringify(changesOf({ nodes: [{ ...nodeOf(0), name: undefined } as never] }))],
  ['a number that is none', JSON.stringify(changesOf({ recordsMerged: 1 })).replace('"recordsMerged":1', '"recordsMerged":1e999')],
  ['more nodes than there can be', JSON.stringify(snapshotOf(Array.from({ length: maxNodes + 1 }, () => nodeOf(0))))],
])('begins anew after %s, says why, and hears nothing more of that connection', (_what, data) => {
  last().say(snapshotOf([nodeOf(0)]));
  const first = last();
  first.onmessage?.({ data });
  expect(first.closed).toBe(true);
  expect(states.at(-1)).toBe('misunderstood');
  first.say(changesOf({}));
  expect(taken).toHaveLength(1);
  vi.advanceTimersByTime(500);
  expect(last()).not.toBe(first);
  expect(last().address.searchParams.has('resume')).toBe(false);
});

it('waits longer and longer for a node of which only the snapshot can be read', () => {
  for (let i = 0; i < 8; i++) {
    last().say(snapshotOf([nodeOf(0)]));
    last().onmessage?.({ data: 'nonsense' });
    vi.advanceTimersByTime(10_000);
  }
  const opened = FakeSocket.opened.length;
  last().say(snapshotOf([nodeOf(0)]));
  last().onmessage?.({ data: 'nonsense' });
  vi.advanceTimersByTime(4_900);
  expect(FakeSocket.opened).toHaveLength(opened);
  vi.advanceTimersByTime(5_100);
  expect(FakeSocket.opened).toHaveLength(opened + 1);
  last().say(snapshotOf([nodeOf(0)]));
  last().say(changesOf({}));
  last().close();
  vi.advanceTimersByTime(500);
  expect(FakeSocket.opened).toHaveLength(opened + 2);
});

it('ends for good', () => {
  stream.close();
  vi.advanceTimersByTime(longEnoughMs);
  expect(FakeSocket.opened).toHaveLength(1);
});
