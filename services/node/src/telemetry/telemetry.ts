/** Measures this machine and this process. What it cannot read here it leaves out; what it cannot read later is undefined. */
import type { MetricDefinition } from '@starling/gossip';
import { ProcText } from './proc-text.js';
import { cgroupSource, cpuSource, diskSource, loadSource, memorySource, networkSource, pressureSource, processSource, type Source } from './sources.js';

export interface Telemetry {
  /** In the order of the values of a sample. */
  readonly metrics: readonly MetricDefinition[];
  /** `nowMs` on a clock that never goes back. A rate is over the time since the sample before, the first since the start. */
  sample(nowMs: number): readonly (number | undefined)[];
  close(): void;
}

/** `root` is put before every path of /proc and /sys; tests have their own. */
export function openTelemetry(nowMs: number, root = ''): Telemetry {
  const proc = new ProcText(root);
  const sources: readonly Source[] = [cpuSource(proc), memorySource(proc), loadSource(proc), diskSource(proc), networkSource(proc), pressureSource(proc), cgroupSource(proc), processSource()];
  // Also the beginning of the rates.
  const kept = sources.map((source) => source.read(nowMs).map((reading) => reading !== undefined));
  const choose = <T>(values: readonly (readonly T[])[]): T[] => values.flatMap((group, index) => group.filter((_, i) => kept[index]?.[i] === true));
  return {
    metrics: choose(sources.map(({ metrics }) => metrics)),
    sample: (atMs) => choose(sources.map((source) => source.read(atMs))).map((reading) => reading ?? undefined),
    close: () => {
      for (const source of sources) source.close?.();
    },
  };
}
