/** What is measured, in groups that are read together. Names and units follow OpenTelemetry's semantic conventions. */
import { readdirSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { MetricDefinition } from '@starling/gossip';
import { openCgroup } from './cgroup.js';
import { type CpuTicks, parseDiskstats, parseLoadavg, parseMeminfo, parseNetDev, parsePressure, parseStat, parseUptime } from './parsers.js';
import type { ProcText } from './proc-text.js';
import { Rate } from './rate.js';

/** Undefined for what cannot be read; null for what can, but has no value at the moment (the first of a rate). */
export type Reading = number | null | undefined;

export interface Source {
  readonly metrics: readonly MetricDefinition[];
  /** One value per metric, in order. */
  read(nowMs: number): readonly Reading[];
  close?(): void;
}

/** Exponents: what a value is rounded to. */
const fraction = -4;
const hundredth = -2;
const microsecond = -6;
const whole = 0;
/** How often the event loop is probed, milliseconds. */
const loopResolutionMs = 20;

export function gauge(name: string, unit: string, exponent: number): MetricDefinition {
  return { name, unit, type: 'gauge', exponent };
}

export function cpuSource(proc: ProcText): Source {
  let before: CpuTicks | undefined;
  return {
    metrics: [gauge('system.cpu.utilization', '1', fraction), gauge('system.cpu.iowait', '1', fraction), gauge('system.processes.running', '{process}', whole)],
    read() {
      const { cpu, running } = parseStat(proc.read('/proc/stat') ?? '');
      const last = before;
      before = cpu;
      const ticks = cpu === undefined || last === undefined ? 0 : cpu.total - last.total;
      // Counters that went back, as they do when a machine is restored, say nothing.
      if (cpu === undefined) return [undefined, undefined, running];
      if (last === undefined || ticks <= 0 || cpu.idle < last.idle || cpu.waiting < last.waiting) return [null, null, running];
      return [Math.max(0, 1 - (cpu.idle - last.idle) / ticks), Math.min(1, (cpu.waiting - last.waiting) / ticks), running];
    },
  };
}

export function memorySource(proc: ProcText): Source {
  return {
    metrics: [
      gauge('system.memory.usage', 'By', whole),
      gauge('system.memory.limit', 'By', whole),
      gauge('system.memory.utilization', '1', fraction),
      gauge('system.paging.usage', 'By', whole),
    ],
    read() {
      const { total, available, swapTotal, swapFree } = parseMeminfo(proc.read('/proc/meminfo') ?? '');
      const used = total === undefined || available === undefined ? undefined : total - available;
      return [used, total, used === undefined || !total ? undefined : used / total, swapTotal === undefined || swapFree === undefined ? undefined : swapTotal - swapFree];
    },
  };
}

export function loadSource(proc: ProcText): Source {
  return {
    metrics: [
      gauge('system.cpu.load_average.1m', '1', hundredth),
      gauge('system.cpu.load_average.5m', '1', hundredth),
      gauge('system.cpu.load_average.15m', '1', hundredth),
      gauge('system.processes.count', '{process}', whole),
      gauge('system.uptime', 's', whole),
    ],
    read() {
      const { averages, tasks } = parseLoadavg(proc.read('/proc/loadavg') ?? '');
      return [...averages, tasks, parseUptime(proc.read('/proc/uptime') ?? '')];
    },
  };
}

export function diskSource(proc: ProcText): Source {
  const [reads, readBytes, writes, writtenBytes] = [new Rate(), new Rate(), new Rate(), new Rate()];
  return {
    metrics: [
      gauge('system.disk.io.read', 'By/s', whole),
      gauge('system.disk.io.write', 'By/s', whole),
      gauge('system.disk.operations.read', '{operation}/s', hundredth),
      gauge('system.disk.operations.write', '{operation}/s', hundredth),
    ],
    read(nowMs) {
      const counts = parseDiskstats(proc.read('/proc/diskstats') ?? '');
      return [readBytes.next(counts?.readBytes, nowMs), writtenBytes.next(counts?.writtenBytes, nowMs), reads.next(counts?.reads, nowMs), writes.next(counts?.writes, nowMs)];
    },
  };
}

export function networkSource(proc: ProcText): Source {
  const [received, sent, errors] = [new Rate(), new Rate(), new Rate()];
  return {
    metrics: [gauge('system.network.io.receive', 'By/s', whole), gauge('system.network.io.transmit', 'By/s', whole), gauge('system.network.errors', '{error}/s', hundredth)],
    read(nowMs) {
      const counts = parseNetDev(proc.read('/proc/net/dev') ?? '');
      return [received.next(counts?.receivedBytes, nowMs), sent.next(counts?.sentBytes, nowMs), errors.next(counts?.errors, nowMs)];
    },
  };
}

export function pressureSource(proc: ProcText): Source {
  return {
    metrics: ['cpu.some', 'memory.some', 'memory.full', 'io.some', 'io.full'].map((name) => gauge(`system.pressure.${name}`, '1', fraction)),
    read() {
      const [cpu, memory, io] = ['cpu', 'memory', 'io'].map((resource) => parsePressure(proc.read(`/proc/pressure/${resource}`) ?? ''));
      return [cpu?.some, memory?.some, memory?.full, io?.some, io?.full];
    },
  };
}

export function cgroupSource(proc: ProcText): Source {
  const group = openCgroup(proc);
  const used = new Rate();
  return {
    metrics: [gauge('container.memory.usage', 'By', whole), gauge('container.memory.utilization', '1', fraction), gauge('container.cpu.utilization', '1', fraction)],
    read(nowMs) {
      const { memoryBytes, memoryLimitBytes, cpuSeconds, cpuLimit } = group.read();
      const cpus = used.next(cpuSeconds, nowMs);
      // Without limits a container is only a name for the whole machine.
      return [
        memoryLimitBytes === undefined ? undefined : memoryBytes,
        memoryLimitBytes === undefined || memoryBytes === undefined ? undefined : memoryBytes / memoryLimitBytes,
        cpuLimit === undefined ? undefined : shareOf(cpus, cpuLimit),
      ];
    },
  };
}

function shareOf(used: Reading, limit: number): Reading {
  return used === undefined || used === null ? used : used / limit;
}

/** This process: its share of one processor, its memory, its files, and how late its event loop is. */
export function processSource(): Source {
  const cpu = new Rate();
  const delay: IntervalHistogram = monitorEventLoopDelay({ resolution: loopResolutionMs });
  delay.enable();
  let loop = performance.eventLoopUtilization();
  return {
    metrics: [
      gauge('process.cpu.utilization', '1', fraction),
      gauge('process.memory.usage', 'By', whole),
      gauge('process.open_file_descriptor.count', '{file_descriptor}', whole),
      gauge('process.uptime', 's', whole),
      gauge('nodejs.eventloop.delay.p99', 's', microsecond),
      gauge('nodejs.eventloop.utilization', '1', fraction),
    ],
    read(nowMs) {
      const { user, system } = process.cpuUsage();
      const before = loop;
      loop = performance.eventLoopUtilization();
      // The histogram holds the distance of its own ticks: what is above their resolution is delay.
      const p99 = delay.count > 0 ? Math.max(0, delay.percentile(99) / 1e9 - loopResolutionMs / 1_000) : null;
      delay.reset();
      return [cpu.next((user + system) / 1e6, nowMs), process.memoryUsage.rss(), openFiles(), process.uptime(), p99, performance.eventLoopUtilization(loop, before).utilization];
    },
    close: () => void delay.disable(),
  };
}

function openFiles(): Reading {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
