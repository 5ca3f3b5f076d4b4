/** The texts of /proc and of control groups as numbers. A number that is not there is undefined; nothing is thrown. */

function number(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Of /proc/stat, in clock ticks since boot, over all processors (proc(5)). */
export interface CpuTicks {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

export function parseStat(text: string): { readonly cpu: CpuTicks | undefined; readonly running: number | undefined } {
  const fields = /^cpu +(.*)$/m.exec(text)?.[1]?.trim().split(/ +/).map(Number) ?? [];
  const running = number(/^procs_running (\d+)$/m.exec(text)?.[1]);
  // user nice system idle iowait irq softirq steal; guest time is part of user time.
  const [user, nice, system, idle, waiting, ...rest] = fields;
  if (user === undefined || nice === undefined || system === undefined || idle === undefined || waiting === undefined || fields.some((field) => !Number.isFinite(field))) return { cpu: undefined, running };
  const total = user + nice + system + idle + waiting + rest.slice(0, 3).reduce((sum, ticks) => sum + ticks, 0);
  return { cpu: { total, idle: idle + waiting, waiting }, running };
}

/** Of /proc/meminfo, bytes. */
export function parseMeminfo(text: string): { readonly total: number | undefined; readonly available: number | undefined; readonly swapTotal: number | undefined; readonly swapFree: number | undefined } {
  const kibibytes = (name: string) => {
    const value = number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1]);
    return value === undefined ? undefined : value * 1_024;
  };
  return { total: kibibytes('MemTotal'), available: kibibytes('MemAvailable'), swapTotal: kibibytes('SwapTotal'), swapFree: kibibytes('SwapFree') };
}

/** Of /proc/loadavg: over 1, 5 and 15 minutes, and all tasks. */
export function parseLoadavg(text: string): { readonly averages: readonly (number | undefined)[]; readonly tasks: number | undefined } {
  const [one, five, fifteen, tasks] = text.split(' ');
  return { averages: [number(one), number(five), number(fifteen)], tasks: number(tasks?.split('/')[1]) };
}

/** Whole disks only: their partitions would count everything twice, and what lies on top of them (dm, md, loop, ram) again. */
const wholeDisk = /^(?:sd[a-z]+|vd[a-z]+|xvd[a-z]+|hd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/;
const sectorBytes = 512;

export interface DiskCounts {
  readonly reads: number;
  readonly readBytes: number;
  readonly writes: number;
  readonly writtenBytes: number;
}

/** Of /proc/diskstats, since boot. Undefined when there is no disk. */
export function parseDiskstats(text: string): DiskCounts | undefined {
  let found = false;
  const sum = { reads: 0, readBytes: 0, writes: 0, writtenBytes: 0 };
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/ +/);
    if (!wholeDisk.test(fields[2] ?? '')) continue;
    const [reads, sectorsRead, writes, sectorsWritten] = [number(fields[3]), number(fields[5]), number(fields[7]), number(fields[9])];
    if (reads === undefined || sectorsRead === undefined || writes === undefined || sectorsWritten === undefined) continue;
    found = true;
    sum.reads += reads;
    sum.readBytes += sectorsRead * sectorBytes;
    sum.writes += writes;
    sum.writtenBytes += sectorsWritten * sectorBytes;
  }
  return found ? sum : undefined;
}

export interface NetworkCounts {
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly errors: number;
}

/** Loopback, and what carries the traffic of other interfaces or containers a second time: bridges, pairs, bonds, tunnels, VLANs. */
const countedElsewhere = /^(?:lo$|veth|docker|br|virbr|cni|cali|cilium|lxc|flannel|kube|bond|team|tun|tap|wg|vxlan|dummy|ifb)|\./;

/** Of /proc/net/dev: the interfaces of this network namespace that lead outside; undefined when there is none. */
export function parseNetDev(text: string): NetworkCounts | undefined {
  let found = false;
  const sum = { receivedBytes: 0, sentBytes: 0, errors: 0 };
  for (const line of text.split('\n').slice(2)) {
    const [name, rest] = line.split(':');
    const fields = rest?.trim().split(/ +/).map(Number) ?? [];
    const [received, , receiveErrors, , , , , , sent, , sendErrors] = fields;
    if (countedElsewhere.test(name?.trim() ?? '') || received === undefined || receiveErrors === undefined || sent === undefined || sendErrors === undefined || fields.some(Number.isNaN)) continue;
    found = true;
    sum.receivedBytes += received;
    sum.sentBytes += sent;
    sum.errors += receiveErrors + sendErrors;
  }
  return found ? sum : undefined;
}

/** Of /proc/pressure/*: share of the last 10 seconds in which some, or all, tasks waited; 0 to 1. */
export function parsePressure(text: string): { readonly some: number | undefined; readonly full: number | undefined } {
  const share = (kind: string) => {
    const percent = number(new RegExp(`^${kind} avg10=([\\d.]+)`, 'm').exec(text)?.[1]);
    return percent === undefined ? undefined : percent / 100;
  };
  return { some: share('some'), full: share('full') };
}

/** Of /proc/uptime, seconds. */
export function parseUptime(text: string): number | undefined {
  return number(text.split(' ')[0]);
}

/** Limits beyond this mean that there is none: version 1 writes 2^63 less a page, bytes. */
const unlimitedBytes = 2 ** 60;

/** A limit or a usage of a control group; undefined for `max` and for what stands for it. */
export function parseCgroupBytes(text: string | null): number | undefined {
  const bytes = number(text?.trim());
  return bytes === undefined || bytes >= unlimitedBytes ? undefined : bytes;
}

/** Processors that a group may use: of cpu.max (version 2, `quota period`), or of cpu.cfs_quota_us and cpu.cfs_period_us. */
export function parseCpuLimit(quota: string | null, period: string | null): number | undefined {
  const [first, second] = period === null ? (quota ?? '').trim().split(' ') : [quota?.trim(), period.trim()];
  const microseconds = number(first);
  const length = number(second);
  return microseconds === undefined || length === undefined || microseconds <= 0 || length <= 0 ? undefined : microseconds / length;
}

/** Processor time that a group has used, seconds: of cpu.stat (version 2), or of cpuacct.usage. */
export function parseCpuUsage(text: string | null): number | undefined {
  const microseconds = number(/^usage_usec (\d+)$/m.exec(text ?? '')?.[1]);
  if (microseconds !== undefined) return microseconds / 1e6;
  const nanoseconds = number(text?.trim());
  return nanoseconds === undefined ? undefined : nanoseconds / 1e9;
}

/** Paths of this process in its control groups, of /proc/self/cgroup: version 2 under the empty name. */
export function parseCgroupPaths(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, ...rest] = line.split(':');
    if (controllers === undefined || rest.length === 0) continue;
    for (const controller of controllers.split(',')) paths.set(controller, rest.join(':'));
  }
  return paths;
}
