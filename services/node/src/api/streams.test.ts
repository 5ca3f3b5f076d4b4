import type { WebSocket } from '@fastify/websocket';
import type { ChangesMessage, SnapshotMessage } from '@starling/contract';
import type { NodeId } from '@starling/gossip';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NetworkView } from '../history/network-view.js';
import { apiLimits } from './api-limits.js';
import { Streams } from './streams.js';

/** The few things that a stream does with a socket; what it sent is kept. */
class FakeSocket {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  readonly sent: (SnapshotMessage | ChangesMessage)[] = [];
  readonly texts: string[] = [];
  pings = 0;
  terminated = false;
  closedWith: [number, string] | null = null;
  pinged = '';
  readonly #listeners = new Map<string, ((value?: unknown) => void)[]>();

  on(event: string, listener: (value?: unknown) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  once(event: string, listener: () => void): void {
    this.on(event, listener);
  }

  emit(event: string, value?: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value);
  }

  send(text: string): void {
    this.texts.push(text);
    this.sent.push(JSON.parse(text) as SnapshotMessage | ChangesMessage);
  }

  ping(payload: string): void {
    this.pinged = payload;
    this.pings += 1;
  }

  close(code: number, reason: string): void {
    this.closedWith = [code, reason];
  }

  terminate(): void {
    this.terminated = true;
    this.emit('close');
  }
}

const self: NodeId = 'aa'.repeat(32);
const nodeId = (i: number): NodeId => i.toString(16).padStart(64, '0');
const now = () => ({ monotonicMs: performance.now(), wallMs: Date.now() });

let view: NetworkView;
let streams: Streams;

const join = (...ids: NodeId[]) => ids.forEach((origin) => view.onEvent({ type: 'member-changed', origin, state: 'alive', previous: null, incarnation: 1 }, now()));
const suspect = (origin: NodeId) => view.onEvent({ type: 'member-changed', origin, state: 'suspect', previous: 'alive', incarnation: 1 }, now());
const connect = (resume: { session: string; sequence: number } | null = null): FakeSocket => {
  const socket = new FakeSocket();
  streams.accept(socket as unknown as WebSocket, resume);
  return socket;
};
const frame = () => vi.advanceTimersByTime(apiLimits.frameIntervalMs);
const last = (socket: FakeSocket) => socket.sent.at(-1) as ChangesMessage;

beforeEach(() => {
  vi.useFakeTimers();
  view = new NetworkView({ self, name: 'here', clock: { now }, sampleIntervalMs: () => 1_000, connectionFigures: () => null });
  streams = new Streams(view, { cluster: 'starling' }, { now });
});

afterEach(async () => {
  const closed = streams.close();
  vi.advanceTimersByTime(apiLimits.closeDeadlineMs);
  await closed;
  vi.useRealTimers();
});

describe('a stream', () => {
  it('begins with a snapshot and goes on with what changed, told once', () => {
    join(nodeId(1), nodeId(2));
    const socket = connect();
    expect(socket.sent[0]).toMatchObject({ type: 'snapshot', session: streams.session, sequence: 1, cluster: 'starling', sampleIntervalSeconds: 1, counts: { alive: 2 } });
    expect(socket.sent[0]?.nodes.map((node) => node.id)).toEqual([nodeId(1), nodeId(2)]);
    expect(socket.sent[0]?.events).toHaveLength(2);
    frame();
    const before = socket.sent.length;
    suspect(nodeId(2));
    suspect(nodeId(2));
    frame();
    expect(socket.sent).toHaveLength(before + 1);
    expect(last(socket)).toMatchObject({ type: 'changes', counts: { alive: 1, suspect: 1 }, nodes: [{ id: nodeId(2), state: 'suspect' }], details: {}, forgotten: [], refused: null });
    expect(last(socket).events).toHaveLength(2);
  });

  it('sends at most one message in a frame, however much happens', () => {
    const socket = connect();
    for (let i = 0; i < 1_000; i++) {
      join(nodeId(i));
      vi.advanceTimersByTime(1);
    }
    expect(socket.sent.length).toBeLessThanOrEqual(1 + Math.ceil(1_000 / apiLimits.frameIntervalMs) + 1);
    frame();
    expect(new Set(socket.sent.flatMap((message) => message.nodes.map((node) => node.id))).size).toBe(1_000);
  });

  it('builds a message once for all that need the same', () => {
    const sockets = Array.from({ length: 5 }, () => connect());
    const spy = vi.spyOn(view, 'node');
    suspect(nodeId(1));
    frame();
    expect(new Set(sockets.map((socket) => socket.texts.at(-1))).size).toBe(1);
    expect(spy).toHaveBeenCalledTimes(1);
  });

  it('tells the figures of the peers now and then, without anything else happening', () => {
    const socket = connect();
    vi.advanceTimersByTime(3 * apiLimits.peerFiguresIntervalMs);
    const told = socket.sent.filter((message) => message.type === 'changes' && message.peers !== null);
    expect(told.length).toBeGreaterThanOrEqual(2);
    expect(told.length).toBeLessThanOrEqual(4);
  });
});

