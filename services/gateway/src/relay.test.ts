import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { gatewayLimits } from './gateway-limits.js';
import { Relay } from './relay.js';
import type { Target, Upstream } from './target.js';

/** The few things that a relay does with either socket. */
class FakeSocket {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  pings = 0;
  pinged = '';
  pongs = 0;
  paused = false;
  terminated = false;
  readonly sent: string[] = [];
  readonly #listeners = new Map<string, ((...values: unknown[]) => void)[]>();
  /** Called when what was sent has left. */
  readonly callbacks: (() => void)[] = [];

  on(event: string, listener: (...values: unknown[]) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  emit(event: string, ...values: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...values);
  }

  send(text: unknown, _options?: unknown, callback?: () => void): void {
    this.sent.push(String(text));
    if (callback !== undefined) this.callbacks.push(callback);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  ping(payload: string): void {
    this.pinged = payload;
    this.pings += 1;
  }

  pong(): void {
    this.pongs += 1;
  }

  close(): void {
    this.terminate();
  }

  terminate(): void {
    if (this.terminated) return;
    this.terminated = true;
    this.readyState = 3;
    this.emit('close', 1006);
  }
}

class FakeTarget {
  readonly opened: FakeSocket[] = [];
  upstream: Upstream = { state: 'up', since: '', detail: null };

  openStream(): WebSocket {
    const socket = new FakeSocket();
    this.opened.push(socket);
    return socket as unknown as WebSocket;
  }

  noteUp(): void {
    this.upstream = { state: 'up', since: '', detail: null };
  }

  noteAway(detail: string): void {
    this.upstream = { state: 'away', since: '', detail };
  }
}

let page: FakeSocket;
let target: FakeTarget;

const upstream = () => target.opened.at(-1) as FakeSocket;
const say = (text: string) => upstream().emit('message', Buffer.from(text), false);

beforeEach(() => {
  vi.useFakeTimers();
  page = new FakeSocket();
  target = new FakeTarget();
  new Relay({ page: page as unknown as WebSocket, target: target as unknown as Target, resume: null, random: () => 1, onLost: () => undefined });
});

afterEach(() => {
  page.terminate();
  vi.useRealTimers();
});

describe('a node that says nothing', () => {
  it('is taken for dead, unless it pings', () => {
    vi.advanceTimersByTime(gatewayLimits.upstreamSilenceMs - 5_000);
    upstream().emit('ping');
    vi.advanceTimersByTime(gatewayLimits.upstreamSilenceMs - 5_000);
    page.emit('pong');
    expect(upstream().terminated).toBe(false);
    const silent = upstream();
    vi.advanceTimersByTime(15_000);
    expect(silent.terminated).toBe(true);
    expect(JSON.parse(page.sent.at(-1) ?? '')).toMatchObject({ type: 'upstream', upstream: { state: 'away' } });
  });

  it('is tried again, ever less often, and each time the page hears of it', () => {
    const waitsMs: number[] = [];
    for (let i = 0; i < 8; i++) {
      page.emit('pong');
      upstream().terminate();
      const before = [target.opened.length, performance.now()] as const;
      while (target.opened.length === before[0]) vi.advanceTimersByTime(50);
      waitsMs.push(performance.now() - before[1]);
    }
    expect(waitsMs).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
    expect(page.sent.filter((text) => text.includes('away'))).toHaveLength(8);
  });
});

describe('a page', () => {
  it('that takes nothing holds up the node until it has drained', () => {
    page.bufferedAmount = gatewayLimits.maxBufferedBytes + 1;
    say('{}');
    expect(upstream().paused).toBe(true);
    page.bufferedAmount = gatewayLimits.drainedBytes + 1;
    page.callbacks.at(-1)?.();
    expect(upstream().paused).toBe(true);
    page.bufferedAmount = gatewayLimits.drainedBytes;
    page.callbacks.at(-1)?.();
    expect(upstream().paused).toBe(false);
  });

  it('that is held up does not make the node look dead', () => {
    page.bufferedAmount = gatewayLimits.maxBufferedBytes + 1;
    say('{}');
    for (let ms = 0; ms < 2 * gatewayLimits.upstreamSilenceMs; ms += 5_000) {
      page.emit('pong');
      vi.advanceTimersByTime(5_000);
    }
    expect(upstream().terminated).toBe(false);
  });

  it('is cut when it answers no ping', () => {
    vi.advanceTimersByTime(gatewayLimits.pingIntervalMs + 5_000);
    expect([page.pings, page.terminated]).toEqual([1, false]);
    vi.advanceTimersByTime(gatewayLimits.pingIntervalMs + 5_000);
    expect(page.terminated).toBe(true);
    expect(upstream().terminated).toBe(true);
  });

  it('that is held up does not make the node take this gateway for dead', () => {
    vi.advanceTimersByTime(10_000);
    expect(upstream().pongs).toBe(0);
    page.bufferedAmount = gatewayLimits.maxBufferedBytes + 1;
    say('{}');
    vi.advanceTimersByTime(20_000);
    expect(upstream().pongs).toBe(4);
  });

  it('on a slow line has the time that a message takes, and is cut when that is over', () => {
    const bytes = 120 * gatewayLimits.minBytesPerSecond;
    page.bufferedAmount = bytes;
    say('x'.repeat(bytes));
    vi.advanceTimersByTime(120_000);
    expect([page.terminated, page.pinged]).toEqual([false, String(bytes)]);
    page.emit('pong', Buffer.from(page.pinged));
    vi.advanceTimersByTime(2 * gatewayLimits.pingIntervalMs + 10_000);
    expect(page.terminated).toBe(true);
  });

  it('that is gone leaves nothing behind', () => {
    upstream().terminate();
    page.terminate();
    vi.advanceTimersByTime(60_000);
    expect(target.opened).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a message that is not text', () => {
  it('ends the stream of the node', () => {
    upstream().emit('message', Buffer.from([1]), true);
    expect(upstream().terminated).toBe(true);
    expect(page.sent.every((text) => text.includes('upstream'))).toBe(true);
  });
});
