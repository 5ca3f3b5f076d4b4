/** `npm run sim`: reads the command line, runs, and prints. See `--help`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Command, parseCommand, usage } from './command-line.js';
import { nightly } from './nightly.js';
import { plans } from './plans/index.js';
import { compare, type Report, tableOf } from './report.js';
import { simulate } from './simulate.js';

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Null for a file that is no report; says why. */
function readReport(path: string): Report | null {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8')) as Partial<Report>;
    if (typeof report.command === 'string' && report.figures !== undefined) return report as Report;
    process.stderr.write(`${path} is no report of a run: write one with --json\n`);
  } catch (error) {
    process.stderr.write(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}\n`);
  }
  return null;
}

/** A large network takes an hour for a minute. */
function showProgress(nowMs: number): void {
  process.stderr.write(`\r${Math.round(nowMs / 1_000)} s \r`);
}

function comparison(before: string, after: string): number {
  const reports = [readReport(before), readReport(after)];
  const [a, b] = reports;
  if (!a || !b) return 2;
  print(compare(a, b));
  return 0;
}

function obey(command: Command): number {
  switch (command.type) {
    case 'help':
      print(usage);
      return 0;
    case 'list':
      for (const plan of plans) print(`${plan.name.padEnd(18)} ${plan.about} (${plan.nodes} nodes, ${plan.seconds} s)`);
      return 0;
    case 'mistake':
      process.stderr.write(`${command.what}\n${usage}\n`);
      return 2;
    case 'compare':
      return comparison(command.before, command.after);
    case 'nightly':
      return nightly(print);
    case 'run': {
      const report = simulate({ ...command, ...(process.stderr.isTTY ? { onRound: showProgress } : {}) });
      print(tableOf(report));
      if (command.json !== undefined) writeFileSync(command.json, `${JSON.stringify(report, null, 2)}\n`);
      return conclude(report);
    }
  }
}

function conclude(report: Report): number {
  for (const { atMs, what } of report.failures) print(`FAILED at ${(atMs / 1_000).toFixed(3)} s: ${what}`);
  if (report.failures.length > 0) print(`To see it again: ${report.command}`);
  print(`${report.failures.length === 0 ? 'passed' : 'failed'}: ${report.plan}, ${report.nodes} nodes, seed ${report.seed}, ${report.seconds} s; trace ${report.trace}`);
  return report.failures.length === 0 ? 0 : 1;
}

process.exitCode = obey(parseCommand(process.argv.slice(2)));