describe('a client that does not keep up', () => {
  it('is left alone, and then gets the newest of each node in one message', () => {
    join(nodeId(1), nodeId(2));
    const [slow, quick] = [connect(), connect()];
    frame();
    const before = slow.sent.length;
    slow.bufferedAmount = apiLimits.maxBufferedBytes + 1;
    for (let i = 0; i < 8; i++) {
      suspect(nodeId(1));
      frame();
    }
    expect(slow.sent).toHaveLength(before);
    expect(quick.sent.length).toBeGreaterThanOrEqual(before + 8);
    slow.bufferedAmount = 0;
    frame();
    expect(slow.sent).toHaveLength(before + 1);
    expect(last(slow)).toMatchObject({ type: 'changes', sequence: last(quick).sequence, nodes: [{ id: nodeId(1), state: 'suspect' }] });
    expect(last(slow).events).toHaveLength(8);
  });

  it('gets a snapshot once the changes are gone', () => {
    const slow = connect();
    slow.bufferedAmount = apiLimits.maxBufferedBytes + 1;
    for (let i = 0; i < apiLimits.maxFrames + 2; i++) {
      slow.emit('pong');
      join(nodeId(i));
      frame();
    }
    expect(slow.sent).toHaveLength(1);
    slow.bufferedAmount = 0;
    frame();
    expect(last(slow).type).toBe('snapshot');
  });

  it('is cut when nothing of it moves any more, and not as long as it answers', () => {
    const [silent, living] = [connect(), connect()];
    silent.bufferedAmount = 1_000;
    for (let ms = 0; ms < 2 * apiLimits.maxSilenceMs; ms += apiLimits.pingIntervalMs) {
      vi.advanceTimersByTime(apiLimits.pingIntervalMs);
      living.emit('pong');
    }
    expect([silent.terminated, living.terminated]).toEqual([true, false]);
    expect(living.pings).toBeGreaterThan(2);
    expect(streams.size).toBe(1);
  });
});

describe('a client on a slow line', () => {
  /** Of the snapshot, more than half a minute at the least rate. */
  const longMs = 3 * apiLimits.maxSilenceMs;
  const manyNodes = () => join(...Array.from({ length: 12_000 }, (_, i) => nodeId(i)));

  it('has the time that its snapshot takes, though nothing of it is seen to move', () => {
    manyNodes();
    const slow = connect();
    slow.bufferedAmount = (slow.texts[0] ?? '').length;
    expect((slow.bufferedAmount / apiLimits.minBytesPerSecond) * 1_000).toBeGreaterThan(longMs);
    vi.advanceTimersByTime(longMs);
    expect(slow.terminated).toBe(false);
    expect(Number(slow.pinged)).toBe(slow.bufferedAmount);
    slow.emit('pong', Buffer.from(slow.pinged));
    vi.advanceTimersByTime(apiLimits.maxSilenceMs + apiLimits.pingIntervalMs);
    expect(slow.terminated).toBe(true);
  });

  it('is not waited for without end, nor because it claims what it was never sent', () => {
    manyNodes();
    const [dead, liar] = [connect(), connect()];
    for (const socket of [dead, liar]) socket.bufferedAmount = (socket.texts[0] ?? '').length;
    const sent = dead.bufferedAmount;
    for (const claim of ['1e9', '-5', '99999999999', 'x']) liar.emit('pong', Buffer.from(claim));
    vi.advanceTimersByTime(apiLimits.maxSilenceMs + (sent / apiLimits.minBytesPerSecond) * 1_000 + apiLimits.pingIntervalMs);
    expect([dead.terminated, liar.terminated]).toEqual([true, true]);
  });
});

describe('a client that comes back', () => {
  it('goes on where it ended', () => {
    join(nodeId(1), nodeId(2));
    const first = connect();
    const { session, sequence } = first.sent[0] as SnapshotMessage;
    first.emit('close');
    suspect(nodeId(2));
    frame();
    const again = connect({ session, sequence });
    expect(again.sent[0]).toMatchObject({ type: 'changes', session, nodes: [{ id: nodeId(2) }] });
  });

  it.each([
    ['another session', () => ({ session: '0'.repeat(16), sequence: 1 })],
    ['a frame that never was', () => ({ session: streams.session, sequence: 99 })],
  ])('gets a snapshot for %s', (_what, resume) => {
    join(nodeId(1));
    frame();
    expect(connect(resume()).sent[0]?.type).toBe('snapshot');
  });
});

describe('the end', () => {
  it('of a stream on which the client speaks says why', () => {
    const socket = connect();
    socket.emit('message');
    expect(socket.closedWith).toEqual([1008, 'this stream takes no messages']);
  });

  it('of all streams waits for nobody', async () => {
    const socket = connect();
    const closed = streams.close();
    expect(socket.closedWith?.[0]).toBe(1001);
    vi.advanceTimersByTime(apiLimits.closeDeadlineMs);
    await closed;
    expect(socket.terminated).toBe(true);
  });

  it('makes room: so many and no more', () => {
    const sockets = Array.from({ length: apiLimits.maxStreams }, () => connect());
    expect(streams.isFull).toBe(true);
    sockets[0]?.emit('close');
    expect(streams.isFull).toBe(false);
  });
});
