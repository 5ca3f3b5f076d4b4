import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { descriptorFault } from '@starling/gossip';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseCgroupBytes, parseCpuLimit, parseDiskstats, parseLoadavg, parseMeminfo, parseNetDev, parsePressure, parseStat } from './parsers.js';
import { Rate } from './rate.js';
import { openTelemetry, type Telemetry } from './telemetry.js';

const stat = (idle: number, busy: number, waiting = 0) => `cpu  ${busy} 0 0 ${idle} ${waiting} 0 0 0 5 0\ncpu0 1 2 3 4\nintr 1\nprocs_running 3\nprocs_blocked 0\n`;
const meminfo = 'MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    4000000 kB\nSwapTotal:       2000 kB\nSwapFree:        500 kB\n';
const diskstats = (sectors: number) => `   7       0 loop0 9 0 9 0 9 0 9 0\n 254       0 vda 10 0 ${sectors} 5 20 0 ${2 * sectors} 9 0 0 0\n 254       1 vda1 10 0 ${sectors} 5 20 0 ${2 * sectors} 9 0 0 0\n`;
const netDev = (bytes: number) => `Inter-| Receive | Transmit\n face |bytes\n    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0\n  eth0: ${bytes} 5 1 0 0 0 0 0 ${2 * bytes} 5 2 0 0 0 0 0\n`;

describe('the texts of /proc', () => {
  it('are read as they are documented', () => {
    expect(parseStat(stat(70, 20, 10))).toEqual({ cpu: { total: 100, idle: 80, waiting: 10 }, running: 3 });
    expect(parseMeminfo(meminfo)).toEqual({ total: 16_384_000_000, available: 4_096_000_000, swapTotal: 2_048_000, swapFree: 512_000 });
    expect(parseLoadavg('0.52 1.58 2.59 3/512 12345\n')).toEqual({ averages: [0.52, 1.58, 2.59], tasks: 512 });
    expect(parseDiskstats(diskstats(8))).toEqual({ reads: 10, readBytes: 4_096, writes: 20, writtenBytes: 8_192 });
    expect(parseNetDev(netDev(100))).toEqual({ receivedBytes: 100, sentBytes: 200, errors: 3 });
    expect(parsePressure('some avg10=5.82 avg60=14.80 avg300=18.20 total=1\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=0\n')).toEqual({ some: 0.0582, full: 0.005 });
  });

  it('count what leads outside once, whatever lies on top of it', () => {
    const line = (name: string) => `${name}: 100 1 0 0 0 0 0 0 200 1 0 0 0 0 0 0\n`;
    const names = ['lo', 'eth0', 'enp3s0', 'veth12ab', 'docker0', 'br-77', 'bond0', 'eth0.7', 'cali9f', 'wg0', 'ifb0', 'lowpan0'];
    expect(parseNetDev(`\n\n${names.map(line).join('')}`)).toEqual({ receivedBytes: 300, sentBytes: 600, errors: 0 });
    expect(parseNetDev(`\n\n${line('lo')}`)).toBeUndefined();
  });

  it('say nothing when they are empty or something else', () => {
    for (const text of ['', 'nonsense', 'cpu  a b c d e\n', 'MemTotal: lots kB']) {
      expect(parseStat(text).cpu).toBeUndefined();
      expect(parseMeminfo(text).total).toBeUndefined();
      expect(parseDiskstats(text)).toBeUndefined();
      expect(parseNetDev(text)).toBeUndefined();
      expect(parsePressure(text)).toEqual({ some: undefined, full: undefined });
    }
  });

  it('know the many ways of having no limit', () => {
    expect(parseCgroupBytes('max\n')).toBeUndefined();
    expect(parseCgroupBytes('9223372036854771712\n')).toBeUndefined();
    expect(parseCgroupBytes('536870912\n')).toBe(536_870_912);
    expect(parseCpuLimit('max 100000\n', null)).toBeUndefined();
    expect(parseCpuLimit('50000 100000\n', null)).toBe(0.5);
    expect(parseCpuLimit('-1\n', '100000\n')).toBeUndefined();
    expect(parseCpuLimit('200000\n', '100000\n')).toBe(2);
  });
});

describe('a rate', () => {
  it('needs two counts, and says nothing after a reset or without time', () => {
    const rate = new Rate();
    expect([rate.next(10, 0), rate.next(30, 2_000), rate.next(5, 3_000), rate.next(6, 4_000), rate.next(7, 4_000), rate.next(undefined, 5_000), rate.next(9, 6_000)]).toEqual([null, 10, null, 1, null, undefined, null]);
  });
});

