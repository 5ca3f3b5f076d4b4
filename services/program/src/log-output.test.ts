import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../../test/support/eventually.js';
import { LogOutput } from './log-output.js';

/** A reader that reads only when it is told to. */
class Reader extends Writable {
  stalls = true;
  text = '';
  #written: (() => void) | null = null;

  constructor() {
    super({ highWaterMark: 100, decodeStrings: false });
  }

  override _write(chunk: string, _encoding: string, written: () => void): void {
    this.text += chunk;
    if (this.stalls) this.#written = written;
    else written();
  }

  goOn(): void {
    this.stalls = false;
    this.#written?.();
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }
}

const line = (i: number, length = 50) => `${i} ${'x'.repeat(length)}\n`;
let reader: Reader;
let output: LogOutput;

beforeEach(() => {
  reader = new Reader();
  output = new LogOutput(reader);
});

describe('the output of the log', () => {
  it('passes every line on at once while it is read', () => {
    reader.stalls = false;
    for (let i = 0; i < 100; i++) output.write(line(i));
    expect(reader.lines).toHaveLength(100);
    expect(output.dropped).toBe(0);
  });

  it('keeps what a reader that stalls has not read, in order', async () => {
    for (let i = 0; i < 1_000; i++) output.write(line(i));
    expect(reader.lines).toHaveLength(1);
    reader.goOn();
    await eventually('everything is read', () => reader.lines.length === 1_000);
    expect(reader.text).toBe(Array.from({ length: 1_000 }, (_, i) => line(i)).join(''));
    output.write('again\n');
    expect(reader.lines.at(-1)).toBe('again');
    expect(output.dropped).toBe(0);
  });

  it('holds so much and no more: the oldest give way, are counted, and the newest remain', async () => {
    const count = 5_000;
    for (let i = 0; i < count; i++) output.write(line(i, 1_000));
    expect(reader.writableLength).toBeLessThan(10_000);
    expect(output.dropped).toBeGreaterThan(count - 1_100);
    const { dropped } = output;
    reader.goOn();
    await eventually('everything that was kept is read', () => reader.lines.length === count - dropped);
    expect(reader.lines.at(-1)).toBe(line(count - 1, 1_000).trimEnd());
  });
});

describe('the end of the log', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('comes when all that waited is written', async () => {
    for (let i = 0; i < 100; i++) output.write(line(i));
    const flushed = output.flush();
    reader.goOn();
    await flushed;
    expect(reader.lines).toHaveLength(100);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not wait for ever for a reader that stalls', async () => {
    output.write(line(0));
    const flushed = output.flush();
    await vi.advanceTimersByTimeAsync(1_000);
    await flushed;
  });
});
