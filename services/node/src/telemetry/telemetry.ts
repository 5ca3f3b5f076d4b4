/** Measures this machine and this process. What it cannot read here it leaves out; what it cannot read later is undefined. */
import type { MetricDefinition } from '@starling/gossip';
import { ProcText } from './proc-text.js';
import { cgroupSource, cpuSource, diskSource, loadSource, memorySource, networkSource, pressureSource, processSource, type Reading, type Source } from './sources.js';

export interface Telemetry {
  /** In the order of the values of a sample. */
  readonly metrics: readonly MetricDefinition[];
  /** `nowMs` on a clock that never goes back. The first sample after the start has no rates. */
  sample(nowMs: number): readonly Reading[];
  close(): void;
}

/** `root` is put before every path of /proc and /sys; tests have their own. */
export function openTelemetry(nowMs: number, root = ''): Telemetry {
  const proc = new ProcText(root);
  const sources: readonly Source[] = [cpuSource(proc), memorySource(proc), loadSource(proc), diskSource(proc), networkSource(proc), pressureSource(proc), cgroupSource(proc), processSource()];
  // Read once for the rates to begin; a rate has no value yet, so its file decides whether it stays.
  const first = sources.map((source) => source.read(nowMs));
  const isThere = (source: Source, index: number, i: number) => first[index]?.[i] !== undefined || isRate(source.metrics[i] as MetricDefinition, proc);
  const kept = sources.map((source, index) => source.metrics.map((_, i) => isThere(source, index, i)));
  const choose = <T>(values: readonly (readonly T[])[]): T[] => values.flatMap((group, index) => group.filter((_, i) => kept[index]?.[i] === true));
  return {
    metrics: choose(sources.map(({ metrics }) => metrics)),
    sample: (atMs) => choose(sources.map((source) => source.read(atMs))),
    close: () => {
      for (const source of sources) source.close?.();
    },
  };
}

/** Where the count behind a rate comes from. */
const rateFiles: readonly (readonly [RegExp, string])[] = [
  [/^system\.cpu\.(?:utilization|iowait)$/, '/proc/stat'],
  [/^system\.disk\./, '/proc/diskstats'],
  [/^system\.network\./, '/proc/net/dev'],
];

function isRate({ name }: MetricDefinition, proc: ProcText): boolean {
  if (name === 'process.cpu.utilization' || name.startsWith('nodejs.')) return true;
  const file = rateFiles.find(([pattern]) => pattern.test(name))?.[1];
  return file !== undefined && proc.read(file) !== null;
}
