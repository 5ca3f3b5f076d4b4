import type { Engine, Event, Input, Output } from '@starling/gossip';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Transport, TransportListener } from '../transport/transport.js';
import { Driver, type DriverParts } from './driver.js';

/** An engine that answers each type of input with the outputs that the test lays down, and keeps what it was given. */
class ScriptedEngine implements Pick<Engine, 'step' | 'nextWakeup' | 'sampleIntervalMs'> {
  readonly inputs: Input[] = [];
  readonly answers = new Map<Input['type'], Output[]>();
  wakeupAtMs: number | null = null;
  step(input: Input): Output[] {
    this.inputs.push(input);
    return this.answers.get(input.type) ?? [];
  }
  nextWakeup() {
    return this.wakeupAtMs === null ? null : { atMs: this.wakeupAtMs, timer: 'detect' as const };
  }
  sampleIntervalMs() {
    return 1_000;
  }
  types() {
    return this.inputs.map((input) => input.type);
  }
}

let nowMs = 0;
const engine = { current: new ScriptedEngine() };
const sent: unknown[] = [];
let listener: TransportListener;

function transport(): Transport {
  return {
    address: '127.0.0.1:1',
    dial: (address) => (sent.push(['dial', address]), 7),
    send: (...message) => void sent.push(['send', ...message]),
    close: (...close) => void sent.push(['close', ...close]),
    statistics: () => null,
    counters: () => ({}),
    levels: () => ({ connections: 0, halfOpen: 0, receiveBufferBytes: 0 }),
    shutdown: async () => void sent.push(['shutdown']),
  };
}

function parts(over: Partial<DriverParts> = {}): DriverParts {
  return {
    engine: engine.current as unknown as Engine,
    openTransport: async (given) => ((listener = given), transport()),
    sign: () => new Uint8Array(64),
    verifySignature: async () => true,
    verifyCredential: () => ({ admitted: false, reason: 'expired' }),
    discover: async () => ['127.0.0.1:2'],
    sample: () => [1, undefined],
    persistIncarnation: async () => {},
    clock: { now: () => ({ monotonicMs: nowMs, wallMs: 0 }) },
    random: () => 0.5,
    onEvent: () => {},
    onFault: (fault) => {
      throw fault;
    },
    ...over,
  };
}

