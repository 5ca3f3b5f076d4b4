import { describe, expect, it } from 'vitest';
import { SourceRates } from './source-rates.js';
import { transportLimits } from './transport-limits.js';

describe('strangers', () => {
  it('are served at a rate for each source, whatever address of its own it uses', () => {
    const rates = new SourceRates(10, 1_000, 0);
    const served = (host: (i: number) => string, nowMs: number) => Array.from({ length: 30 }, (_, i) => rates.take(host(i), nowMs)).filter((taken) => taken).length;
    expect(served((i) => `2001:db8::${i.toString(16)}`, 0)).toBe(10);
    expect(served((i) => `2001:db8:0:${(i + 1).toString(16)}::1`, 0)).toBe(30);
    expect(served((i) => `192.0.2.${i}`, 0)).toBe(30);
    expect(served(() => '192.0.2.1', 0)).toBe(9);
    expect(served((i) => `2001:db8::${i.toString(16)}`, 500)).toBe(5);
  });

  it('are served at a rate in all', () => {
    const rates = new SourceRates(10, 20, 0);
    expect(Array.from({ length: 50 }, (_, i) => rates.take(`192.0.2.${i}`, 0)).filter((taken) => taken)).toHaveLength(20);
  });

  it('are forgotten in the order in which they were last heard, when they are too many', () => {
    const rates = new SourceRates(1, 1_000_000, 0);
    const host = (i: number) => `10.0.${i >> 8}.${i & 255}`;
    for (let i = 0; i < transportLimits.maxSources; i++) rates.take(host(i), 0);
    expect(rates.take(host(0), 0)).toBe(false);
    rates.take(host(transportLimits.maxSources), 0);
    expect([rates.take(host(0), 0), rates.take(host(1), 0)]).toEqual([false, true]);
  });
});
