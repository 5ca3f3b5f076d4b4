/** Runs a plan from its three numbers to a report. */
import { commandOf, figuresOf, type Report } from './report.js';
import { Run, type RunOptions } from './run.js';

export function simulate(options: RunOptions): Report {
  const startedAt = process.hrtime.bigint();
  const cpuBefore = process.cpuUsage();
  const run = new Run(options);
  options.plan.course(run);
  const wallSeconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
  const cpu = process.cpuUsage(cpuBefore);
  const { quality } = run;
  const nodeSeconds = quality.nodeHours * 3_600;
  const identity = { plan: options.plan.name, seed: options.seed, nodes: options.nodes, seconds: options.seconds };
  return {
    command: commandOf(identity),
    ...identity,
    trace: run.world.trace.hash,
    steps: run.world.steps,
    figures: figuresOf(run),
    bytesPerNodeSecond: Object.fromEntries([...quality.bytesByKind].sort().map(([kind, bytes]) => [kind, bytes / nodeSeconds])),
    refusals: Object.fromEntries([...quality.refusals].sort()),
    limitsReached: Object.fromEntries([...quality.limitsReached].sort()),
    agreement: run.agreement,
    failures: run.checks.failures,
    took: {
      wallSeconds,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      microsecondsPerDelivery: quality.merges === 0 ? null : (wallSeconds * 1e6) / quality.merges,
      residentMegabytes: Math.round(process.memoryUsage.rss() / 1e6),
    },
  };
}
