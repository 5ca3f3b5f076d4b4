import { describe, expect, it } from 'vitest';
import { whoGivesWay } from './give-way.js';
import { networksOf } from './source.js';

const from = (...hosts: string[]) => hosts.map((host, age) => ({ name: `${host} #${age}`, networks: networksOf(host) }));
const leaves = (...hosts: string[]) => whoGivesWay(from(...hosts))?.name;

describe('who gives way', () => {
  it('is the oldest of the source that has most', () => {
    expect(leaves('192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.2', '192.0.2.3', '192.0.2.3')).toBe('192.0.2.3 #2');
  });

  it('is the oldest of all where none has more than another', () => {
    expect(leaves('192.0.2.1', '2001:db8::1', '192.0.2.3')).toBe('192.0.2.1 #0');
    expect(whoGivesWay([])).toBeUndefined();
  });

  it('is of the site that uses many of its networks, not of one that uses a single one', () => {
    const crowd = Array.from({ length: 63 }, (_, i) => `2001:db8:7:${(0x100 + i).toString(16)}::1`);
    expect(leaves('192.0.2.1', '2001:db8:8::1', ...crowd)).toBe('2001:db8:7:100::1 #2');
  });

  it('is not its neighbour, who shares the widest network with it', () => {
    expect(leaves('2001:db8:7:200::1', '2001:db8:7:100::1', '2001:db8:7:101::1')).toBe('2001:db8:7:100::1 #1');
    expect(leaves('2001:db8:7:100::1', '2001:db8:7:101::1', '2001:db8:7:101::2')).toBe('2001:db8:7:101::1 #1');
  });
});