describe('telemetry', () => {
  let root: string;
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'starling-proc-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('measures a machine with a control group of version 2', () => {
    write('/proc/stat', stat(100, 100));
    write('/proc/meminfo', meminfo);
    write('/proc/net/dev', netDev(0));
    write('/proc/diskstats', diskstats(0));
    write('/proc/self/cgroup', '0::/kubepods/pod1\n');
    write('/sys/fs/cgroup/memory.current', '100\n');
    write('/sys/fs/cgroup/memory.max', '400\n');
    const telemetry = openTelemetry(0, root);
    write('/proc/stat', stat(130, 170));
    write('/proc/net/dev', netDev(1_000));
    const sample = telemetry.sample(2_000);
    const values = Object.fromEntries(telemetry.metrics.map(({ name }, i) => [name, sample[i]]));
    expect(sample).toHaveLength(telemetry.metrics.length);
    expect(values['system.cpu.utilization']).toBeCloseTo(0.7);
    expect(values['system.memory.utilization']).toBeCloseTo(0.75);
    expect(values['system.network.io.receive']).toBe(500);
    expect(values['container.memory.utilization']).toBe(0.25);
    // Not there on this machine, so not told of either.
    expect(Object.keys(values).some((name) => name.startsWith('system.pressure'))).toBe(false);
    write('/proc/stat', stat(10, 10));
    expect(telemetry.sample(3_000)[0]).toBeUndefined();
    telemetry.close();
  });

  const namesOf = (telemetry: Telemetry) => telemetry.metrics.map(({ name }) => name);
  const valuesOf = (telemetry: Telemetry, nowMs: number) => {
    const sample = telemetry.sample(nowMs);
    return Object.fromEntries(namesOf(telemetry).map((name, i) => [name, sample[i]]));
  };

  it('measures a container against its limits, in control groups of version 2', () => {
    write('/proc/self/cgroup', '0::/outside/pod1\n');
    write('/sys/fs/cgroup/memory.current', '300\n');
    write('/sys/fs/cgroup/memory.max', '400\n');
    write('/sys/fs/cgroup/cpu.max', '50000 100000\n');
    write('/sys/fs/cgroup/cpu.stat', 'usage_usec 1000000\nuser_usec 1\n');
    const telemetry = openTelemetry(0, root);
    write('/sys/fs/cgroup/cpu.stat', 'usage_usec 1500000\nuser_usec 1\n');
    expect(valuesOf(telemetry, 2_000)).toMatchObject({ 'container.memory.usage': 300, 'container.memory.utilization': 0.75, 'container.cpu.utilization': 0.5 });
    write('/sys/fs/cgroup/cpu.stat', 'usage_usec 0\n');
    expect(valuesOf(telemetry, 3_000)['container.cpu.utilization']).toBeUndefined();
    telemetry.close();
  });

  it('and of version 1, beside an empty version 2', () => {
    write('/proc/self/cgroup', '4:memory:/box\n2:cpuacct:/\n1:cpu:/box\n0::/\n');
    mkdirSync(join(root, '/sys/fs/cgroup/unified'), { recursive: true });
    write('/sys/fs/cgroup/memory/box/memory.usage_in_bytes', '100\n');
    write('/sys/fs/cgroup/memory/box/memory.limit_in_bytes', '200\n');
    write('/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us', '200000\n');
    write('/sys/fs/cgroup/cpu/box/cpu.cfs_period_us', '100000\n');
    write('/sys/fs/cgroup/cpuacct/cpuacct.usage', '5000000000\n');
    const telemetry = openTelemetry(0, root);
    write('/sys/fs/cgroup/cpuacct/cpuacct.usage', '6000000000\n');
    expect(valuesOf(telemetry, 1_000)).toMatchObject({ 'container.memory.utilization': 0.5, 'container.cpu.utilization': 0.5 });
    telemetry.close();
  });

  it('leaves out what has no limit, no device or no file', () => {
    write('/proc/self/cgroup', '0::/\n');
    write('/sys/fs/cgroup/memory.current', '300\n');
    write('/sys/fs/cgroup/memory.max', 'max\n');
    write('/sys/fs/cgroup/cpu.max', 'max 100000\n');
    write('/sys/fs/cgroup/cpu.stat', 'usage_usec 1000000\n');
    write('/proc/diskstats', '   7       0 loop0 9 0 9 0 9 0 9 0\n');
    write('/proc/net/dev', '\n\n    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0\n');
    const telemetry = openTelemetry(0, root);
    expect(namesOf(telemetry).filter((name) => /^(?:container|system)/.test(name))).toEqual([]);
    telemetry.close();
  });

  it('says what was there at the start and is gone as undefined, at its place', () => {
    write('/proc/stat', stat(1, 1));
    write('/proc/meminfo', meminfo);
    const telemetry = openTelemetry(0, root);
    rmSync(join(root, 'proc/stat'));
    const values = valuesOf(telemetry, 1_000);
    expect(values['system.cpu.utilization']).toBeUndefined();
    expect(values['system.memory.utilization']).toBeCloseTo(0.75);
    telemetry.close();
  });

  it('is described so that it can be gossiped', () => {
    const telemetry = openTelemetry(0);
    expect(descriptorFault({ name: 'n', version: '1', labels: {}, metrics: telemetry.metrics })).toBeNull();
    telemetry.close();
  });

  it('says what it can of the machine that this runs on', () => {
    const telemetry = openTelemetry(0);
    const names = telemetry.metrics.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('process.memory.usage');
    expect(telemetry.sample(1_000)).toHaveLength(names.length);
    telemetry.close();
  });
});
