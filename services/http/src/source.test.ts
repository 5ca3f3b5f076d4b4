import { describe, expect, it } from 'vitest';
import { networksOf, sourceOf } from './source.js';

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
