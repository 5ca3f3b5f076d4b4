/** What the control group of this process may use and has used, of version 2, version 1 or both mounted together. */
import { parseCgroupBytes, parseCgroupPaths, parseCpuLimit, parseCpuUsage } from './parsers.js';
import type { ProcText } from './proc-text.js';

export interface CgroupReading {
  readonly memoryBytes: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  readonly cpuSeconds: number | undefined;
  /** In processors. */
  readonly cpuLimit: number | undefined;
}

const mount = '/sys/fs/cgroup';

export function openCgroup(proc: ProcText): { read(): CgroupReading } {
  const paths = parseCgroupPaths(proc.read('/proc/self/cgroup') ?? '');
  const v2 = folderWith(proc, [`${mount}${clean(paths.get(''))}`, mount], 'memory.current');
  if (v2 !== null) {
    return {
      read: () => ({
        memoryBytes: parseCgroupBytes(proc.read(`${v2}/memory.current`)),
        memoryLimitBytes: parseCgroupBytes(proc.read(`${v2}/memory.max`)),
        cpuSeconds: parseCpuUsage(proc.read(`${v2}/cpu.stat`)),
        cpuLimit: parseCpuLimit(proc.read(`${v2}/cpu.max`), null),
      }),
    };
  }
  const inside = (controller: string, file: string) => folderWith(proc, [`${mount}/${controller}${clean(paths.get(controller))}`, `${mount}/${controller}`], file);
  const memory = inside('memory', 'memory.usage_in_bytes');
  const usage = inside('cpuacct', 'cpuacct.usage');
  const quota = inside('cpu', 'cpu.cfs_quota_us');
  return {
    read: () => ({
      memoryBytes: memory === null ? undefined : parseCgroupBytes(proc.read(`${memory}/memory.usage_in_bytes`)),
      memoryLimitBytes: memory === null ? undefined : parseCgroupBytes(proc.read(`${memory}/memory.limit_in_bytes`)),
      cpuSeconds: usage === null ? undefined : parseCpuUsage(proc.read(`${usage}/cpuacct.usage`)),
      cpuLimit: quota === null ? undefined : parseCpuLimit(proc.read(`${quota}/cpu.cfs_quota_us`), proc.read(`${quota}/cpu.cfs_period_us`)),
    }),
  };
}

/** Inside a container the own group is often mounted at the top, although its path names it from outside. */
function folderWith(proc: ProcText, folders: readonly string[], file: string): string | null {
  return folders.find((folder) => proc.read(`${folder}/${file}`) !== null) ?? null;
}

function clean(path: string | undefined): string {
  return path === undefined || path === '/' || path.includes('..') ? '' : path;
}
