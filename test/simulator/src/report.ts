/** The outcome of a run as values, as a table, and beside another. */
import type { Failure } from './checks.js';
import type { Run } from './run.js';

export interface Report {
  readonly command: string;
  readonly plan: string;
  readonly seed: number;
  readonly nodes: number;
  readonly seconds: number;
  /** Hash over the whole run: equal for equal command lines. */
  readonly trace: string;
  readonly steps: number;
  readonly figures: Readonly<Record<string, number | null>>;
  /** Bytes sent per node and second. */
  readonly bytesPerNodeSecond: Readonly<Record<string, number>>;
  readonly refusals: Readonly<Record<string, number>>;
  readonly limitsReached: Readonly<Record<string, number>>;
  /** Seconds, and the share of nodes that agree with the truth. */
  readonly agreement: readonly (readonly [number, number])[];
  readonly failures: readonly Failure[];
  /** Not part of the replay: how long it took here. */
  readonly took: { readonly wallSeconds: number; readonly cpuSeconds: number; readonly microsecondsPerDelivery: number | null; readonly residentMegabytes: number };
}

export function commandOf({ plan, seed, nodes, seconds }: { readonly plan: string; readonly seed: number; readonly nodes: number; readonly seconds: number }): string {
  return `npm run sim -- --nodes ${nodes} --plan ${plan} --seed ${seed} --seconds ${seconds}`;
}

export function figuresOf(run: Run): Record<string, number | null> {
  const { quality, health } = run;
  const nodeSeconds = quality.nodeHours * 3_600;
  const bytes = [...quality.bytesByKind.values()].reduce((sum, one) => sum + one, 0);
  const repair = ['digest', 'request', 'push repair'].reduce((sum, kind) => sum + (quality.bytesByKind.get(kind) ?? 0), 0);
  return {
    'copies per delivery': quality.deliveries === 0 ? null : (quality.deliveries + quality.repeats) / quality.deliveries,
    'samples delivered, share': quality.expected === 0 ? null : quality.delivered / quality.expected,
    'samples that reached all, share': quality.samples === 0 ? null : quality.complete / quality.samples,
    'hops, median': quality.hops.quantile(0.5),
    'hops, p99': quality.hops.quantile(0.99),
    'hops, largest': quality.hops.total === 0 ? null : quality.hops.largest,
    'hops p99 / log2 N': quality.hops.total === 0 ? null : (quality.hops.quantile(0.99) ?? 0) / Math.log2(run.options.nodes),
    'to 99 %, median, ms': quality.to99Ms.quantile(0.5),
    'to 99 %, p99, ms': quality.to99Ms.quantile(0.99),
    'to all, median, ms': quality.to100Ms.quantile(0.5),
    'to all, p99, ms': quality.to100Ms.quantile(0.99),
    'bytes per node and second': nodeSeconds === 0 ? null : bytes / nodeSeconds,
    'anti-entropy, share of bytes': bytes === 0 ? null : repair / bytes,
    'node-hours': quality.nodeHours,
    'false suspicions per node-hour': quality.nodeHours === 0 ? null : health.falseSuspicions / quality.nodeHours,
    'false deaths per node-hour': quality.nodeHours === 0 ? null : health.falseDeaths / quality.nodeHours,
    'false deaths': health.falseDeaths,
    'false death refuted after, largest, ms': health.refutedAfterMs.total === 0 ? null : health.refutedAfterMs.largest,
    'crash suspected after, median, ms': health.suspectedAfterMs.quantile(0.5),
    'crash detected after, median, ms': health.failedAfterMs.quantile(0.5),
    'crash detected after, largest, ms': health.failedAfterMs.total === 0 ? null : health.failedAfterMs.largest,
    'agreement at the end, share': run.agreement.length === 0 ? null : (run.agreement[run.agreement.length - 1] as [number, number])[1],
    ...run.figures,
  };
}

export function tableOf(report: Report): string {
  const rows: [string, string][] = Object.entries(report.figures).map(([name, value]) => [name, format(value)]);
  for (const [kind, bytes] of Object.entries(report.bytesPerNodeSecond)) rows.push([`  ${kind}, bytes per node and second`, format(bytes)]);
  for (const [reason, count] of Object.entries(report.refusals)) rows.push([`  refused: ${reason}`, format(count)]);
  for (const [limit, count] of Object.entries(report.limitsReached)) rows.push([`  limit reached: ${limit}`, format(count)]);
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const { took } = report;
  lines.push('', `${report.steps} steps, ${took.wallSeconds.toFixed(1)} s (${took.cpuSeconds.toFixed(1)} s of processor), ${took.microsecondsPerDelivery === null ? '-' : took.microsecondsPerDelivery.toFixed(2)} us per delivery, ${took.residentMegabytes} MB`);
  return lines.join('\n');
}

export function compare(before: Report, after: Report): string {
  const flat = (report: Report): Map<string, number | null> => new Map([...Object.entries(report.figures), ...Object.entries(report.bytesPerNodeSecond).map(([kind, bytes]) => [`  ${kind}, bytes per node and second`, bytes] as const), ['us per delivery', report.took.microsecondsPerDelivery]]);
  const [a, b] = [flat(before), flat(after)];
  const names = [...new Set([...a.keys(), ...b.keys()])];
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => {
    const [x, y] = [a.get(name) ?? null, b.get(name) ?? null];
    const change = x === null || y === null || x === 0 ? '' : `${y >= x ? '+' : ''}${((100 * (y - x)) / Math.abs(x)).toFixed(1)} %`;
    return `${name.padEnd(width)}  ${format(x).padStart(14)}  ${format(y).padStart(14)}  ${change}`.trimEnd();
  });
  return [`A: ${before.command}`, `B: ${after.command}`, before.trace === after.trace ? 'the same run' : 'different runs', '', ...lines].join('\n');
}

function format(value: number | null): string {
  if (value === null) return '-';
  if (Number.isInteger(value)) return String(value);
  return value < 1 ? value.toFixed(4) : value.toFixed(2);
}
