import { describe, expect, it } from 'vitest';
import { networksOf, SourceRates, sourceOf } from './source-rates.js';
import { transportLimits } from './transport-limits.js';

describe('a source', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['2001:db8:0:7:1:2:3:4', '2001:db8:0:7::/64'],
    ['2001:db8:0:7::', '2001:db8:0:7::/64'],
    ['2001:db8::7:0:0:0:1', '2001:db8:0:7::/64'],
    ['2001:0DB8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
  ])('of %s is %s', (host, source) => {
    expect(sourceOf(host)).toBe(source);
  });
});

describe('the networks of a source', () => {
  it('begin with what one owner may have many sources in', () => {
    expect(networksOf('2001:db8:0:7ff:1:2:3:4')).toEqual(['2001:db8:0:0::/48', '2001:db8:0:700::/56', '2001:db8:0:7ff::/64']);
    expect(networksOf('192.0.2.1')).toEqual(['192.0.2.1']);
  });
});

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