/** Lets virtual time pass, the clock of the driver with it. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10) {
    nowMs += 10;
    await vi.advanceTimersByTimeAsync(10);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  nowMs = 0;
  sent.length = 0;
  engine.current = new ScriptedEngine();
});
afterEach(() => vi.useRealTimers());

describe('the driver', () => {
  it('starts the core first, samples at the interval that the core states, and wakes it when it asks', async () => {
    engine.current.wakeupAtMs = 500;
    await new Driver(parts()).start();
    await pass(1_100);
    expect(engine.current.types()[0]).toBe('started');
    expect(engine.current.types().filter((type) => type === 'sampled')).toHaveLength(2);
    expect(engine.current.types()).toContain('wake-up');
  });

  it('carries out requests in order and hands events on', async () => {
    const events: Event[] = [];
    const bytes = new Uint8Array([1]);
    engine.current.answers.set('started', [
      { type: 'dial', address: '127.0.0.1:9' },
      { type: 'limit-reached', limit: 'maxOrigins' },
      { type: 'send', connection: 7, channel: 'datagram', bytes },
      { type: 'close', connection: 7, code: 1, reason: 'done' },
    ]);
    await new Driver(parts({ onEvent: (event) => events.push(event) })).start();
    expect(sent).toEqual([['dial', '127.0.0.1:9'], ['send', 7, 'datagram', bytes], ['close', 7, 1, 'done']]);
    expect(events).toEqual([{ type: 'limit-reached', limit: 'maxOrigins' }]);
  });

  it('never steps the core from inside a step', async () => {
    engine.current.answers.set('started', [{ type: 'verify-credential', request: 3, credential: new Uint8Array() }]);
    await new Driver(parts()).start();
    expect(engine.current.inputs.slice(0, 2)).toEqual([
      { type: 'started' },
      { type: 'credential-verified', request: 3, result: { admitted: false, reason: 'expired' } },
    ]);
  });

  it('does not sign before the incarnation is on disk', async () => {
    let kept = () => {};
    const signed: Uint8Array[] = [];
    engine.current.answers.set('started', [
      { type: 'persist-incarnation', incarnation: 9 },
      { type: 'sign', request: 1, message: new Uint8Array([5]) },
    ]);
    const driver = new Driver(
      parts({
        persistIncarnation: () => new Promise<void>((resolve) => (kept = resolve)),
        sign: (message) => (signed.push(message), new Uint8Array(64)),
      }),
    );
    await driver.start();
    await pass(50);
    expect(signed).toHaveLength(0);
    kept();
    await pass(10);
    expect(signed).toHaveLength(1);
    expect(engine.current.types()).toContain('signed');
  });

  it('reports a disk that refuses the incarnation and signs nothing', async () => {
    const faults: Error[] = [];
    engine.current.answers.set('started', [
      { type: 'persist-incarnation', incarnation: 9 },
      { type: 'sign', request: 1, message: new Uint8Array([5]) },
    ]);
    const driver = new Driver(parts({ persistIncarnation: async () => Promise.reject(new Error('disk full')), onFault: (fault) => faults.push(fault) }));
    await driver.start();
    await pass(10);
    expect(faults[0]?.message).toBe('disk full');
    expect(engine.current.types()).not.toContain('signed');
  });

  it('tells the core that the process stood still before it tells what came meanwhile', async () => {
    engine.current.wakeupAtMs = 100;
    await new Driver(parts()).start();
    nowMs = 5_000;
    listener.onSent(7, 1);
    const types = engine.current.types();
    expect(types.indexOf('stalled')).toBeGreaterThan(-1);
    expect(types.indexOf('stalled')).toBeLessThan(types.indexOf('messages-sent'));
    listener.onSent(7, 1);
    expect(engine.current.types().filter((type) => type === 'stalled')).toHaveLength(1);
  });

  it('tells the core each round trip that is measured, also one of less than a millisecond', async () => {
    const figures = { packetsSent: 1, packetsLost: 0, bytesSent: 1, bytesReceived: 1 };
    const roundTripsMs = new Map([[7, 0], [8, null], [9, 12]]);
    const statistics: Transport['statistics'] = (connection) => ({ ...figures, roundTripMs: roundTripsMs.get(connection) ?? null });
    await new Driver(parts({ openTransport: async (given) => ((listener = given), { ...transport(), statistics }) })).start();
    for (const connection of roundTripsMs.keys()) listener.onOpened({ connection, direction: 'dialled', address: '127.0.0.1:9', localFingerprint: new Uint8Array(32), peer: { fingerprint: new Uint8Array(32), uri: 'spiffe://starling/leaf/a' }, maxDatagramBytes: 1_200 });
    await pass(5_000);
    expect(engine.current.inputs.filter(({ type }) => type === 'round-trip-measured')).toEqual([
      { type: 'round-trip-measured', connection: 7, milliseconds: 0 },
      { type: 'round-trip-measured', connection: 9, milliseconds: 12 },
    ]);
  });

  it('stops after the farewell, and without it when the core does not come to an end', async () => {
    const driver = new Driver(parts());
    await driver.start();
    const stopped = driver.stop();
    await pass(2_000);
    await stopped;
    expect(engine.current.types()).toContain('leaving');
    expect(sent.at(-1)).toEqual(['shutdown']);
    const steps = engine.current.inputs.length;
    driver.feed({ type: 'trust-changed' });
    await pass(2_000);
    expect(engine.current.inputs).toHaveLength(steps);
  });
});
